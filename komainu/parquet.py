"""Rows and JSON objects in Parquet, zstd inside, a batch at a time. Needs pyarrow.

Rows have typed columns that pandas and datasets read: `messages` (or `prompt`) is a list of structs
{role, content, extra}; `extra` and `meta` are JSON strings, for their keys differ from row to row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain, islice
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from komainu.errors import UsageError
from komainu.files import whole
from komainu.rows import Chat, Message, Pair, Row, Score

BATCH = 1024
TEXT = pa.string()
MESSAGES = pa.list_(pa.struct([("role", TEXT), ("content", TEXT), ("extra", TEXT)]))
SCHEMAS: dict[type[Row], Any] = {
    Chat: pa.schema([("id", TEXT), ("messages", MESSAGES), ("meta", TEXT)]),
    Pair: pa.schema([("id", TEXT), ("prompt", MESSAGES), ("chosen", TEXT), ("rejected", TEXT), ("meta", TEXT)]),
    Score: pa.schema([("id", TEXT), ("metric", TEXT), ("value", pa.float64()), ("by", TEXT), ("why", TEXT)]),
}
_json = msgspec.json.Encoder(order="deterministic")


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Write rows of one type; returns how many. An empty file has the columns of Chat."""
    rows = iter(rows)
    first = next(rows, None)
    kind: type[Row] = type(first) if first is not None else Chat
    columns = (column(path, kind, row) for row in chain([] if first is None else [first], rows))
    return write(path, columns, SCHEMAS[kind], check=False)


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file written by `write_rows`; its columns must be exactly those of a row type."""
    with opened(path) as file:
        kind = row_type(file.schema_arrow)
        if kind is None:
            raise UsageError(f"{path}: its columns are not those of our rows: {', '.join(file.schema_arrow.names)}")
        for number, value in values(file):
            yield row(f"{path}:{number}", kind, value)


def write_objects(path: Path, objects: Iterable[dict[str, Any]]) -> int:
    """Write JSON objects with the columns of the first batch; returns how many.

    Raises UsageError for an object that would not come back equal.
    """
    objects = iter(objects)
    batch = list(islice(objects, BATCH))
    if not batch or not batch[0]:
        raise UsageError(f"{path}: Parquet takes its columns from the first object, and there is none, or an empty one")
    with refusing(path):
        schema = pa.RecordBatch.from_pylist(batch).schema
    return write(path, chain(batch, objects), schema, check=True)


def read_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of any Parquet file as JSON objects, with their numbers from 1; times and bytes become strings."""
    with opened(path) as file:
        kind = row_type(file.schema_arrow)
        for number, value in values(file):
            if kind is not None:
                yield number, msgspec.json.decode(_json.encode(row(f"{path}:{number}", kind, value)))
            else:
                yield number, msgspec.to_builtins(value)


def write(path: Path, objects: Iterable[dict[str, Any]], schema: Any, *, check: bool) -> int:
    """Write objects with the columns given; with `check` each must come back equal. Returns how many."""
    objects, count = iter(objects), 0
    with refusing(path), whole(path) as out, pq.ParquetWriter(out, schema, compression="zstd") as writer:
        while batch := list(islice(objects, BATCH)):
            made = pa.RecordBatch.from_pylist(batch, schema=schema)
            for number, after in enumerate(made.to_pylist() if check else []):
                if (lost := different(batch[number], after)) is not None:
                    raise UsageError(
                        f"{path}: object {count + number + 1} would not come back equal: {lost!r} has another form "
                        "than in the first objects; write .jsonl.zst instead"
                    )
            writer.write_batch(made)
            count += len(batch)
    return count


def different(before: dict[str, Any], after: dict[str, Any]) -> str | None:
    """The first key in which two objects differ as JSON; None when they are equal."""
    keys = sorted(before.keys() | after.keys())
    return next((k for k in keys if not (k in before and k in after and same(before[k], after[k]))), None)


def same(a: Any, b: Any) -> bool:
    return _json.encode(a) == _json.encode(b)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A Parquet file; what is none, or damaged, is an error of the user's."""
    try:
        with open(path, "rb") as raw, pq.ParquetFile(raw) as file:
            yield file
    except pa.ArrowException as error:
        raise UsageError(f"{path}: not Parquet, or damaged: {str(error).splitlines()[0]}") from None
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or str(error)).lower()}") from None


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """What Arrow cannot hold is an error of the user's."""
    try:
        yield
    except (pa.ArrowException, OverflowError, UnicodeEncodeError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{path}: Parquet cannot hold this: {reason}; write .jsonl.zst instead") from None


def values(file: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    batches = (batch.to_pylist() for batch in file.iter_batches(batch_size=BATCH))
    yield from enumerate(chain.from_iterable(batches), 1)


def row_type(schema: Any) -> type[Row] | None:
    """The row type whose columns these are."""
    return next((kind for kind, wanted in SCHEMAS.items() if wanted.equals(schema, check_metadata=False)), None)


def column(path: Path, kind: type[Row], row: Row) -> dict[str, Any]:
    """A row as the value of each column."""
    if not isinstance(row, kind):
        raise UsageError(f"{path}: row {row.id} is a {type(row).__name__} among {kind.__name__} rows; use JSON lines")
    value = {name: getattr(row, name) for name in SCHEMAS[kind].names}
    for name in ("messages", "prompt"):
        if name in value:
            value[name] = [
                {"role": m.role, "content": m.content, "extra": _json.encode(m.extra).decode() if m.extra else None}
                for m in value[name]
            ]
    if "meta" in value:
        value["meta"] = _json.encode(value["meta"]).decode()
    return value


def row(at: str, kind: type[Row], value: dict[str, Any]) -> Row:
    """The row of a column value each."""
    try:
        for name in ("messages", "prompt"):
            if name in value:
                value[name] = [
                    Message(m["role"], m["content"], msgspec.json.decode(m["extra"] or "{}")) for m in value[name] or []
                ]
        if "meta" in value:
            value["meta"] = msgspec.json.decode(value["meta"] or "{}")
        made: Row = msgspec.convert(msgspec.to_builtins(value), kind)
    except (msgspec.MsgspecError, TypeError) as error:
        raise UsageError(f"{at}: not a row: {error}") from None
    return made
