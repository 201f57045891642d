"""The values of one column item by item, of all entries, as a page reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from komainu.rows import Score

DIGITS = 4


@dataclass
class Table:
    """`rows` has for each entry and item the mean of its verdicts, None when all are missing or there are none."""

    items: int
    rows: dict[int, list[float | None]] = field(default_factory=dict)
    spread: dict[int, list[float | None]] = field(default_factory=dict)  # between the judges of an answer
    lacking: list[tuple[int, int, int]] = field(default_factory=list)  # entry, item, missing verdicts
    ruled: list[tuple[int, int]] = field(default_factory=list)  # entry, item that no judge was asked about
    covered: set[int] = field(default_factory=set)

    def add(self, entry: int, scores: Sequence[tuple[int, Score]]) -> None:
        """The scores of one entry, each with the number of its item."""
        by: dict[int, dict[str, list[float | None]]] = {}
        for item, score in scores:
            by.setdefault(item, {}).setdefault(score.by, []).append(score.value)
        names = sorted({score.by for _, score in scores} - {"rule"})
        row: list[float | None] = [None] * self.items
        gaps: list[float | None] = [None] * self.items
        for item, verdicts in by.items():
            row[item] = mean([value for some in verdicts.values() for value in some])
            means = [value for some in verdicts.values() if (value := mean(some)) is not None]
            gaps[item] = shorter(max(means) - min(means)) if len(means) > 1 else None
            if missing := sum(value is None for some in verdicts.values() for value in some):
                self.lacking.append((entry, item, missing))
            if names and "rule" in verdicts:
                self.ruled.append((entry, item))
        self.covered |= by.keys()
        self.rows[entry] = row
        if len(names) > 1:
            self.spread[entry] = gaps

    def json(self) -> dict[str, Any]:
        """Only the items that the column is about, in their order."""
        at = sorted(self.covered)
        place = {item: n for n, item in enumerate(at)}
        return {
            "at": at,
            "rows": [[entry, [row[i] for i in at]] for entry, row in self.rows.items()],
            "spread": [[entry, [row[i] for i in at]] for entry, row in self.spread.items()],
            "lacking": [[entry, place[i], n] for entry, i, n in self.lacking],
            "ruled": [[entry, place[i]] for entry, i in self.ruled],
        }


def mean(values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return shorter(fmean(there)) if there else None


def shorter(value: float) -> float | int:
    """A number with as many digits as a page shows; a whole one without a point."""
    value = round(value, DIGITS)
    return int(value) if value == int(value) else value
