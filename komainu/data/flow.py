"""What comes to a step and goes from it, counted; and where each row stands among all rows of a dataset."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from komainu.context import Context
from komainu.data.base import Dropped, Note, Step, line_of, word
from komainu.errors import GateFailed
from komainu.rows import Row

Placed = tuple[int, Row]  # a row and its place: rows made of one row lie between its place and that of the next
Losing = Callable[[int, bytes], None]  # takes the place of a dropped row and its line in dropped.jsonl


@dataclass
class Flow:
    """Rows that came to and went from one step, the reasons of those that did not, and its notes."""

    label: str
    came: int = 0
    went: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    notes: dict[str, Any] = field(default_factory=dict)

    def through(self, step: Step, rows: Iterator[Placed], width: int, ctx: Context, lose: Losing) -> Iterator[Placed]:
        """The rows of a step with their places; `width` is how many places a row takes before it."""
        waiting: deque[int] = deque()
        per_row, nth, last = step.per_row, 0, 0
        share = width // per_row

        def counted() -> Iterator[Row]:
            for at, row in rows:
                self.came += 1
                waiting.append(at)
                yield row

        for made in step(counted(), ctx):
            if isinstance(made, Note):
                self.notes = added(self.notes, made.facts) if step.alone else self.notes | made.facts
                continue
            if waiting:  # else it has made more rows than it may, which `verify` will say
                last = waiting[0] + nth * share
                nth += 1
                if nth == per_row:
                    waiting.popleft()
                    nth = 0
            if isinstance(made, Dropped):
                self.lost(last, made, lose)
            else:
                self.went += 1
                yield last, made

    def lost(self, at: int, dropped: Dropped, lose: Losing) -> None:
        self.dropped[word(dropped.reason)] += 1
        lose(at, line_of(self.label, dropped))

    def add(self, other: Flow) -> None:
        """Count what another process has seen of the same step."""
        self.came += other.came
        self.went += other.went
        self.dropped.update(other.dropped)
        self.notes = added(self.notes, other.notes)


def added(facts: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """Notes of two parts of the rows as those of both: numbers add up, what is no number must be equal. Keys sorted."""
    total = {}
    for key in sorted({**facts, **more}):
        here, there = facts.get(key), more.get(key)
        if here is None or there is None:
            total[key] = there if here is None else here
        elif isinstance(here, dict) and isinstance(there, dict):
            total[key] = added(here, there)
        elif isinstance(here, bool) or not isinstance(here, (int, float)):
            assert here == there, f"the note {key!r} of a step with alone=True is {here!r} and {there!r}: give counts"
            total[key] = here
        else:
            total[key] = here + there
    return total


def verify(steps: Sequence[Step], flows: Sequence[Flow], total: int) -> None:
    """Every row is accounted for: each step read all that came before it, and what it read went on or was dropped."""
    before = total
    for step, flow in zip(steps, flows, strict=True):
        dropped = flow.dropped.total()
        if flow.came != before:
            raise GateFailed(f"step {flow.label} read {flow.came} of {before} rows: a step must read to the end")
        if flow.went + dropped != flow.came * step.per_row:
            raise GateFailed(
                f"step {flow.label} read {flow.came} rows and gave {flow.went} and dropped {dropped}; "
                f"it must give {step.per_row} a row: yield Dropped(row, reason) for a row it leaves out"
            )
        before = flow.went
