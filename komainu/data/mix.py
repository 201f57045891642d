"""Stage: rows of several stages in shares, shuffled."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Literal, NamedTuple, get_args

import msgspec

from komainu.context import Context
from komainu.errors import UsageError, nearest
from komainu.files import write_rows
from komainu.rows import Chat, Pair, Row, decode
from komainu.spec import Spec
from komainu.stage import Stage

Order = Literal["shuffled", "language", "length"]
COLUMNS = ("source", "lang", "task", "licence")


@dataclass(frozen=True, kw_only=True)
class Part(Spec):
    """One part of a mix. `weight` is a share of the whole when Mix.n is set, else how often each row is taken."""

    stage: Stage
    weight: float = 1.0


class Place(NamedTuple):
    """Where a chosen row stands, in the order wanted: `copy` 0 is the row itself, 1 its first repetition."""

    before: str | int
    order: bytes
    part: int
    copy: int
    offset: int
    id: str


class Header(msgspec.Struct):
    """The part of a row's line that choosing needs."""

    id: str
    meta: dict[str, Any] = {}


class Head(NamedTuple):
    """A row of a part: its id, where its line begins and how long it is, its language."""

    id: str
    offset: int
    bytes: int
    lang: str


@dataclass(frozen=True, kw_only=True)
class Mix(Stage):
    """Rows of `parts` in one shuffled file.

    With n=0 a weight is a multiplicity: 1 takes every row once, 0.25 a quarter of them, 1.5 every row and
    half of them again. With n > 0 weights are shares of n rows; a part with too few rows repeats them, as
    `epochs` in the summary tells. Which rows, and in which order, is decided by SHA-256 of (seed, row id).
    With order="language" the rows of a language stand together, with "length" (a curriculum) short ones first, by the
    bytes of their lines; equals are shuffled, and which rows are taken is the same.
    A repeated row has the id `<id>~1`, `~2`, ...; a row whose id an earlier part used `<id>@<part>`; both name
    the row in meta["from"]. The summary's table counts rows by source, language, task and licence.
    Memory: about 300 bytes a row, whatever its length.
    """

    makes: ClassVar[type] = Chat
    parts: tuple[Part, ...]
    n: int = 0
    seed: int = 0
    order: Order = "shuffled"

    @property
    def row_type(self) -> type:
        return self.parts[0].stage.row_type if self.parts else Chat

    def check(self) -> Iterator[str]:
        if not self.parts:
            yield "Mix.parts is empty: give at least one Part(stage=..., weight=...)"
        for i, part in enumerate(self.parts):
            here, kind = f"Mix.parts[{i}]", part.stage.row_type
            if kind not in (Chat, Pair):
                yield f"{here} needs a stage that makes Chat or Pair, but {part.stage.label} makes {kind.__name__}"
            elif kind is not self.row_type:
                yield f"{here} makes {kind.__name__}, but Mix.parts[0] makes {self.row_type.__name__}"
            if part.weight <= 0:
                yield f"{here}.weight is {part.weight}; leave the part out, or give a weight over 0"
        if self.order not in get_args(Order):
            yield f"Mix.order is {self.order!r}{nearest(self.order, get_args(Order))}"
        if self.n < 0:
            yield f"Mix.n is {self.n}; give the number of rows, or 0 for what the weights make"

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        there = [rows(part.stage) for part in self.parts]
        known = [count for count in there if count is not None]
        return self.n or (sum(self.quotas(known)) if len(known) == len(there) else None)

    def quotas(self, there: list[int]) -> list[int]:
        """How many rows to take of each part; with n > 0 they add up to n (largest remainders)."""
        weights = [part.weight for part in self.parts]
        if not self.n:
            return [round(weight * count) for weight, count in zip(weights, there, strict=True)]
        exact = [self.n * weight / sum(weights) for weight in weights]
        taken = [int(share) for share in exact]
        by_remainder = sorted(range(len(exact)), key=lambda i: (taken[i] - exact[i], i))
        for i in by_remainder[: self.n - sum(taken)]:
            taken[i] += 1
        return taken

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        files = [ctx.open(part.stage).path / "rows.jsonl" for part in self.parts]
        there = [list(headers(file)) for file in files]
        quotas = self.quotas([len(rows) for rows in there])
        places: list[Place] = []
        for i, (rows, quota) in enumerate(zip(there, quotas, strict=True)):
            if quota and not rows:
                raise UsageError(f"Mix.parts[{i}] ({self.parts[i].stage.label}) has no rows; {quota} are wanted")
            places.extend(self.choose(i, rows, quota))
        used = owners(places)
        places.sort()
        table: Counter[tuple[str, ...]] = Counter()
        with ExitStack() as stack, ctx.progress(len(places), "Mix") as bar:
            opened = [stack.enter_context(open(file, "rb")) for file in files]

            def rows_in_order() -> Iterator[Row]:
                for place in places:
                    row = fetch(opened[place.part], place, used[place.id])
                    table[tuple(str(row.meta.get(column, "")) for column in COLUMNS)] += 1
                    bar.update()
                    yield row

            count = write_rows(out / "rows.jsonl", rows_in_order())
        return {
            "rows": count,
            "parts": [
                {"stage": part.stage.label, "weight": part.weight, "there": len(rows), "rows": quota}
                | ({"epochs": round(quota / len(rows), 4)} if rows else {})
                for part, rows, quota in zip(self.parts, there, quotas, strict=True)
            ],
            "mix": [{**dict(zip(COLUMNS, kind, strict=True)), "rows": table[kind]} for kind in sorted(table)],
            **({"order": self.order} if self.order != "shuffled" else {}),
        }

    def choose(self, part: int, rows: list[Head], quota: int) -> Iterator[Place]:
        """`quota` rows, each as often as the next but for one: who is taken once more is drawn."""
        if not rows:
            return
        times, more = divmod(quota, len(rows))
        drawn = sorted(rows, key=lambda row: self.draw("take", row.id))
        for i, row in enumerate(drawn if more or times else []):
            before: str | int = row.lang if self.order == "language" else row.bytes if self.order == "length" else 0
            for copy in range(times + (i < more)):
                yield Place(before, self.draw(f"order {part} {copy}", row.id), part, copy, row.offset, row.id)

    def draw(self, what: str, row_id: str) -> bytes:
        return hashlib.sha256(f"{what}:{self.seed}:{row_id}".encode()).digest()[:16]


def headers(file: Path) -> Iterator[Head]:
    """What choosing needs to know of every row."""
    decoder = msgspec.json.Decoder(Header)
    offset = 0
    with open(file, "rb") as lines:
        for line in lines:
            row = decoder.decode(line)
            yield Head(row.id, offset, len(line), str(row.meta.get("lang", "")))
            offset += len(line)


def owners(places: list[Place]) -> dict[str, int]:
    """The first part that uses each id."""
    first: dict[str, int] = {}
    for place in places:
        first.setdefault(place.id, place.part)
    return first


def fetch(file: BinaryIO, place: Place, owner: int) -> Chat | Pair:
    """The row at a place, renamed where its id would be there twice."""
    file.seek(place.offset, os.SEEK_SET)
    row = decode(file.readline())
    assert isinstance(row, (Chat, Pair)), "check() lets only stages of chats or pairs through"
    name = row.id + (f"@{place.part}" if place.part != owner else "") + (f"~{place.copy}" if place.copy else "")
    if name == row.id:
        return row
    row = row.with_meta(**{"from": [row.id, *(x for x in row.meta.get("from", []) if x != row.id)]})
    return msgspec.structs.replace(row, id=name)
