"""Step: the row's answer over the model's own, for self-play."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from komainu.context import Context
from komainu.data.ask import answer, call_of, need_answer
from komainu.data.base import Dropped, Step, windows
from komainu.data.keys import folded
from komainu.data.prefer import Candidate, paired
from komainu.models.base import WITHHELD, Model, Question
from komainu.rows import Chat, Pair
from komainu.stage import Questions


@dataclass(frozen=True, kw_only=True)
class SelfPlay(Step):
    """Pairs for SPIN (arXiv 2401.01335): chosen is the row's answer, rejected the one that `model` gives.

    Nobody judges: the data's answer counts as the better one, until the model says the same. Such a row is dropped as
    `equal`, compared without width, case, spaces and punctuation; one whose answer is withheld or blank as `withheld`
    or `blank`.
    """

    makes: ClassVar[type] = Pair
    model: Model

    def questions(self, fewest: int, most: int) -> tuple[Questions, ...]:
        return (Questions(self.model, fewest, most),)

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Pair | Dropped]:
        for window in windows(rows):
            asked = [Question(need_answer(chat, self).prompt) for chat in window]
            for chat, reply in zip(window, ctx.client.ask(self.model, asked), strict=True):
                own = answer(chat, reply, self.model, 0)
                if reply.withheld:
                    yield Dropped(own, f"withheld: {WITHHELD[reply.finish]}")
                elif not own.reply.strip():
                    yield Dropped(own, "blank")
                elif folded(own.reply) == folded(chat.reply):
                    yield Dropped(own, "equal")
                else:
                    chosen = Candidate(chat, call_of(chat), 0.0, ())
                    yield paired(chat.id, chosen, Candidate(own, call_of(own), 0.0, ()), "")
