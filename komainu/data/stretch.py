"""Stretches: what of a dataset's steps can be done to a chunk of rows in any process, and what cannot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple, NoReturn, cast

import msgspec

from komainu.context import Context
from komainu.data.base import Step, labels
from komainu.data.flow import Flow, Placed
from komainu.data.prepared import Prepared
from komainu.errors import UsageError
from komainu.files import encode_row
from komainu.rows import Row, decode


class Chunk(NamedTuple):
    """Some rows in order, each a line with its end, with their places; `file` and `line` tell where they were read."""

    lines: Sequence[bytes]
    at: Sequence[int]
    file: str = ""
    line: int = 0

    def rows(self) -> Iterator[Placed]:
        return zip(self.at, map(self.row, range(len(self.lines))), strict=True)

    def row(self, i: int) -> Row:
        try:
            return decode(self.lines[i])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            assert self.file, f"a row does not come back: {error}"
            raise UsageError(f"{self.file}:{self.line + i}: not a row: {error}; mend or remove this line") from None


class Done(NamedTuple):
    """What a stretch makes of a chunk: rows that stay, lines of dropped ones, counts by step, the prepared value."""

    lines: Sequence[bytes]
    at: Sequence[int]
    drops: list[tuple[int, bytes]]
    flows: list[Flow]
    value: Any


class Apart:
    """In the place of a context, for steps that need none."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"a step with alone=True may not use ctx.{name}")


@dataclass(frozen=True)
class Stretch:
    """Steps that decide each row by itself, then what `prepared` (if any) can say before it settles.

    A shard task is a stretch and a chunk. It gives the same whatever process does it, and however rows are cut into
    chunks. `first` is the number of the first step, `width` how many places a row takes before it.
    """

    first: int
    width: int
    steps: tuple[Step, ...]
    labels: tuple[str, ...]
    prepared: Prepared | None = None

    def load(self, ctx: Context) -> Any:
        return self.prepared.load(ctx) if self.prepared else None

    def work(self, chunk: Chunk, loaded: Any) -> Done:
        given = dict(chunk.rows())
        drops: list[tuple[int, bytes]] = []
        flows = [Flow(label) for label in self.labels]
        rows, width = iter(given.items()), self.width
        for step, flow in zip(self.steps, flows, strict=True):
            rows = flow.through(step, rows, width, cast(Context, Apart()), lambda at, line: drops.append((at, line)))
            width //= step.per_row
        kept = list(rows)
        drops.sort(key=lambda drop: drop[0])
        value = self.prepared.prepare([row for _, row in kept], loaded) if self.prepared and kept else None
        same = dict(zip(chunk.at, chunk.lines, strict=True))
        lines = [same[at] if row is given.get(at) else encode_row(row) + b"\n" for at, row in kept]
        return Done(lines, [at for at, _ in kept], drops, flows, value)


@dataclass(frozen=True)
class Together:
    """A step that asks a model, or looks at rows beside each other: in one process, in order."""

    first: int
    width: int
    step: Step


def cut(steps: Sequence[Step]) -> list[Stretch | Together]:
    """The steps in pieces, in order; at least one."""
    pieces: list[Stretch | Together] = []
    names, begun = labels(steps), 0
    for i, step in enumerate([*steps, None]):
        if step is not None and step.alone:
            continue
        prepared = step if isinstance(step, Prepared) else None
        if i > begun or prepared or not steps:
            width = places(steps[begun:])
            pieces.append(Stretch(begun, width, tuple(steps[begun:i]), tuple(names[begun:i]), prepared))
        if step is not None and prepared is None:
            pieces.append(Together(i, places(steps[i:]), step))
        begun = i + 1
    return pieces


def places(steps: Sequence[Step]) -> int:
    """How many rows these steps make of one."""
    return prod(step.per_row for step in steps)
