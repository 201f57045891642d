"""All pairs of the models that some results of the store are of, over the benches that both have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from komainu.errors import UsageError
from komainu.eval.columns import LIMIT, Column, Measure, column, lacking, same_items
from komainu.eval.headline import NO_ITEM, PARTS, Average, paired, withheld, written
from komainu.eval.league import ways
from komainu.eval.league.found import Number, numbers
from komainu.eval.stats import decide
from komainu.eval.stats.bootstrap import Floats
from komainu.eval.stats.cells import pair
from komainu.eval.stats.family import holm, word
from komainu.eval.stats.groups import groups
from komainu.eval.stats.intervals import LEVEL
from komainu.eval.stats.paired import compare, few
from komainu.eval.totals import by_item, rounded, significant
from komainu.rows import Score
from komainu.store import Store


class Told(NamedTuple):
    """A comparison before the family's correction: its line, what its variance is made of, the unit of its scores, and
    whether these are right or wrong."""

    line: dict[str, Any]
    makeup: decide.Makeup | None
    unit: float
    shares: bool = False


class Key(NamedTuple):
    """What is compared: a metric of a bench, and how it was measured."""

    measure: Measure
    way: ways.Key


@dataclass(frozen=True)
class Entrant:
    """A model under the name it is shown by, and its columns."""

    name: str
    columns: Mapping[Key, Column]


def versus(store: Store, targets: Sequence[str], *, accept: float = 0.0, seed: int = 0) -> dict[str, Any]:
    """What `komainu eval compare` tells; see docs/cli.md.

    Raises UsageError for targets that are no results, fewer than two models, models without a bench in common, and
    for numbers that were measured in different ways.
    """
    found, without = entrants(store, targets)
    if len(found) < 2:
        raise UsageError(f"{', '.join(targets)} has the numbers of {len(found)} model; a comparison needs two or more")
    lines: list[Told] = []
    averages: list[Told] = []
    common = in_all(found)
    for a, b in combinations(found, 2):
        alike(a, b)
        lines += [of_column(a, b, key, accept, seed) for key in a.columns if key in b.columns]
        averages += of_averages(a, b, common, accept, seed)
    benches, means = decided(lines), decided(averages)
    told = {"models": [each.name for each in found], "pairs": [*means, *benches], **grouped(found, means)}
    return {**told, "level": LEVEL, "not_compared": without}


def entrants(store: Store, targets: Sequence[str]) -> tuple[list[Entrant], list[str]]:
    """The models of the targets, and the numbers that cannot be compared item by item.

    A model whose numbers come from several targets is one, unless two of them are of the same bench.
    """
    rows = [(number, rows_of(store, number)) for number in numbers(store, targets)]
    without = sorted({f"{n.bench} ({n.language}) {n.metric}" for n, some in rows if not some})
    several = len({(n.model, n.weights, key_of(n)) for n, _ in rows}) < len(rows)
    by: dict[tuple[str, ...], dict[Key, Column]] = {}
    for number, some in rows:
        if some:
            columns = by.setdefault((number.model, number.weights, *([number.result] if several else [])), {})
            columns[key_of(number)] = read(number, some)
    names = [model for model, *_ in by]
    found = []
    for (model, weights, *result), columns in by.items():
        told = f"{model} ({(result or [weights])[0]})" if names.count(model) > 1 else model
        found.append(Entrant(told, columns))
    return found, without


def in_all(found: Sequence[Entrant]) -> list[Key]:
    """What all models have, for the averages; nothing of a bench that they have in several ways, which do not mix."""
    shared = [key for key in found[0].columns if all(key in each.columns for each in found)]
    return [key for key in shared if sum(key.measure == other.measure for other in shared) == 1]


def key_of(number: Number) -> Key:
    return Key(measure_of(number), ways.key(number.way))


def measure_of(number: Number) -> Measure:
    row = number.row
    ends = (row["bottom"], row["top"], row["higher_is_better"])
    return Measure(number.bench, number.language, number.metric, *ends)


def refs(number: Number) -> list[str]:
    """The scores of a number, several where it is of several runs."""
    return [run["scores"] for run in number.row["runs"]["each"]] if "runs" in number.row else [number.row["scores"]]


def rows_of(store: Store, number: Number) -> list[list[Score]]:
    """The verdicts of a number's metric, run by run; [] where it has none of its own."""
    found = []
    for ref in refs(number):
        artifact = store.at(ref)
        if artifact is None:
            raise UsageError(f"{number.result!r} was made from {ref}, which is gone from the store; run it again")
        found.append([row for row in artifact.rows() if isinstance(row, Score) and row.metric == number.metric])
    return found if all(found) else []


def read(number: Number, rows: Sequence[Sequence[Score]]) -> Column:
    return column(measure_of(number), number.way["items"], [by_item(some, number.metric) for some in rows], rows)


def alike(a: Entrant, b: Entrant) -> None:
    """UsageError unless both have a bench, were measured on it in the same way, and answered the same items."""
    ours, theirs = ({key.measure: key.way for key in each.columns} for each in (a, b))
    shared = [measure for measure in ours if measure in theirs]
    if not shared:
        raise UsageError(f"{a.name!r} and {b.name!r} have no bench in common; compare models on the same benches")
    for measure in shared:
        if not any(key.measure == measure and key in b.columns for key in a.columns):
            one, two = ways.apart([ours[measure], theirs[measure]])
            raise UsageError(
                f"{measure.name} was measured in different ways, which cannot be compared: {a.name!r} with {one}; "
                f"{b.name!r} with {two}. Measure both alike"
            )
    for key in a.columns:
        if key in b.columns:
            same_items(a.columns[key], b.columns[key], a.name, b.name)


def of_column(a: Entrant, b: Entrant, key: Key, accept: float, seed: int) -> Told:
    """The comparison on one metric of one bench, in its own unit."""
    measure, way = key
    one, two = a.columns[key], b.columns[key]
    both, why = pair(one.cells, two.cells), lacking((one, two), accept)
    what = {"a": a.name, "b": b.name, **measure.key, "judges": dict(way).get("judges", "")}
    if not why and not both.items:
        why = "no item has verdicts of both"
    told = {**what, "higher_is_better": measure.higher_is_better, "withheld": why}
    counts = {"cells": both.cells, "only_a": both.alone[0], "only_b": both.alone[1], "items_lost": both.lost}
    if why:
        return Told({**told, **withheld(), **counts}, None, measure.span)
    runs = (one.swing, two.swing) if len(one.runs) + len(two.runs) > 2 else ()
    drawn = f"{seed}:{one.name}:{measure.metric}"
    found = compare(both.first, both.second, drawn, bottom=measure.low, top=measure.top, runs=runs)
    gaps = (np.array(both.second) - np.array(both.first)) / measure.span
    whole = float(gaps.var(ddof=1)) / len(gaps) if len(gaps) > 1 else 0.0
    makeup = decide.makeup(one.cells, two.cells, whole, runs, top=measure.span, samples=samples(key, one, two))
    shares = {*both.first, *both.second} <= {measure.low, measure.top}
    return Told({**told, **written(found), **counts}, makeup, measure.span, shares)


def samples(key: Key, one: Column, two: Column) -> int:
    """How many answers to each item both models gave, those of all runs."""
    return int(dict(key.way).get("samples", 1)) * min(len(one.runs), len(two.runs))


def of_averages(a: Entrant, b: Entrant, shared: Sequence[Key], accept: float, seed: int) -> Iterator[Told]:
    """The comparison on each average that the shared benches make, in points of 100."""
    one, two = (Average([each.columns[key] for key in shared], seed, max(LIMIT, accept)) for each in (a, b))
    for part, languages in one.parts.items() if shared else ():
        what = {"a": a.name, "b": b.name, "bench": "average", "language": part, "metric": "mean"}
        weights = one.weights(languages)
        used = [*one.used(weights), *two.used(weights)]
        why = lacking(used, accept)
        found = None if why else paired(one, two, weights)
        rest = {"higher_is_better": True, "withheld": why, "benches": len(used) // 2}
        if found is None:
            rest["withheld"] = why or NO_ITEM
            yield Told({**what, **rest, **withheld()}, None, 100.0)
        else:
            drawn = [samples(key, x, y) for key, x, y in zip(shared, one.columns, two.columns, strict=True)]
            of = makeup_of(one, two, weights, drawn, found.whole)
            yield Told({**what, **rest, **written(found.comparison)}, of, 100.0)


def makeup_of(one: Average, two: Average, weights: Floats, drawn: Sequence[int], whole: float) -> decide.Makeup:
    """What the variance of a difference of averages is made of; `drawn` is how many answers each column has an item."""
    parts = []
    for a, b, n, w in zip(one.columns, two.columns, drawn, weights, strict=True):
        if w:
            runs = (a.between, b.between)
            of = decide.makeup(a.cells, b.cells, whole / w**2, runs, top=a.measure.top, samples=n)
            parts.append((float(w), of))
    return decide.weighed(parts, whole)


def decided(family: Sequence[Told]) -> list[dict[str, Any]]:
    """The lines of one family with p after Holm's correction, the word, and what would decide it.

    What is withheld has neither p nor word. It still counts as one of the family: the others' p must not get smaller
    by verdicts that are missing.
    """
    adjusted = holm([told.line["p"] for told in family])
    open_ones = sum(p > 1 - LEVEL for p in adjusted)
    found = []
    for told, p in zip(family, adjusted, strict=True):
        line, more = told.line, dict[str, Any]({"decide": None, "detectable": None})
        if line["withheld"]:
            found.append({**line, "p": None, "p_adjusted": None, "word": None, **more})
            continue
        change = line["difference"]
        said = word(change, p, better_up=line["higher_is_better"])
        alpha = (1 - LEVEL) / max(1, open_ones)  # what Holm asks of the next one to be decided
        if told.makeup:
            least = round(few(1, alpha=alpha)) if told.shares else 0
            smallest = decide.detectable(told.makeup, alpha, line["n"], least)
            more["detectable"] = None if smallest is None else rounded(told.unit * smallest)
            if said == "not distinguishable":
                more["decide"] = decide.decide(change / told.unit, line["n"], told.makeup, alpha, least=least)
        found.append({**line, "p_adjusted": significant(p), "word": said, **more})
    return found


def grouped(found: Sequence[Entrant], means: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The models that no test tells apart, best first, on the widest average; nothing where one is withheld."""
    part = next((p for p in reversed(PARTS) if any(line["language"] == p for line in means)), None)
    lines = {(line["a"], line["b"]): line for line in means if line["language"] == part}
    if part is None or any(line["difference"] is None for line in lines.values()):
        return {"grouped_by": None, "groups": []}

    def between(a: str, b: str) -> Mapping[str, Any]:
        return lines.get((a, b)) or lines[b, a]

    names = [each.name for each in found]
    ahead = {name: 0.0 for name in names}  # the sum of the differences to all others orders as the means do
    for (a, b), line in lines.items():
        ahead[a] -= line["difference"]
        ahead[b] += line["difference"]
    ranked = sorted(names, key=lambda name: -ahead[name])
    return {
        "grouped_by": part,
        "groups": groups(ranked, lambda a, b: between(a, b)["word"] != "not distinguishable"),
    }
