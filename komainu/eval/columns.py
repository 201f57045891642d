"""Columns of a board: one metric of one bench for one entry, item by item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from komainu.errors import UsageError
from komainu.eval.base import Scores
from komainu.eval.totals import item_means
from komainu.rows import Score

if TYPE_CHECKING:
    from komainu.context import Context

LIMIT = 0.005  # the share of missing verdicts past which a number is withheld
Verdicts = dict[str, list[float | None]]


@dataclass(frozen=True)
class Column:
    """`verdicts` holds each item's scores, one a sample, None when missing.

    Item ids carry the id of the stage they come from: two item sets may use the same ids.
    """

    scores: Scores
    metric: str
    verdicts: Verdicts

    @property
    def key(self) -> dict[str, str]:
        bench = self.scores.bench
        return {"bench": bench.title, "language": bench.language, "metric": self.metric}

    @property
    def name(self) -> str:
        return f"{self.scores.bench.title} ({self.scores.bench.language})"

    @cached_property
    def values(self) -> dict[str, float | None]:
        """Each item's mean score; None when all its verdicts are missing."""
        return item_means(self.verdicts)

    @property
    def missing(self) -> float:
        """The share of missing verdicts."""
        every = [value for some in self.verdicts.values() for value in some]
        return sum(value is None for value in every) / max(1, len(every))

    def goodness(self, value: float) -> float:
        """A score between 0 (worst) and 1 (best)."""
        share = value / self.scores.bench.top
        return share if self.scores.bench.higher_is_better else 1 - share

    def bound(self, value: float) -> float:
        """The mean over items if every missing verdict were `value`."""
        filled = self.filled(value)
        return sum(sum(some) / len(some) for some in filled) / len(filled)

    def pooled_bound(self, value: float) -> float:
        """The same as the metric's own mean is taken: over all verdicts where it is pooled."""
        if self.metric not in self.scores.bench.pooled:
            return self.bound(value)
        every = [v for some in self.filled(value) for v in some]
        return sum(every) / len(every)

    def filled(self, value: float) -> list[list[float]]:
        return [[value if v is None else v for v in some] for some in self.verdicts.values()]


def read(scores: Iterable[Scores], ctx: Context) -> Iterator[Column]:
    """The columns of some scores by language (Japanese first), bench name and metric: one order for every entry."""
    for each in ordered(scores):
        rows = [row for row in ctx.open(each).rows() if isinstance(row, Score)]
        for metric in each.bench.metrics:
            found = each.column(rows, metric)
            yield Column(each, metric, {f"{each.answers.items.id}/{i}": some for i, some in found.items()})


def ordered(scores: Iterable[Scores]) -> list[Scores]:
    return sorted(scores, key=lambda s: (s.bench.language != "ja", s.bench.title))


def same_items(a: Column, b: Column, first: str, second: str) -> None:
    """UsageError unless the columns of two entries are about the same items."""
    for have, lack, with_it, without in ((a, b, first, second), (b, a, second, first)):
        ids = [i.split("/", 1)[1] for i in have.verdicts if i not in lack.verdicts]
        if ids:
            raise UsageError(
                f"{without!r} has no {a.name} score for {len(ids)} items that {with_it!r} has, first {ids[0]!r}; "
                "a board compares the same items: let both models answer the same ones"
            )


def lacking(columns: Iterable[Column], accept: float = 0.0) -> str:
    """Why a number made of these columns is withheld; "" when it is not. `accept`: a share that is accepted."""
    limit = max(LIMIT, accept)
    for column in columns:
        if column.missing > limit:
            share = f"{100 * column.missing:.1f} % of its verdicts, more than {100 * limit:g} %"
            return f"{column.name} lacks {share}"
    return ""


def accepted(columns: Iterable[Column], accept: float) -> str:
    """What is missing of these columns past the limit, and was accepted; "" for nothing."""
    some = {c.name: c.missing for c in columns if LIMIT < c.missing <= accept}
    return f"accepted {', '.join(f'{100 * x:.1f} % missing of {name}' for name, x in some.items())}" if some else ""
