"""A Step is a generator over rows; a Dataset streams rows through steps and accounts for every one."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, TypeVar

import msgspec

from komainu.context import Context
from komainu.errors import UsageError
from komainu.rows import Chat, Pair, Row, Score
from komainu.spec import Spec
from komainu.stage import Questions, Stage, models_of
from komainu.store import Artifact

WINDOW = 512  # rows a step holds at once while it asks a model
_encoder = msgspec.json.Encoder(order="deterministic")
T = TypeVar("T")


class Dropped(NamedTuple):
    """Yield this instead of a row to drop it. The part of `reason` before a colon is what is counted."""

    row: Row
    reason: str


class Note(NamedTuple):
    """Yield this to put facts of a step (small, JSON) into the summary of the dataset, under `notes`."""

    facts: dict[str, Any]


class Drop(msgspec.Struct, frozen=True):
    """One line of dropped.jsonl: which step dropped which row, and the whole reason."""

    step: str
    reason: str
    row: Row


@dataclass(frozen=True, kw_only=True)
class Step(Spec):
    """What is done to a stream of rows: a generator that yields rows, Dropped rows and Notes.

    A step reads its rows to the end and gives `per_row` rows or Dropped for each row it reads; the
    Dataset verifies both. A step that asks a model works in windows of WINDOW rows, so that memory
    does not grow with the data. A step with `alone` may be given the rows in pieces, in any process.
    """

    eats: ClassVar[type] = Chat
    makes: ClassVar[type] = Chat
    alone: ClassVar[bool] = False  # each row is decided by itself, with nothing of ctx; notes are counts, which add up

    def __call__(self, rows: Iterator[Any], ctx: Context) -> Iterator[Row | Dropped | Note]:
        raise NotImplementedError(f"{type(self).__name__} needs __call__(rows, ctx)")

    def turns(self, came: type) -> type | None:
        """The type of the rows made of rows of type `came`; None when it cannot take them."""
        return self.makes if issubclass(came, self.eats) else None

    def check(self) -> Iterator[str]:
        """What is wrong with this step's own wiring, a sentence each."""
        yield from ()

    @property
    def per_row(self) -> int:
        """Rows made of each row, dropped ones included."""
        return 1

    @property
    def least(self) -> int:
        """Rows of each row that go on at least, as a rule: 0 for a step that is there to drop some."""
        return 0

    def questions(self, fewest: int, most: int) -> tuple[Questions, ...] | None:
        """How often this asks which models about so many rows; None when that is not known."""
        return None if models_of(self) else ()


@dataclass(frozen=True, kw_only=True)
class Sieve(Step):
    """A step that only drops: chats or pairs go through as they are."""

    eats: ClassVar[type] = object

    def turns(self, came: type) -> type | None:
        return came if came in (Chat, Pair) else None


@dataclass(frozen=True, kw_only=True)
class Dataset(Stage):
    """Rows of the sources, one source after the other, through the steps.

    Writes rows.jsonl and dropped.jsonl (a `Drop` a line, in the order of the rows). The summary tells rows in and
    out, the flow through each step, drops by step and reason, and the steps' notes. Steps that decide each row by
    itself run in several processes (`processes` of komainu.toml); how many changes no byte.
    """

    makes: ClassVar[type] = Chat
    sources: tuple[Stage, ...]
    steps: tuple[Step, ...] = ()

    @property
    def row_type(self) -> type:
        kind = self.sources[0].row_type if self.sources else Chat
        for step in self.steps:
            kind = step.turns(kind) or step.makes
        return kind

    def check(self) -> Iterator[str]:
        if not self.sources:
            yield "Dataset.sources is empty: give at least one stage that makes rows"
            return
        kinds = {s.row_type for s in self.sources}
        for source in self.sources:
            if source.row_type not in (Chat, Pair, Score):
                yield f"Dataset.sources needs rows, but {source.label} makes {source.row_type.__name__}"
                return
        if len(kinds) > 1:
            made = ", ".join(f"{s.label} makes {s.row_type.__name__}" for s in self.sources)
            yield f"Dataset.sources must make one type of rows, but {made}"
            return
        kind, before = kinds.pop(), self.sources[0].label
        for label, step in zip(labels(self.steps), self.steps, strict=True):
            yield from step.check()
            turned = step.turns(kind)
            if turned is None:
                wanted = "Chat or Pair" if step.eats is object else step.eats.__name__
                yield f"step {label} eats {wanted}, but {before} makes {kind.__name__}"
                return
            kind, before = turned, f"step {label}"

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        """The most rows there can be: steps may drop some."""
        total = 0
        for source in self.sources:
            count = rows(source)
            if count is None:
                return None
            total += count
        for step in self.steps:
            total *= step.per_row
        return total

    def questions(self, rows: Callable[[Stage], int | None]) -> tuple[Questions, ...] | None:
        counts = [rows(source) for source in self.sources]
        fewest = most = sum(n or 0 for n in counts)
        found: list[Questions] = []
        for step in self.steps:
            asked = step.questions(fewest, most)
            if asked is None or None in counts:
                return None
            found += [each if each.about else each._replace(source=self.sources[0]) for each in asked]
            fewest, most = fewest * step.least, most * step.per_row
        return tuple(found)

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from komainu.data.stream import Stream

        return Stream(self.steps, ctx).run([ctx.open(s) for s in self.sources], out)


class DropLog:
    """Writes dropped.jsonl under a temporary name, renames it when all went well, and counts by step and reason."""

    def __init__(self, path: Path) -> None:
        self.path, self.partial = path, path.with_name(path.name + ".partial")
        self.counts: dict[str, Counter[str]] = {}

    def __enter__(self) -> DropLog:
        self.file = open(self.partial, "wb")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.file.close()
        if kind is None:
            os.replace(self.partial, self.path)

    def add(self, step: str, dropped: Dropped) -> None:
        self.counts.setdefault(step, Counter())[word(dropped.reason)] += 1
        self.file.write(line_of(step, dropped))


def line_of(step: str, dropped: Dropped) -> bytes:
    """The line of dropped.jsonl, with its end."""
    try:
        return _encoder.encode(Drop(step, dropped.reason, dropped.row)) + b"\n"
    except UnicodeEncodeError as error:
        raise UsageError(
            f"row {dropped.row.id} holds text that is no valid Unicode: {error}"
            "; mend or drop the row where it comes from"
        ) from None


def labels(steps: Iterable[Step]) -> list[str]:
    """The class names of steps; the second Filter is `Filter#2`."""
    seen: Counter[str] = Counter()
    found = []
    for name in (type(step).__name__ for step in steps):
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return found


def drops(artifact: Artifact) -> Iterator[Drop]:
    """What an artifact dropped, in order."""
    path = artifact.path / "dropped.jsonl"
    decoder = msgspec.json.Decoder(Drop)
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise UsageError(
                    f"{path}:{number}: not a dropped row: {error}"
                    "; `komainu verify` finds what else has changed: remove that folder and run the recipe again"
                ) from None


def word(reason: str) -> str:
    """The part of a reason that is counted: `leakage` of `leakage: latin 'station'`."""
    return reason.partition(":")[0].strip()


def windows(rows: Iterator[T], size: int = WINDOW) -> Iterator[list[T]]:
    """Rows in lists of `size`, the last one shorter."""
    window: list[T] = []
    for row in rows:
        window.append(row)
        if len(window) == size:
            yield window
            window = []
    if window:
        yield window
