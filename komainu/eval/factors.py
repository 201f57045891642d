"""What a sweep's factors did: the effect of each, groups that nothing tells apart, over points of the same benches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple

from komainu.errors import UsageError
from komainu.eval.columns import LIMIT, Column, Measure, lacking
from komainu.eval.headline import PARTS, Average, gaps
from komainu.eval.stats.effects import Block, Effect, average, effect
from komainu.eval.stats.family import holm, word
from komainu.eval.stats.groups import groups
from komainu.eval.stats.intervals import LEVEL
from komainu.eval.totals import rounded, significant
from komainu.eval.vectors import Vector, differences, vector
from komainu.eval.versus import Entrant, Key

MOST = 60  # settings up to which all pairs are compared
SEED = "seed"


class Tried(NamedTuple):
    """A point that has numbers: its values, and one model's columns."""

    values: Mapping[str, str]
    entrant: Entrant


@dataclass(frozen=True)
class Response:
    """One thing that is looked at: an average over languages, or one metric of one bench; in points of 100."""

    name: str
    measures: tuple[Measure, ...]
    languages: tuple[str, ...]


@dataclass
class Factors:
    """The points of a sweep and what varied among them. A factor called `seed` (or ending in `_seed`) is no treatment:
    its levels are runs, and what they differ by is luck."""

    points: Sequence[Tried]
    varied: Mapping[str, Sequence[str]]
    accept: float = 0.0
    kept: dict[tuple[int, str], Average] = field(default_factory=dict)
    vectors: dict[tuple[int, str], Vector | None] = field(default_factory=dict)

    @cached_property
    def treatments(self) -> dict[str, Sequence[str]]:
        return {name: levels for name, levels in self.varied.items() if not is_seed(name)}

    @cached_property
    def responses(self) -> list[Response]:
        """The averages of the benches that all points have, the widest first, then each bench."""
        measures = [m for m in measures_of(self.points[0]) if all(m in measures_of(each) for each in self.points)]
        if not measures:
            raise UsageError(
                "the points have no bench in common, so there is nothing to compare"
                "; let the recipe give all of them one of the same benches"
            )
        there = {m.language for m in measures}
        means = [Response(p, tuple(measures), langs) for p, langs in reversed(PARTS.items()) if {*langs} <= there]
        return [*means, *(Response(f"{m.name} {m.metric}", (m,), (m.language,)) for m in measures)]

    def average(self, i: int, of: Response) -> Average:
        if (i, of.name) not in self.kept:
            columns = [column_of(self.points[i], m)[1] for m in of.measures]
            self.kept[i, of.name] = Average(columns, 0, max(LIMIT, self.accept))
        return self.kept[i, of.name]

    def vector(self, i: int, of: Response) -> Vector | None:
        if (i, of.name) not in self.vectors:
            mine = self.average(i, of)
            self.vectors[i, of.name] = vector(mine, mine.weights(of.languages))
        return self.vectors[i, of.name]

    def lacks(self, i: int, of: Response) -> str:
        """Why a point has no number there; "" when it has one."""
        if self.vector(i, of):
            return ""
        mine = self.average(i, of)
        return lacking(mine.used(mine.weights(of.languages)), mine.accept)

    def block(self, i: int, j: int, of: Response) -> Block | None:
        """Point j minus point i; None where they cannot be paired: other items, or too many verdicts missing."""
        if self.keys(i, of) != self.keys(j, of) or self.lacks(i, of) or self.lacks(j, of):
            return None
        one, two = self.vector(i, of), self.vector(j, of)
        if one and two and one.items == two.items:
            return Block(self.seed(i), one.items, *differences(one, two))
        mine = self.average(i, of)
        found = gaps(mine, self.average(j, of), mine.weights(of.languages))
        return found and Block(self.seed(i), found.items, found.parts, found.errors)

    def keys(self, i: int, of: Response) -> tuple[Key, ...]:
        """How a point was measured: two are compared only where they were measured alike, on the same items."""
        return tuple(column_of(self.points[i], m)[0] for m in of.measures)

    def seed(self, i: int) -> str:
        return ",".join(self.points[i].values[name] for name in self.varied if is_seed(name))

    def blocks(self, factor: str, a: str, b: str, of: Response) -> Iterator[Block]:
        """Every two points that differ in a factor alone, at these two levels."""
        index = {(*p.values.items(),): i for i, p in enumerate(self.points)}
        for i, point in enumerate(self.points):
            if point.values[factor] == a:
                j = index.get((*{**point.values, factor: b}.items(),))
                if j is not None and (found := self.block(i, j, of)):
                    yield found

    def effects(self, of: Sequence[Response]) -> list[dict[str, Any]]:
        """The effect of each factor between each two of its levels, corrected over all of them (Holm)."""
        lines: list[tuple[dict[str, Any], Effect | None]] = []
        for response in of:
            for factor, levels in self.treatments.items():
                for a, b in combinations(levels, 2):
                    some = [*self.blocks(factor, a, b, response)]
                    what = {"response": response.name, "factor": factor, "from": a, "to": b}
                    lines.append((what, effect(some) if some else None))
        adjusted = iter(holm([found.p for _, found in lines if found]))
        return [{**what, **(written(found, next(adjusted)) if found else NOTHING)} for what, found in lines]

    def settings(self, of: Response) -> dict[str, Any]:
        """Each setting (a combination without its seeds), best first, with its mean over seeds, and the groups of those
        that nothing tells apart; no groups past MOST settings, or where none has a partner with the same items."""
        every: dict[str, list[int]] = {}
        for i, point in enumerate(self.points):
            every.setdefault(" ".join(f"{n}={point.values[n]}" for n in self.treatments) or "all", []).append(i)
        means = {name: self.mean(some, of) for name, some in every.items()}
        there = sorted((n for n, m in means.items() if m), key=lambda n: -(means[n] or (0.0,))[0])
        letters = self.groups(there, every, of) if 2 <= len(there) <= MOST else []
        rows = []
        for name in (*there, *(n for n in means if n not in there)):
            ends = means[name]
            numbers = (
                dict.fromkeys(("mean", "low", "high")) if ends is None else dict(zip(ENDS, points(ends), strict=True))
            )
            own = [n for n, group in enumerate(letters, 1) if name in group]
            rows.append({"setting": name, **numbers, "runs": len(every[name]), "groups": own})
        return {"settings": rows, "groups": letters}

    def mean(self, some: Sequence[int], of: Response) -> tuple[float, float, float] | None:
        """The mean over seeds; None where one of them has no number."""
        found = [self.average(i, of).estimate(of.languages) for i in some]
        if any(each["mean"] is None for each in found):
            return None
        return average([tuple(each[end] / 100 for end in ENDS) for each in found])

    def numbers(self) -> list[dict[str, Any]]:
        """The lead average of each point, as a board has it."""
        lead = self.responses[0]
        return [{k: self.average(i, lead).estimate(lead.languages)[k] for k in ENDS} for i, _ in enumerate(self.points)]

    def groups(self, names: Sequence[str], every: Mapping[str, list[int]], of: Response) -> list[list[str]]:
        """By paired differences over the seeds that two settings share, with Holm's correction over all pairs."""
        pairs, ps = [*combinations(names, 2)], []
        for a, b in pairs:
            mine = {self.seed(i): i for i in every[a]}
            some = [self.block(mine[s], j, of) for j in every[b] if (s := self.seed(j)) in mine]
            there = [each for each in some if each]
            ps.append(effect(there).p if there else 1.0)
        apart = {frozenset(pair) for pair, p in zip(pairs, holm(ps), strict=True) if p <= 1 - LEVEL + 1e-12}
        return groups(names, lambda a, b: frozenset((a, b)) in apart)


ENDS = ("mean", "low", "high")
NOTHING: dict[str, Any] = {
    **dict.fromkeys(("effect", "low", "high", "sd")),
    **{"p": 1.0, "p_adjusted": 1.0, "word": "not compared", "blocks": 0, "runs": 0, "n": 0},
}


def written(found: Effect, adjusted: float) -> dict[str, Any]:
    """An effect in points of 100."""
    mean, low, high = points((found.mean, found.low, found.high))
    return {
        "effect": mean,
        "low": low,
        "high": high,
        "sd": None if found.sd is None else rounded(100 * found.sd),
        "p": significant(found.p),
        "p_adjusted": significant(adjusted),
        "word": word(found.mean, adjusted),
        "blocks": found.blocks,
        "runs": found.replicates,
        "n": found.n,
    }


def points(ends: Sequence[float]) -> list[float]:
    return [rounded(100 * each) for each in ends]


def is_seed(name: str) -> bool:
    return name == SEED or name.endswith(f"_{SEED}")


def measures_of(point: Tried) -> list[Measure]:
    return [key.measure for key in point.entrant.columns]


def column_of(point: Tried, measure: Measure) -> tuple[Key, Column]:
    """The column of a measure; raises UsageError where there are several, which do not mix."""
    found = [(key, column) for key, column in point.entrant.columns.items() if key.measure == measure]
    if len(found) > 1:
        raise UsageError(
            f"{point.entrant.name} has {measure.name} in several ways; a sweep needs one"
            ": measure it in one way in the recipe"
        )
    return found[0]


def analysed(made: Factors) -> dict[str, Any]:
    """All that a sweep tells: effects on the widest average, then on the other averages and single benches (a family
    each), settings, groups."""
    lead, *rest = made.responses
    return {
        "lead": lead.name,
        "seeds": [name for name in made.varied if is_seed(name)],
        "effects": [*made.effects([lead]), *made.effects(rest)],
        **made.settings(lead),
        "level": LEVEL,
    }
