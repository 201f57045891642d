"""Strength: the scores of tl-bench, from the verdicts of its judges. Reading them again asks nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any

from komainu.eval.base import Scores
from komainu.eval.bench.tl_bench.adaptive import Pairing
from komainu.eval.bench.tl_bench.anchors import AnchorSet, load
from komainu.eval.bench.tl_bench.asking import entered, within
from komainu.eval.bench.tl_bench.bench import TlBench
from komainu.eval.bench.tl_bench.duels import TlDuels
from komainu.eval.bench.tl_bench.won import paired, placed_among, results, won
from komainu.eval.judge.guard import steers
from komainu.files import read_objects
from komainu.rows import Chat, Score
from komainu.spec import Spec

if TYPE_CHECKING:
    from komainu.context import Context
    from komainu.eval.bench.tl_bench.placing import Placement

NONE = "missing: no pair of verdicts"


@dataclass(frozen=True, kw_only=True)
class Strength(Scores):
    """Score rows: what the candidate won, one a text, anchor, order and judge (`ANCHOR/first`: its translation stood
    first), and for each text its part in LT (`lt`, by "Bradley-Terry"; their mean is LT).

    A pair of orders with a verdict missing is left out and counts as missing, both verdicts of it. The judges' verdicts
    are fitted jointly, with the anchors' own duels. `by` has LT by direction and difficulty, each a fit of its own with
    the anchors' duels on these texts.
    """

    bench: TlBench
    duels: tuple[TlDuels, ...]

    def __post_init__(self) -> None:
        """By the judges' names, so that the order in which they are given plays no part."""
        object.__setattr__(self, "duels", tuple(sorted(self.duels, key=lambda d: (d.judge.name, d.id))))

    def check(self) -> Iterator[str]:
        yield from super().check()
        if not self.duels:
            yield "Strength.duels is empty; give it the TlDuels of at least one judge"
        for duels in self.duels:
            if (duels.answers.id, duels.bench.id) != (self.answers.id, self.bench.id):
                yield f"{duels.label} is about other answers or another bench than its Strength"
        for name, n in Counter(duels.judge.name for duels in self.duels).items():
            if n > 1:
                yield f"Strength.duels has {n} judges called {name!r}; each judge needs a name of its own"
            if name == "rule":
                yield "Strength.duels has a judge called 'rule', which stands for what is scored without one; rename it"

    @property
    def how(self) -> tuple[Spec, ...]:
        return tuple(duels.judge for duels in self.duels)

    def scored(self, chats: Sequence[Chat], ctx: Context) -> list[Score]:
        anchors = load(ctx.open(self.bench.anchors).path)
        own = within(entered(self.bench, chats), anchors)
        scores: list[Score] = []
        for duels in self.duels:
            made = ctx.open(duels)
            pairings = [Pairing(row["item"], row["anchor"]) for _, row in read_objects(made.path / "pairings.jsonl")]
            said = [row for row in made.rows() if isinstance(row, Chat)]
            scores += won(self.bench, duels.judge.name, pairings, own, anchors, said)
        return [*scores, *parts(own, placed_among(anchors, results(scores)))]

    def column(self, rows: Sequence[Score], metric: str) -> dict[str, list[float | None]]:
        """Each text's part in LT as often as it has verdicts that count, None as often as it has missing ones."""
        own = {row.id: row.value for row in rows if row.metric == metric}
        found: dict[str, list[float | None]] = {item: [] for item in own}
        for (item, *_), pair in paired(rows).items():
            found[item] += [None if None in pair else own[item]] * len(pair)
        return {item: some or [None] for item, some in found.items()}

    def summed(self, chats: Sequence[Chat], scores: list[Score]) -> dict[str, Any]:
        return {}  # `told` has it all

    def told(self, chats: Sequence[Chat], scores: Sequence[Score], ctx: Context) -> dict[str, Any]:
        anchors = load(ctx.open(self.bench.anchors).path)
        own = within(entered(self.bench, chats), anchors)
        placed = placed_among(anchors, results(scores))
        tasks = {item: self.bench.group(chat) for item, chat in own.items()}
        labels = sorted({label for task in tasks.values() for label in (task, *task.split())})
        by = {}
        for label in labels:
            kept = [item for item, task in tasks.items() if label in (task, *task.split())]
            some = [score for score in scores if score.id in {*kept}]
            by[label] = self.estimate(some, placed_among(anchors, results(some), kept))
        return {
            "metrics": {"lt": {**self.estimate(scores, placed), "reasons": reasons(scores)}},
            "by": by,
            "overall": {**shares(scores), **(self.strength(placed) if placed else {})},
            "anchors": fitted(placed) if placed else {},
            "judges": {"lt": self.judged(scores, anchors)},
            "asked_again": {d.judge.name: ctx.open(d).summary["asked_again"] for d in self.duels},
            "by_rule": dict(sorted(Counter(s.why.partition(":")[0] for s in scores if s.by == "rule").items())),
            "steering": sum(bool(steers(chat)) for chat in own.values()),
            "tags": dict(sorted(Counter(str(chat.meta.get("tags", "none")) for chat in own.values()).items())),
            "prompt": self.bench.config()["prompt"],
        }

    def estimate(self, scores: Sequence[Score], placed: Placement | None) -> dict[str, Any]:
        """LT with its interval, the verdicts that count, the texts they are on, and the missing ones."""
        from komainu.eval.totals import rounded

        n, items, missing = counted(scores)
        found = placed.interval(self.answers.items.id) if placed else (None, None, None)
        mean, low, high = (None if value is None else rounded(value) for value in found)
        return {"mean": mean, "n": n, "items": items, "missing": missing, "low": low, "high": high}

    def strength(self, placed: Placement) -> dict[str, Any]:
        return {"strength": round(placed.strength, 6), "side": placed.fit.sides[placed.me]}

    def judged(self, scores: Sequence[Score], anchors: AnchorSet) -> dict[str, Any]:
        """LT by each judge's verdicts alone, what it lacks and its liking for a place (see `shares`), and the mean of
        these LTs; what is by rule is every judge's."""
        by: dict[str, dict[str, Any]] = {}
        position = shares(scores)["position"]
        for duels in self.duels:
            ruled = {(score.id, score.metric): score for score in scores if score.by == "rule"}
            own = [*(score for score in scores if score.by == duels.judge.name), *ruled.values()]
            placed, (n, _, missing) = placed_among(anchors, results(own)), counted(own)
            numbers = {"mean": round(placed.lt, 6) if placed else None, "n": n, "missing": missing}
            by[duels.judge.name] = {**numbers, **position.get(duels.judge.name, {})}
        means = [each["mean"] for each in by.values()]
        return {"balanced": None if None in means else round(fmean(means), 6), "by": by}


def parts(items: Iterable[str], placed: Placement | None) -> Iterator[Score]:
    """Each text's part in LT, and what the candidate won on it."""
    found = placed.pseudo if placed else {}
    won: dict[str, list[float]] = {}
    for item, _, some, of in placed.results if placed else ():
        sums = won.setdefault(item, [0.0, 0.0])
        sums[0], sums[1] = sums[0] + some, sums[1] + of
    for item in items:
        why = f"won {won[item][0]:g} of {won[item][1]:g}" if item in won else NONE
        yield Score(item, "lt", found.get(item), "Bradley-Terry", why)


def counted(scores: Sequence[Score]) -> tuple[int, int, int]:
    """The verdicts that count, the texts they are on, and the missing ones."""
    pairs = paired(scores)
    whole = {key: pair for key, pair in pairs.items() if None not in pair}
    n = sum(map(len, whole.values()))
    return n, len({item for item, *_ in whole}), sum(map(len, pairs.values())) - n


def reasons(scores: Sequence[Score]) -> dict[str, int]:
    """Why verdicts are missing or were given by rule, counted by the word before the colon."""
    told = (s.why.partition(":")[0] for s in scores if s.metric != "lt" and (s.by == "rule" or s.value is None))
    return dict(sorted(Counter(told).items()))


def fitted(placed: Placement) -> dict[str, Any]:
    """The anchors as they stand beside the candidate."""
    found = zip(placed.fit.results.names, placed.fit.strengths, placed.fit.lt, strict=True)
    own = {name: {"strength": round(float(s), 6), "lt": round(float(lt), 6)} for name, s, lt in found}
    return {name: own[name] for name in placed.names}


def shares(scores: Sequence[Score]) -> dict[str, Any]:
    """The candidate's share of wins, and the judges' position bias over the pairs they gave two verdicts on.

    `first_place`: what the translation shown first won, 0.5 without bias; `flipped`: pairs where the winner changed
    with the order; `half`: pairs with a winner in one order and a tie in the other.
    """
    from komainu.eval.totals import rounded

    every = [pair for pair in paired(scores).values() if None not in pair]
    wins = [value for pair in every for value in pair if value is not None]
    by: dict[str, list[tuple[float, float]]] = {}
    for (_, _, judge), pair in paired(scores).items():
        one, two = (*pair, None, None)[:2]
        if judge != "rule" and one is not None and two is not None:
            by.setdefault(judge, []).append((one, two))
    position = {
        judge: {
            "first_place": rounded(sum(one + 1 - two for one, two in pairs) / (2 * len(pairs))),
            "flipped": rounded(sum(abs(one - two) == 1 for one, two in pairs) / len(pairs)),
            "half": rounded(sum(abs(one - two) == 0.5 for one, two in pairs) / len(pairs)),
        }
        for judge, pairs in sorted(by.items())
    }
    return {"win_rate": rounded(fmean(wins)) if wins else None, "position": position}
