"""Rows and raw objects in files: JSON lines (plain, zstd, gzip), JSON arrays, Parquet, Arrow; written whole or not.

The format is told by the name: .jsonl .ndjson .jsonl.zst .jsonl.gz .json .parquet .arrow. Reading and writing stream:
memory holds one line, one array element or one batch of columns.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import IO, Any, NamedTuple

import msgspec

from komainu.errors import UsageError
from komainu.jsontext import Broken, elements, flat, parse
from komainu.rows import Row, decode, encode
from komainu.turns import kind

TABLES = (".parquet", ".arrow")
FORMATS = (".jsonl", ".ndjson", ".jsonl.zst", ".jsonl.gz", ".json", *TABLES)


class Found(NamedTuple):
    """One object of a file: its line (its row number in tables), and what is wrong with it where `value` is None;
    `torn` where the file ends in the middle of its line."""

    line: int
    value: dict[str, Any] | None
    problem: str = ""
    torn: bool = False


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Write rows in the format of the name, under a temporary name, then rename; returns how many."""
    if form(path) in TABLES:
        written: int = parquet(path).write_rows(path, rows)
        return written
    return write_lines(path, map(encode_row, rows))


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file written by `write_rows`; a broken line is an error with file and line."""
    if form(path) in TABLES:
        yield from parquet(path).read_rows(path)
        return
    try:
        for line, text in texts(path):
            try:
                yield decode(text)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise UsageError(f"{path}:{line}: not a row: {error}; mend or remove this line") from None
    except Broken as error:
        raise UsageError(f"{path}:{error.line}: {error}") from None


def write_objects(path: Path, objects: Iterable[dict[str, Any]]) -> int:
    """Write JSON objects in the format of the name, under a temporary name, then rename; returns how many.

    Parquet takes its columns from the first batch; an object that would not come back equal (a key
    that only some have, for example) is refused with its number.
    """
    if form(path) in TABLES:
        written: int = parquet(path).write_objects(path, objects)
        return written
    return write_lines(path, map(flat, objects))


def read_objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a file with their lines (rows of tables); a broken one is an error with file:line."""
    empty = True
    for found in scan(path):
        empty = False
        if found.value is None:
            raise UsageError(f"{path}:{found.line}: {found.problem}")
        yield found.line, found.value
    if empty:
        raise UsageError(f"{path}: the file holds no objects; give one that does")


def read_object(path: Path) -> dict[str, Any]:
    """The one object of a JSON file that another program wrote; raises UsageError where there is none."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not readable as JSON: {error}; get the file again") from None
    if not isinstance(found, dict):
        raise UsageError(f"{path}: expected an object, found {kind(found)}; get the file again")
    return found


def scan(path: Path) -> Iterator[Found]:
    """Every object of a file, broken ones with what is wrong; goes on after a broken line where it can.

    Raises UsageError only for a file that cannot be read at all.
    """
    if form(path) in TABLES:
        yield from parquet(path).read_objects(path)
        return
    try:
        for line, text in texts(path):
            try:
                yield Found(line, parse(text))
            except Broken as error:
                yield Found(line, None, str(error), torn=form(path) != ".json" and not text.endswith(b"\n"))
    except Broken as error:  # the array itself: nothing after it can be trusted
        yield Found(error.line, None, str(error))


def count(path: Path) -> int:
    """How many objects `scan` finds in a file, broken ones too."""
    if form(path) in TABLES:
        rows: int = parquet(path).count(path)
        return rows
    try:
        return sum(1 for _ in texts(path))
    except Broken as error:
        raise UsageError(f"{path}:{error.line}: {error}") from None


def texts(path: Path) -> Iterator[tuple[int, bytes]]:
    """The JSON texts of a file with their lines: non-blank lines, or the elements of an array in a .json file."""
    with opened(path) as source:
        head = source.peek(64).removeprefix(b"\xef\xbb\xbf").lstrip()
        if form(path) == ".json" and head[:1] == b"[":
            yield from elements(source)
            return
        for line, text in enumerate(source, 1):
            if line == 1:
                text = text.removeprefix(b"\xef\xbb\xbf")
            if text.strip():
                yield line, text


def form(path: Path) -> str:
    """The format that a file's name tells; raises UsageError with the formats there are."""
    for suffix in FORMATS:
        if path.name.lower().endswith(suffix):
            return suffix
    if path.is_dir():
        raise UsageError(f"{path} is a folder; give a file of it")
    raise UsageError(f"{path}: the name tells no known format; known are {' '.join(FORMATS)}")


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedReader]:
    """The bytes of a text file, unpacked; a missing file and broken compression are errors of the user's."""
    try:
        with open(path, "rb") as raw:
            yield unpacked(path, raw)
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    except (EOFError, zlib.error) as error:
        raise UsageError(f"{path}: the gzip data is damaged or not whole: {error}; get the file again") from None


def unpacked(path: Path, raw: io.BufferedReader) -> io.BufferedReader:
    """The bytes of an open file without its compression."""
    kind = form(path)
    if kind == ".jsonl.gz":
        return io.BufferedReader(gzip.GzipFile(fileobj=raw))
    return io.BufferedReader(zst(path).Unpacked(raw)) if kind == ".jsonl.zst" else raw


def packed(path: Path, raw: IO[bytes]) -> IO[bytes]:
    """A writer with the compression that a file's name tells; equal bytes give an equal file."""
    kind = form(path)
    if kind == ".jsonl.gz":
        return io.BufferedWriter(gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0))
    return zst(path).packed(raw) if kind == ".jsonl.zst" else raw


@contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes its name when the block ends well, and leaves nothing when it does not."""
    partial = path.with_name(path.name + ".partial")
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent}: there is no such folder to write {path.name} to; make it first")
    try:
        with open(partial, "wb") as out:
            yield out
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def write_lines(path: Path, lines: Iterable[bytes]) -> int:
    """Write JSON texts as lines, or as an array with a text a line."""
    kind, count = form(path), 0
    begin, between, end = (b"[\n", b",\n", b"\n]\n") if kind == ".json" else (b"", b"\n", b"\n")
    with whole(path) as raw:
        out = packed(path, raw)
        try:
            for line in lines:
                out.write((between if count else begin) + line)
                count += 1
            out.write(end if count else b"[]\n" if kind == ".json" else b"")
        finally:
            if out is not raw:
                out.close()
    return count


def encode_row(row: Row) -> bytes:
    try:
        return encode(row)
    except UnicodeEncodeError as error:
        raise UsageError(
            f"row {row.id} holds text that is no valid Unicode: {error}; mend or drop the row where it comes from"
        ) from None


def zst(path: Path) -> ModuleType:
    """The module that needs zstandard."""
    with needing("zstandard", path):
        from komainu import zst
    return zst


def parquet(path: Path) -> ModuleType:
    """The module that needs pyarrow."""
    with needing("pyarrow", path):
        from komainu import parquet
    return parquet


@contextmanager
def needing(package: str, path: Path) -> Iterator[None]:
    """The import of an optional package; its absence is an error that says what to install."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise UsageError(f"{path}: this format needs the package {package}: pip install 'komainu[data]'") from None


def write_json(path: Path, value: Any) -> None:
    """Write JSON under a temporary name, fsync, rename: the file is whole or absent."""
    partial = path.with_name(path.name + ".partial")
    with open(partial, "w", encoding="utf-8") as out:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        out.write(msgspec.json.format(text, indent=1) + "\n")  # what json writes by itself, ten times as fast
        out.flush()
        os.fsync(out.fileno())
    os.replace(partial, path)
    sync_folder(path.parent)


def append(file: int, line: bytes) -> None:
    """Write a line at the end of an open file; it is on the disk when this returns."""
    left = memoryview(line)
    while left:
        left = left[os.write(file, left) :]
    os.fsync(file)


def sync_folder(path: Path) -> None:
    """fsync a directory, so that a rename in it survives a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
