"""Panel: the scores of a judged bench, from the verdicts of its judges. Reading them again asks nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.eval.base import Answers, Scores
from komainu.eval.judge.base import Judged
from komainu.eval.judge.guard import fate, steers
from komainu.eval.judge.verdict import Rule, Verdict
from komainu.eval.judge.verdicts import Verdicts
from komainu.models.base import Model
from komainu.rows import Chat, Score
from komainu.spec import Spec

if TYPE_CHECKING:
    from komainu.context import Context


@dataclass(frozen=True, kw_only=True)
class Panel(Scores):
    """Score rows: of each answer and metric (and criterion) one a judge, `by` the judge, `why` its reason.

    An answer that no judge was asked about has as many, by rule. A verdict that could not be read is None: counted by
    judge, never averaged. `rule` reads the verdicts otherwise than the bench's own, from the same transcripts. The
    summary has, beside the pooled mean of each metric, the mean of the judges' means (`balanced`) and each judge's.
    """

    version: ClassVar[int] = 2
    bench: Judged
    verdicts: tuple[Verdicts, ...]
    rule: Rule | None = None

    def __post_init__(self) -> None:
        """By the judges' names, so that the order in which they are given plays no part."""
        object.__setattr__(self, "verdicts", tuple(sorted(self.verdicts, key=lambda v: (v.judge.name, v.id))))

    def check(self) -> Iterator[str]:
        yield from super().check()
        yield from (f"Panel.bench: {problem}" for problem in self.bench.problems())
        if not self.verdicts:
            yield "Panel.verdicts is empty; give it the Verdicts of at least one judge"
        for verdicts in self.verdicts:
            if (verdicts.answers.id, verdicts.bench.id) != (self.answers.id, self.bench.id):
                yield f"{verdicts.label} is about other answers or another bench than its Panel"
        for name, n in Counter(verdicts.judge.name for verdicts in self.verdicts).items():
            if n > 1:
                yield f"Panel.verdicts has {n} judges called {name!r}; each judge needs a name of its own"
            if name == "rule":
                yield "Panel.verdicts has a judge called 'rule', as scores are that no judge gave; name it otherwise"

    @property
    def judges(self) -> tuple[str, ...]:
        return tuple(verdicts.judge.name for verdicts in self.verdicts)

    @property
    def how(self) -> tuple[Spec, ...]:
        return (*(verdicts.judge for verdicts in self.verdicts), *([self.rule] if self.rule else []))

    def scored(self, chats: Sequence[Chat], ctx: Context) -> list[Score]:
        said = {v.judge.name: (r for r in ctx.open(v).rows() if isinstance(r, Chat)) for v in self.verdicts}
        scores: list[Score] = []
        for chat in chats:
            if (found := fate(self.bench, chat)) is not None:
                value, why = found
                scores += (Score(chat.id, metric, value, why=why) for metric in self.bench.told_of for _ in said)
                continue
            verdicts = {name: self.read(chat, next(rows)) for name, rows in said.items()}
            scores += (one(chat, m, name, verdict) for m in self.bench.told_of for name, verdict in verdicts.items())
        return scores

    def read(self, chat: Chat, transcript: Chat) -> Verdict:
        assert transcript.id == chat.id, f"the transcript of {transcript.id} stands where that of {chat.id} should"
        return self.bench.read(transcript, self.rule)

    def told(self, chats: Sequence[Chat], scores: Sequence[Score], ctx: Context) -> dict[str, Any]:
        fates = (fate(self.bench, chat) for chat in chats)
        by_rule = Counter(found[1].partition(":")[0] for found in fates if found is not None)
        criteria = criteria_of(self.bench, scores)
        return {
            "judges": {metric: judged(scores, metric, self.judges) for metric in self.bench.told_of},
            "asked_again": {v.judge.name: ctx.open(v).summary["asked_again"] for v in self.verdicts},
            "by_rule": dict(sorted(by_rule.items())),
            "steering": sum(bool(steers(chat)) for chat in chats),
            "prompt": self.bench.config()["prompt"],
            **({"criteria": criteria} if criteria else {}),
        }


def panel(answers: Answers, bench: Judged, judges: Sequence[Model], seed: int = 0) -> Panel:
    """The panel of these judges over some answers."""
    verdicts = tuple(Verdicts(answers=answers, bench=bench, judge=judge, seed=seed) for judge in judges)
    return Panel(answers=answers, bench=bench, verdicts=verdicts)


def one(chat: Chat, metric: str, judge: str, verdict: Verdict) -> Score:
    if (value := verdict.values.get(metric)) is None:
        return Score(chat.id, metric, None, by=judge, why=f"missing: {verdict.wrong}")
    return Score(chat.id, metric, value, by=judge, why=verdict.reason)


def criteria_of(bench: Judged, scores: Sequence[Score]) -> dict[str, Any]:
    """Of each criterion mean, interval, n and missing verdicts, over all verdicts; {} for a bench without criteria."""
    from komainu.eval.totals import by_item, estimate

    ends = {"top": bench.top, "bottom": bench.low}
    return {name: estimate(by_item(scores, name).values(), **ends, pooled=True) for name in bench.criteria}


def judged(scores: Sequence[Score], metric: str, judges: Sequence[str]) -> dict[str, Any]:
    """Each judge's mean, n and missing verdicts, and the mean of the means; scores by rule are every judge's."""
    from komainu.eval.totals import rounded

    ruled = [s.value for s in scores if s.metric == metric and s.by == "rule"][:: len(judges)]
    found: dict[str, Mapping[str, Any]] = {}
    for name in judges:
        every = [*(s.value for s in scores if s.metric == metric and s.by == name), *ruled]
        there = [value for value in every if value is not None]
        mean = rounded(fmean(there)) if there else None
        found[name] = {"mean": mean, "n": len(there), "missing": len(every) - len(there)}
    means = [each["mean"] for each in found.values()]
    balanced = None if None in means or not means else rounded(fmean(means))
    return {"balanced": balanced, "by": found}
