"""The rows of a mix by where they stand: what choosing reads of every row, and one row fetched at its place."""

from __future__ import annotations

import os
import sys
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

from komainu.rows import Chat, Pair, decode

Group = tuple[str, ...]


class Meta(msgspec.Struct):
    """The part of a row's meta that choosing needs."""

    lang: Any = ""
    source: Any = ""
    licence: Any = ""
    task: Any = ""


class Header(msgspec.Struct):
    """The part of a row's line that choosing needs."""

    id: str
    meta: Meta = msgspec.field(default_factory=Meta)


class Head(NamedTuple):
    """A row of a part: its id, where its line begins and how long it is, its language, licence, tokens and group."""

    id: str
    offset: int
    bytes: int
    lang: str
    licence: str = ""
    tokens: int = 0
    group: Group = ()


class Place(NamedTuple):
    """Where a chosen row stands, in the order wanted: `copy` 0 is the row itself, 1 its first repetition."""

    before: str | int
    order: bytes
    part: int
    copy: int
    row: Head

    @property
    def id(self) -> str:
        return self.row.id


def headers(file: Path, over: Sequence[str] = (), tokens: array[int] | None = None) -> Iterator[Head]:
    """What choosing needs to know of every row; `over` are the meta that make its group."""
    decoder = msgspec.json.Decoder(Header)
    groups: dict[Group, Group] = {}  # one tuple for all rows of a group
    offset = 0
    with open(file, "rb") as lines:
        for i, line in enumerate(lines):
            row = decoder.decode(line)
            lang, licence = sys.intern(str(row.meta.lang)), sys.intern(str(row.meta.licence or ""))
            group = tuple(str(getattr(row.meta, column)) for column in over)
            yield Head(
                row.id, offset, len(line), lang, licence, tokens[i] if tokens else 0, groups.setdefault(group, group)
            )
            offset += len(line)


def afford(rows: Sequence[Head], budget: float) -> tuple[int, int]:
    """How many rows of the order can be had for so many tokens, from its beginning and over again, and what they cost.

    Stops before the first row that goes over, so it is short by less than that row.
    """
    once = sum(row.tokens for row in rows)
    if not once:
        return 0, 0
    times = int(budget // once)
    count, used = times * len(rows), times * once
    for row in rows:
        if used + row.tokens > budget:
            break
        count, used = count + 1, used + row.tokens
    return count, used


def owners(places: list[Place]) -> dict[str, int]:
    """The first part that uses each id."""
    first: dict[str, int] = {}
    for place in places:
        first.setdefault(place.id, place.part)
    return first


def fetch(file: BinaryIO, place: Place, owner: int) -> Chat | Pair:
    """The row at a place, renamed where its id would be there twice."""
    file.seek(place.row.offset, os.SEEK_SET)
    row = decode(file.readline())
    assert isinstance(row, (Chat, Pair)), "check() lets only stages of chats or pairs through"
    name = row.id + (f"@{place.part}" if place.part != owner else "") + (f"~{place.copy}" if place.copy else "")
    if name == row.id:
        return row
    row = row.with_meta(**{"from": [row.id, *(x for x in row.meta.get("from", []) if x != row.id)]})
    return msgspec.structs.replace(row, id=name)
