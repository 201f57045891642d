"""Bias of a judge towards models of its own family, or towards models that it has taught."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.stats import ttest_ind

from komainu.errors import UsageError
from komainu.eval.panel.levels import Means, interval, model_means, number
from komainu.eval.panel.marks import Sheet
from komainu.eval.panel.reading import objects
from komainu.eval.stats.agreement import TINY
from komainu.eval.stats.bootstrap import Bools, Floats, generator
from komainu.eval.stats.intervals import LEVEL
from komainu.eval.totals import rounded, significant

Relation = Literal["family", "teacher"]
SHUFFLES = 10_000
FEWEST = 2  # models of a group


class Kin(NamedTuple):
    """What is known of a model or a judge whose name fits a pattern (`Qwen/*`); "" is not known."""

    model: str
    family: str
    teacher: str


def read_kin(path: Path) -> tuple[Kin, ...]:
    """The rows of a file with `model`, and `family` or `teacher` or both."""
    found = []
    for at, row in objects(path):
        kin = Kin(*(str(row.get(name) or "") for name in Kin._fields))
        if not kin.model or not (kin.family or kin.teacher):
            raise UsageError(f"{at}: a row needs `model`, and `family` or `teacher`")
        found.append(kin)
    return tuple(found)


def label(kin: Sequence[Kin], name: str, relation: Relation) -> str:
    """The family or teacher of a model: of the first row that fits its name and tells it."""
    fitting = (getattr(each, relation) for each in kin if fnmatchcase(name, each.model))
    return next((found for found in fitting if found), "")


def kin_bias(
    sheet: Sheet, judges: Sequence[str], kin: Sequence[Kin], relation: Relation, seed: str
) -> list[dict[str, Any]]:
    """For each group of models (a family, or the pupils of one teacher) that has a judge of its own.

    gap      of each judge: the group's mean of model means minus that of the other groups' models
    next     the group that the judges together put next to it, and each judge's gap to that group alone
    own      of each judge of the group: its gap minus the mean gap of the judges that are not of the group, a
             difference in differences, with a bootstrap interval over items, Welch's over models, and the p of a test
             that gives the models their groups at random

    Model means are over the answers that all judges have scored. A group or its rest with fewer than two models is left
    out. A judge is of the group that its family is, or of the one that bears its name.
    """
    means = model_means(sheet, [sheet.of(judge) for judge in judges], sheet.benches, seed)
    labels = [label(kin, model, relation) for model in means.models]
    own = [{judge, label(kin, judge, "family")} for judge in judges]
    found = []
    for group in sorted({*labels} - {""}):
        mine = np.array([group in names for names in own])
        inside = np.array([each == group for each in labels], dtype=np.bool_)
        outside = np.array([each not in ("", group) for each in labels], dtype=np.bool_)
        if mine.any() and not mine.all() and min(inside.sum(), outside.sum()) >= FEWEST:
            found.append(one_group(means, judges, labels, group, mine, f"{seed}:{relation}:{group}"))
    return found


def one_group(
    means: Means, judges: Sequence[str], labels: Sequence[str], group: str, mine: Bools, seed: str
) -> dict[str, Any]:
    """The bias towards one group."""
    inside = np.array([each == group for each in labels], dtype=np.bool_)
    outside = np.array([each not in ("", group) for each in labels], dtype=np.bool_)
    others = {each: means.values[[x == each for x in labels]].mean(axis=0) for each in {*labels} - {"", group}}
    following = max(sorted(others), key=lambda name: float(others[name].mean()))
    to_next = means.values[inside].mean(axis=0) - others[following]
    own, over_items = beyond(means.values, mine), gap(beyond(means.replicates, mine), inside, outside)
    excess, chance = gap(own, inside, outside), shuffled(own[inside], own[outside], seed)
    return {
        "group": group,
        "models": int(inside.sum()),
        "others": int(outside.sum()),
        "gap": dict(zip(judges, map(number, gap(means.values, inside, outside)), strict=True)),
        "next": {"group": following, **dict(zip(judges, map(number, to_next), strict=True))},
        "own": [
            {
                "judge": judges[j],
                "value": number(excess[j]),
                "items": interval(over_items[:, j]),
                "models": welch(own[inside, j], own[outside, j]),
                "p": significant((1 + (np.abs(chance[:, j]) >= abs(excess[j]) - TINY).sum()) / (1 + len(chance))),
            }
            for j in np.flatnonzero(mine).tolist()
        ],
    }


def beyond(values: Floats, mine: Bools) -> Floats:
    """Models by judges: how much more each judge gives a model than the judges that are not of the group do."""
    return np.asarray(values - values[..., ~mine].mean(axis=-1, keepdims=True))


def gap(values: Floats, inside: Bools, outside: Bools) -> Floats:
    """Models by judges: the mean of some models minus that of others, by judge."""
    return np.asarray(values[..., inside, :].mean(axis=-2) - values[..., outside, :].mean(axis=-2))


def welch(inside: Floats, outside: Floats) -> list[float] | None:
    """Welch's interval of a difference of means; a bootstrap of as few models as a group has is too narrow."""
    if inside.std() + outside.std() < TINY:
        return None
    found = ttest_ind(inside, outside, equal_var=False).confidence_interval(LEVEL)
    return [rounded(found.low), rounded(found.high)]


def shuffled(inside: Floats, outside: Floats, seed: str) -> Floats:
    """The gaps when the models change sides at random: shuffles by judges."""
    both, n = np.concatenate([inside, outside]), len(inside)
    orders = np.argsort(generator("kin", seed).random((SHUFFLES, len(both))), axis=1)
    mean = both[orders[:, :n]].mean(axis=1)
    return np.asarray(mean - (both.sum(axis=0) - mean * n) / len(outside))
