"""Parquet and Arrow files as rows, a batch at a time; what is damaged says after which row. Needs pyarrow."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from komainu.errors import UsageError

BATCH = 1024
BUFFER = 1 << 20  # bytes of a column read at once; a whole row group may be as large as the file
MAGIC = b"ARROW1"  # begins an IPC file; a stream has no such mark


class Table:
    """An open file: its columns, and its rows one after the other."""

    def __init__(self, path: Path, raw: Any) -> None:
        self.path, self.part = path, ""
        self.parquet = path.name.lower().endswith(".parquet")
        self.file: Any = None
        if self.parquet:
            self.file = pq.ParquetFile(raw, buffer_size=BUFFER, pre_buffer=False, page_checksum_verification=True)
        elif raw.read(len(MAGIC)) == MAGIC:
            self.file = pa.ipc.open_file(raw)
        else:
            raw.seek(0)
            self.file = pa.ipc.open_stream(raw)
        self.schema = self.file.schema_arrow if self.parquet else self.file.schema
        self.floats = any(map(floating, self.schema.types))
        if double := twice(self.schema):
            raise UsageError(f"{path}: two columns are called {double!r}; rename one")

    def batches(self) -> Iterator[Any]:
        """The batches; while one is read, `part` says which."""
        if self.parquet:
            for group in range(self.file.num_row_groups):
                self.part = f"row group {group}"
                yield from self.file.iter_batches(batch_size=BATCH, row_groups=[group])
        elif isinstance(self.file, pa.RecordBatchFileReader):
            for number in range(self.file.num_record_batches):
                self.part = f"batch {number}"
                yield self.file.get_batch(number)
        else:
            self.part = "batch 0"
            for number, batch in enumerate(self.file, 1):
                yield batch
                self.part = f"batch {number}"

    def rows(self) -> Iterator[tuple[int, dict[str, Any] | str]]:
        """Row numbers from 1 and rows; what is wrong with a row where it cannot be had."""
        number = 0
        try:
            for batch in self.batches():
                for start in range(0, len(batch), BATCH):
                    piece = batch.slice(start, BATCH)
                    piece.validate(full=not self.parquet)  # Arrow maps what the file says; Parquet decodes it
                    for value in listed(piece):
                        number += 1
                        yield number, value
        except (pa.ArrowException, OSError) as error:
            at = f"{self.path}:{number + 1}: {self.part}"
            raise UsageError(f"{at} is damaged: {first_line(error)}; get the file again") from None

    def count(self) -> int:
        """How many rows there are; an Arrow file is gone through."""
        if self.parquet:
            return int(self.file.metadata.num_rows)
        try:
            return sum(map(len, self.batches()))
        except (pa.ArrowException, OSError) as error:
            raise UsageError(f"{self.path}: {self.part} is damaged: {first_line(error)}; get the file again") from None


@contextmanager
def opened(path: Path) -> Iterator[Table]:
    """A Parquet or Arrow file; what is none, or damaged, is an error of the user's."""
    kind = "Parquet" if path.name.lower().endswith(".parquet") else "Arrow"
    try:
        with open(path, "rb") as raw:
            try:
                table = Table(path, raw)
            except (pa.ArrowException, OSError, ValueError) as error:
                if isinstance(error, UsageError):
                    raise
                raise UsageError(
                    f"{path}: not {kind}, or damaged: {first_line(error)}"
                    "; get the file again, or give it the name of its format"
                ) from None
            yield table
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or str(error)).lower()}") from None


def listed(batch: Any) -> Iterator[dict[str, Any] | str]:
    """The rows of a batch; where one of them has no Python value, what is wrong with that one."""
    try:
        rows: list[dict[str, Any]] = batch.to_pylist()
    except (ValueError, OverflowError):
        for at in range(len(batch)):
            try:
                yield batch.slice(at, 1).to_pylist()[0]
            except (ValueError, OverflowError) as error:
                yield f"a value cannot be read: {'not UTF-8' if isinstance(error, UnicodeError) else first_line(error)}"
        return
    yield from rows


def json_value(value: dict[str, Any], floats: bool) -> dict[str, Any]:
    """A row as a JSON object; raises ValueError for what JSON cannot hold."""
    try:
        made: dict[str, Any] = msgspec.to_builtins(value)
    except TypeError as error:
        raise ValueError(f"a value has no form in JSON: {error}") from None
    if floats and (column := next((k for k, v in made.items() if endless(v)), None)) is not None:
        raise ValueError(f"column {column!r} holds NaN or an infinity, which JSON cannot hold; make it null")
    return made


def endless(value: Any) -> bool:
    """Whether a value is, or holds, a number that is not finite."""
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, dict):
        return any(map(endless, value.values()))
    return isinstance(value, list) and any(map(endless, value))


def floating(kind: Any) -> bool:
    """Whether a column of this type may hold floats."""
    return pa.types.is_floating(kind) or any(floating(kind.field(i).type) for i in range(kind.num_fields))


def twice(kind: Any) -> str:
    """A name that two columns, or two fields of one struct, have; "" when there is none."""
    fields = [kind.field(i) for i in range(len(kind) if isinstance(kind, pa.Schema) else kind.num_fields)]
    names = [field.name for field in fields]
    double = next((name for name in names if names.count(name) > 1), "")
    return double or next(filter(None, (twice(field.type) for field in fields)), "")


def first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
