"""Rows and JSON objects in Parquet (zstd inside) and Arrow files, a batch at a time. Needs pyarrow.

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
from komainu.files import Found, whole
from komainu.rows import Chat, Message, Pair, Row, Score
from komainu.tables import json_value, opened

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
    with opened(path) as table:
        kind = row_type(table.schema)
        if kind is None:
            raise UsageError(
                f"{path}: its columns are not those of our rows: {', '.join(table.schema.names)}"
                "; as a file of chats or pairs (ChatFile, PairFile) it can be read in any layout"
            )
        for number, value in table.rows():
            if isinstance(value, str):
                raise UsageError(f"{path}:{number}: {value}")
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


def schema_of(value: dict[str, Any]) -> Any:
    """Columns for objects like this one: a list that is empty is one of lists of texts."""
    empty = pa.list_(pa.list_(TEXT))
    fields = pa.RecordBatch.from_pylist([value]).schema
    return pa.schema(
        [(f.name, empty if pa.types.is_null(getattr(f.type, "value_type", TEXT)) else f.type) for f in fields]
    )


def read_objects(path: Path) -> Iterator[Found]:
    """The rows of any file as JSON objects, with their numbers from 1; times and bytes become strings.

    A row that JSON cannot hold has a problem. Raises UsageError for a file that is damaged, with the row before it.
    """
    with opened(path) as table:
        kind = row_type(table.schema)
        for number, value in table.rows():
            if isinstance(value, str):
                yield Found(number, None, value)
                continue
            try:
                yield Found(number, json_value(value, table.floats) if kind is None else as_json(row("", kind, value)))
            except (UsageError, ValueError) as error:
                yield Found(number, None, str(error).removeprefix(": "))


def as_json(row: Row) -> dict[str, Any]:
    value: dict[str, Any] = msgspec.json.decode(_json.encode(row))
    return value


def count(path: Path) -> int:
    """How many rows a file has."""
    with opened(path) as table:
        return table.count()


def write(path: Path, objects: Iterable[dict[str, Any]], schema: Any, *, check: bool) -> int:
    """Write objects with the columns given; with `check` each must come back equal. Returns how many."""
    objects, count = iter(objects), 0
    with refusing(path), whole(path) as out, writing(path, out, schema) as writer:
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


def writing(path: Path, out: Any, schema: Any) -> Any:
    """A writer of record batches in the format of the name; Arrow files are IPC streams, as `datasets` writes them."""
    if path.name.lower().endswith(".arrow"):
        return pa.ipc.new_stream(out, schema)
    return pq.ParquetWriter(out, schema, compression="zstd", write_page_checksum=True)


def different(before: dict[str, Any], after: dict[str, Any]) -> str | None:
    """The first key in which two objects differ as JSON; None when they are equal."""
    keys = sorted(before.keys() | after.keys())
    return next((k for k in keys if not (k in before and k in after and same(before[k], after[k]))), None)


def same(a: Any, b: Any) -> bool:
    return _json.encode(a) == _json.encode(b)


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """What Arrow cannot hold is an error of the user's."""
    try:
        yield
    except (pa.ArrowException, OverflowError, UnicodeEncodeError) as error:
        reason = str(error).splitlines()[0]
        raise UsageError(f"{path}: Parquet cannot hold this: {reason}; write .jsonl.zst instead") from None


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
        raise UsageError(f"{at}: not a row: {error}; mend or remove this row") from None
    return made
