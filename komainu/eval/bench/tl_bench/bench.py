"""tl-bench: translations compared two at a time; a candidate's strength among a fixed set of anchors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.eval.base import Answers, Lang, Scores
from komainu.eval.bench.tl_bench.adaptive import Adaptive
from komainu.eval.bench.tl_bench.anchors import Anchors
from komainu.eval.bench.tl_bench.graded import GradedAnchors
from komainu.eval.bench.tl_bench.items import NAME
from komainu.eval.judge.base import Judged
from komainu.eval.judge.verdict import Rule, Verdict
from komainu.marks import marked
from komainu.models.base import Model
from komainu.rows import Chat

if TYPE_CHECKING:
    from komainu.eval.bench.tl_bench.strength import Strength

FIRST = {"A": 1.0, "TIE": 0.5, "B": 0.0}  # by the verdict: what the first translation has won


@dataclass(frozen=True, kw_only=True)
class Placed(Rule):
    """A, B or TIE between marks with the question's nonce, once; what stands before them is the reason."""

    def read(self, reply: str, mark: str, bench: Judged) -> Verdict:
        said, wrong = marked(reply, mark)
        if wrong:
            return Verdict({}, reply.strip(), wrong)
        reason, word = reply[: reply.index(f"<verdict-{mark}>")].strip(), said.strip().upper()
        if word not in FIRST:
            return Verdict({}, reason, f"not A, B or TIE: {word[:40]!r}")
        return Verdict({"first": FIRST[word]}, reason)


@dataclass(frozen=True, kw_only=True)
class TlBench(Judged):
    """LT: a candidate's Bradley-Terry strength among the anchors, on 0 to 10; see docs/tl-bench.md.

    Judges are asked which of two translations of a text is better, or neither: a chat to be judged ends with two
    assistant turns, the translations in the order in which they are shown. `anchors` and `adaptive` are part of its
    identity: a candidate placed among other anchors, or with other comparisons, is not in the same column. Both
    directions are one bench, and a Japanese one. It counts in a board's averages unless `headline` is off.
    """

    name: ClassVar[str] = NAME
    template: ClassVar[str] = "bench/tl_bench/judge.jinja"
    again: ClassVar[str] = "bench/tl_bench/again.jinja"
    metrics: ClassVar[tuple[str, ...]] = ("lt",)
    pooled: ClassVar[tuple[str, ...]] = ()
    low: ClassVar[float] = 0.0
    top: ClassVar[float] = 10.0
    language: Lang = "ja"
    anchors: Anchors = field(default_factory=GradedAnchors)
    adaptive: Adaptive | None = None
    headline: bool = True

    @property
    def averaged(self) -> bool:
        return self.headline

    @property
    def rule(self) -> Rule:
        return Placed()

    def applies(self, chat: Chat) -> bool:
        return chat.meta.get("bench") == self.name

    def group(self, chat: Chat) -> str:
        return str(chat.meta["task"])

    def values(self, chat: Chat) -> Mapping[str, Any]:
        *_, a, b = (message.content for message in chat.messages)
        return {"direction": chat.meta["direction"], "source": chat.meta["text"], "a": a, "b": b}

    def scoring(self, answers: Answers, judges: Sequence[Model] = (), seed: int = 0) -> Scores:
        return strength(answers, self, judges, seed)

    def problems(self) -> Iterator[str]:
        if self.adaptive:
            yield from self.adaptive.problems()


def strength(answers: Answers, bench: TlBench, judges: Sequence[Model], seed: int = 0) -> Strength:
    """The strength of some answers among the bench's anchors, by these judges."""
    from komainu.eval.bench.tl_bench.duels import TlDuels
    from komainu.eval.bench.tl_bench.strength import Strength

    duels = tuple(TlDuels(answers=answers, bench=bench, judge=judge, seed=seed) for judge in judges)
    return Strength(answers=answers, bench=bench, duels=duels)
