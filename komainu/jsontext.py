"""JSON texts: parsed with clear errors, and the elements of an array found without reading all of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import IO, Any

import msgspec

from komainu.turns import kind

CHUNK = 1 << 20
LIMIT = 1 << 26  # bytes an element may have; more means that a quote or a bracket is missing
TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|"|[\[\]{},]', re.DOTALL)
OPENS, CLOSES = (b"[", b"{"), (b"]", b"}")
_encoder = msgspec.json.Encoder()


class Broken(ValueError):
    """A JSON text that is none, or not an object; `line` where it lies in the file, when that is known."""

    def __init__(self, text: str, line: int = 1) -> None:
        super().__init__(text)
        self.line = line


def parse(text: bytes) -> dict[str, Any]:
    """The object of a JSON text (strict JSON in UTF-8: no NaN, no trailing comma); raises Broken."""
    try:
        return distinct(text, msgspec.json.decode(text))
    except UnicodeDecodeError as error:
        raise Broken(f"not UTF-8: {error.reason}") from None
    except msgspec.DecodeError as error:
        if text.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise Broken("not UTF-8: the file looks like UTF-16") from None
        raise Broken(f"not JSON: {said(error)}") from None
    except RecursionError:
        raise Broken("not readable: nested too deeply") from None


def said(error: msgspec.DecodeError) -> str:
    """A parser's message as the rest of a sentence."""
    text = str(error).removeprefix("JSON is malformed: ")
    return text[:1].lower() + text[1:]


def distinct(text: bytes, value: Any) -> dict[str, Any]:
    """The value of a text, which must be an object; no key may stand twice in one."""
    if not isinstance(value, dict):
        raise Broken(f"expected an object, found {kind(value)}")
    if lost(text, value) and (key := repeated(text)) is not None:
        raise Broken(f"the key {key!r} stands twice in one object; only one of them could be kept")
    return value


def lost(text: bytes, value: Any) -> bool:
    """Whether a text may hold more than its value: it has other quotes than the value written again. Fast."""
    return b"\\u0022" in text or text.count(b'"') != _encoder.encode(value).count(b'"')


def repeated(text: bytes) -> str | None:
    """A key that stands twice in one object of a JSON text."""
    found: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> None:
        if len(names := dict(items)) < len(items):
            found.extend(name for name in names if sum(name == other for other, _ in items) > 1)

    json.loads(text, object_pairs_hook=pairs)
    return found[0] if found else None


def flat(value: dict[str, Any]) -> bytes:
    """An object as JSON on one line, its keys in their own order."""
    return _encoder.encode(value)


def elements(source: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """The elements of a JSON array with the lines they start on; raises Broken where the array is broken.

    Only strings, brackets and commas are looked at; what an element holds is for `parse`.
    """
    buffer, at, start, line = b"", 0, 0, 1  # `start`: where the element begins; `line`: the line of that place
    depth, count = 0, 0
    while True:
        token = TOKEN.search(buffer, at)
        if token is None or token.group() == b'"':  # no mark, or a string that goes on in the next chunk
            at = (token.start() if token else len(buffer)) - start
            chunk = source.read(CHUNK)
            if not chunk or len(buffer) - start > LIMIT:
                raise Broken("the array does not end; the file is truncated, or a quote or bracket is missing", line)
            buffer, start = buffer[start:] + chunk, 0
            continue
        mark, at = token.group(), token.end()
        depth += (mark in OPENS) - (mark in CLOSES)
        if depth == 1 and mark in OPENS:
            line += buffer.count(b"\n", start, at)
            start = at
        elif depth == 0 or (depth == 1 and mark == b","):
            piece = buffer[start : token.start()]
            text = piece.strip()
            first = line + piece[: piece.find(text)].count(b"\n")
            line += piece.count(b"\n")
            if text:
                yield first, text
            elif count or mark == b",":
                raise Broken(f"expected an object before {mark.decode()!r}", line)
            start, count = at, count + 1
        if depth == 0:
            break
    if mark != b"]" or buffer[at:].strip() or any(chunk.strip() for chunk in iter(lambda: source.read(CHUNK), b"")):
        raise Broken("the array ends here, but the file goes on", line)
