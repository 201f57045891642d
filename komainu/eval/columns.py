"""Columns of a board: one metric of one bench for one entry, item by item."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from math import nan
from statistics import fmean
from typing import TYPE_CHECKING, NamedTuple

from komainu.errors import UsageError
from komainu.eval.base import Bench, Scores
from komainu.eval.stats.cells import RULE, Cells
from komainu.eval.stats.runs import ONE, Between, between
from komainu.eval.totals import item_means
from komainu.rows import Score

if TYPE_CHECKING:
    from komainu.context import Context

LIMIT = 0.005  # the share of missing verdicts past which a number is withheld
Verdicts = dict[str, list[float | None]]


class Measure(NamedTuple):
    """What a column is a number of: one metric of one bench, its bounds and direction."""

    bench: str
    language: str
    metric: str
    low: float
    top: float
    higher_is_better: bool = True
    averaged: bool = True
    pooled: bool = False

    @property
    def name(self) -> str:
        return f"{self.bench} ({self.language})"

    @property
    def key(self) -> dict[str, str]:
        return {"bench": self.bench, "language": self.language, "metric": self.metric}

    @property
    def worst(self) -> float:
        return self.low if self.higher_is_better else self.top

    @property
    def best(self) -> float:
        return self.top if self.higher_is_better else self.low

    @property
    def span(self) -> float:
        """How far the best score is from the worst."""
        return self.top - self.low

    def goodness(self, value: float) -> float:
        """A score as averages take it: its share of the top, or 1 less that where lower is better. With marks from 1
        the worst is not 0."""
        share = value / self.top
        return share if self.higher_is_better else 1 - share

    def standing(self, goodness: float) -> float:
        """Where a goodness stands between the worst (0) and the best (1) that the bench can give."""
        return (goodness - self.goodness(self.worst)) * self.top / self.span


@dataclass(frozen=True)
class Column:
    """`verdicts` holds each item's scores, one a judge and sample, those of several runs one after the other, None
    when missing; `judges` who gave each. `runs` has the verdicts of each run, and `scores` where they come from.

    Item ids carry the id of the stage they come from: two item sets may use the same ids.
    """

    measure: Measure
    verdicts: Verdicts
    judges: Mapping[str, Sequence[str]]
    runs: tuple[Verdicts, ...]
    scores: tuple[Scores, ...] = ()

    @property
    def name(self) -> str:
        return self.measure.name

    @cached_property
    def cells(self) -> Cells:
        """The verdicts of each item by judge."""
        found: dict[str, dict[str, list[float | None]]] = {}
        for item, some in self.verdicts.items():
            cells = found[item] = {}
            for judge, value in zip(self.judges[item], some, strict=True):
                cells.setdefault(judge, []).append(value)
        return found

    @cached_property
    def values(self) -> dict[str, float | None]:
        """Each item's mean score; None when all its verdicts are missing."""
        return item_means(self.verdicts)

    @cached_property
    def between(self) -> Between:
        """What several runs add to the variance of the mean goodness; nothing where there is one."""
        means = [item_means(run) for run in self.runs]
        table = [[nan if (v := run.get(i)) is None else self.goodness(v) for run in means] for i in self.verdicts]
        return between(table) if len(self.runs) > 1 else ONE

    @property
    def swing(self) -> Between:
        """The same of where the mean stands between the bench's worst and best."""
        return self.between.scaled(self.measure.top / self.measure.span)

    @property
    def missing(self) -> float:
        """The share of missing verdicts."""
        every = [value for some in self.verdicts.values() for value in some]
        return sum(value is None for value in every) / max(1, len(every))

    def goodness(self, value: float) -> float:
        return self.measure.goodness(value)

    def bound(self, value: float) -> float:
        """The mean over items if every missing verdict were `value`."""
        filled = self.filled(value)
        return fmean(fmean(some) for some in filled)

    def pooled_bound(self, value: float) -> float:
        """The same as the metric's own mean is taken: over all verdicts where it is pooled."""
        if not self.measure.pooled:
            return self.bound(value)
        every = [v for some in self.filled(value) for v in some]
        return fmean(every)

    def filled(self, value: float) -> list[list[float]]:
        return [[value if v is None else v for v in some] for some in self.verdicts.values()]


def read(scores: Iterable[Scores], ctx: Context) -> Iterator[Column]:
    """The columns of some scores by language (Japanese first), bench name and metric: one order for every entry."""
    for _, group in groupby(ordered(scores), lambda s: (s.bench.language, s.bench.title)):
        runs = tuple(group)
        rows = [[row for row in ctx.open(run).rows() if isinstance(row, Score)] for run in runs]
        for metric in runs[0].bench.metrics:
            verdicts = [run.column(some, metric) for run, some in zip(runs, rows, strict=True)]
            yield column(measure(runs[0].bench, metric), runs[0].answers.items.id, verdicts, rows, runs)


def measure(bench: Bench, metric: str) -> Measure:
    ends = (bench.low, bench.top, bench.higher_is_better)
    return Measure(bench.title, bench.language, metric, *ends, bench.averaged, metric in bench.pooled)


def column(
    what: Measure,
    items: str,
    verdicts: Sequence[Verdicts],
    rows: Sequence[Sequence[Score]],
    scores: tuple[Scores, ...] = (),
) -> Column:
    """The column of one or several runs, from the verdicts and the rows of each."""
    runs = tuple({f"{items}/{i}": some for i, some in found.items()} for found in verdicts)
    every: Verdicts = {}
    judges: dict[str, list[str]] = {}
    for found, some in zip(verdicts, rows, strict=True):
        given: dict[str, list[str]] = {}
        for row in some:
            if row.metric == what.metric:
                given.setdefault(row.id, []).append(row.by)
        for i, values in found.items():
            by = given.get(i, [])
            every.setdefault(f"{items}/{i}", []).extend(values)
            # verdicts that were made out of other rows are no judge's
            judges.setdefault(f"{items}/{i}", []).extend(by if len(by) == len(values) else [RULE] * len(values))
    return Column(what, every, judges, runs, scores)


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
    return next(filter(None, (lacks(column.name, column.missing, limit) for column in columns)), "")


def lacks(name: str, missing: float, limit: float = LIMIT) -> str:
    """What is to be said of a bench with that share of its verdicts missing; "" up to the limit."""
    return f"{name} lacks {100 * missing:.1f} % of its verdicts, more than {100 * limit:g} %" if missing > limit else ""


def accepted(columns: Iterable[Column], accept: float) -> str:
    """What is missing of these columns past the limit, and was accepted; "" for nothing."""
    some = {c.name: c.missing for c in columns if LIMIT < c.missing <= accept}
    return f"accepted {', '.join(f'{100 * x:.1f} % missing of {name}' for name, x in some.items())}" if some else ""
