"""What steps that make pairs by marks share: the scorers, an answer with its mark, and the pair of two of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from komainu.context import Context
from komainu.data.ask import call_of
from komainu.data.aspects import Aspects
from komainu.data.prefer import Candidate, paired
from komainu.data.rater import Rater
from komainu.data.reward import Reward
from komainu.data.verdicts import Verdict
from komainu.rows import Chat, Pair

Scorer = Rater | Reward | Aspects


class Marked(NamedTuple):
    """An answer, who gave it, and what its scorer said."""

    chat: Chat
    by: str
    verdict: Verdict[float]

    @property
    def mark(self) -> float:
        assert self.verdict.found is not None, "only answers with a mark are compared"
        return self.verdict.found


def marked(scorer: Scorer, chats: Sequence[Chat], ctx: Context, by: str = "") -> Iterator[Marked]:
    """Answers with their verdicts, in order; `by` says who gave one that no call gave."""
    for chat, verdict in zip(chats, scorer.rate(chats, ctx), strict=True):
        yield Marked(chat, call_of(chat) or by, verdict)


def preferred(name: str, best: Marked, worst: Marked, scorer: Scorer) -> Pair:
    """The pair of a better and a worse answer; its meta has both marks, by aspect where there are any, and by whom."""
    chosen, rejected = (Candidate(each.chat, each.by, each.mark, ()) for each in (best, worst))
    marks = {"chosen": best.mark, "rejected": worst.mark}
    found = paired(name, chosen, rejected, "").with_meta(marks=marks, marked_by=scorer.model.name)
    if best.verdict.parts:
        found = found.with_meta(
            aspects={"chosen": dict(best.verdict.parts), "rejected": dict(worst.verdict.parts)},
        )
    return found
