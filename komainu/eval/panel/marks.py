"""Marks: what each judge gave each answer, as one table whatever it was read from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from komainu.errors import UsageError, nearest
from komainu.eval.stats.bootstrap import Bools, Floats

PANEL = "panel"  # the mean of its judges' scores, shown among them
GOLDS = ("gold", "people")  # a judge of such a name is the gold unless another is said


class Mark(NamedTuple):
    """One score of one judge for one answer; None is a missing verdict. `sample` tells answers of one model to one item
    apart, `length` is the answer's in characters, `top` the best score there is, `at` where the mark stands."""

    model: str
    item: str
    judge: str
    score: float | None
    bench: str = ""
    metric: str = "score"
    sample: str = ""
    category: str = ""
    length: int | None = None
    top: float | None = None
    at: str = ""


class Answer(NamedTuple):
    bench: str
    model: str
    item: str
    sample: str


@dataclass(frozen=True)
class Sheet:
    """The marks as a table of answers by judges.

    `values` is nan where a judge gave no verdict; `asked` says where it was asked for one. `lengths` is nan where it is
    not known, `tops` lacks a bench whose scale is not.
    """

    answers: tuple[Answer, ...]
    judges: tuple[str, ...]
    values: Floats  # answers by judges
    asked: Bools
    lengths: Floats
    tops: dict[str, float]

    def of(self, judge: str) -> Floats:
        """The scores of a judge."""
        if judge not in self.judges:
            raise UsageError(f"there is no judge {judge!r}{nearest(judge, self.judges)}")
        return self.values[:, self.judges.index(judge)]

    def mean(self, judges: Sequence[str]) -> Floats:
        """Each answer's mean over the verdicts that there are of these judges; nan where there is none."""
        some = np.stack([self.of(judge) for judge in judges], axis=1)
        n = (~np.isnan(some)).sum(axis=1)
        return np.where(n > 0, np.nansum(some, axis=1) / np.maximum(n, 1), np.nan)

    @cached_property
    def benches(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(answer.bench for answer in self.answers))

    @cached_property
    def models(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(answer.model for answer in self.answers))

    def factor(self, bench: str) -> float:
        """What the scores of a bench are multiplied with before benches are averaged: those of known scales to 0-10."""
        return 10 / self.tops[bench] if self.tops.keys() >= {*self.benches} else 1.0

    def rows_of(self, bench: str) -> Bools:
        return np.array([answer.bench == bench for answer in self.answers], dtype=np.bool_)

    def only(self, bench: str, scores: Floats) -> Floats:
        """Scores with those of other benches left out."""
        return np.where(self.rows_of(bench), scores, np.nan)

    @cached_property
    def items(self) -> Sequence[str]:
        """Which item each answer is to, an item of another bench being another."""
        return [f"{answer.bench}/{answer.item}" for answer in self.answers]


def sheet(marks: Iterable[Mark], metric: str = "") -> Sheet:
    """The table of some marks: of one metric, or with the mean of all the metrics of a bench as an answer's score.

    An answer that lacks one metric of a judge has no score of it. Raises UsageError for a second mark of the same judge
    and metric for an answer.
    """
    found: dict[tuple[Answer, str], dict[str, float | None]] = {}
    metrics: dict[str, dict[str, None]] = {}  # of each bench, in their order
    first: dict[Answer, Mark] = {}
    tops: dict[str, float] = {}
    for mark in marks:
        metrics.setdefault(mark.bench, {}).setdefault(mark.metric)
        if metric and mark.metric != metric:
            continue
        answer = Answer(mark.bench, mark.model, mark.item, mark.sample)
        scores = found.setdefault((answer, mark.judge), {})
        if mark.metric in scores:
            again = f"{mark.judge} has scored {mark.item!r} of {mark.model} before; number them by `sample`"
            raise UsageError(f"{mark.at}: {again}" if mark.at else again)
        scores[mark.metric] = mark.score
        first.setdefault(answer, mark)
        if mark.top is not None:
            tops[mark.bench] = mark.top
    if not found:
        known = dict.fromkeys(name for some in metrics.values() for name in some)
        raise UsageError(f"there are no scores of the metric {metric!r}{nearest(metric, known)}")
    answers, judges = [*first], [*dict.fromkeys(judge for _, judge in found)]
    row, column = {a: i for i, a in enumerate(answers)}, {j: i for i, j in enumerate(judges)}
    values, asked = np.full((len(answers), len(judges)), np.nan), np.zeros((len(answers), len(judges)), dtype=np.bool_)
    for (answer, judge), scores in found.items():
        there = [scores.get(name) for name in ([metric] if metric else metrics[answer.bench])]
        place = row[answer], column[judge]
        asked[place] = True
        if None not in there:
            values[place] = sum(score for score in there if score is not None) / len(there)
    lengths = np.array([np.nan if m.length is None else m.length for m in first.values()], dtype=np.float64)
    return Sheet(tuple(answers), tuple(judges), values, asked, lengths, tops)


def gold_of(sheet: Sheet, wanted: str) -> str:
    """The judge that the others are measured against: the one said, or one that is called a gold; "" when none is."""
    if wanted:
        sheet.of(wanted)
        return wanted
    return next((name for name in GOLDS if name in sheet.judges), "")


class Reference(NamedTuple):
    """What a judge is compared with, and what it is called."""

    against: str
    scores: Floats


def reference(sheet: Sheet, judges: Sequence[str], judge: str, gold: str) -> Reference:
    """The gold where it has scored more than half of the answers that the judge was asked about; else the mean of the
    other judges of the panel."""
    asked = sheet.asked[:, sheet.judges.index(judge)]
    if gold and 2 * (asked & ~np.isnan(sheet.of(gold))).sum() > asked.sum():
        return Reference(gold, sheet.of(gold))
    others = [name for name in judges if name != judge]
    return Reference("the others", sheet.mean(others) if others else np.full(len(sheet.answers), np.nan))
