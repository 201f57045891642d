"""Step: of several answers keep the one that fails the fewest checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from komainu.checks.base import Check
from komainu.checks.compose import Failure
from komainu.context import Context
from komainu.data.ask import ask_again, need_answer
from komainu.data.base import Dropped, Note, Step, windows
from komainu.data.filter import failures
from komainu.data.keys import folded
from komainu.data.regenerate import replaced
from komainu.errors import UsageError
from komainu.models.base import Model
from komainu.rows import Chat
from komainu.stage import Questions


@dataclass(frozen=True, kw_only=True)
class BestOf(Step):
    """Keep the best of the present answer and `n` - 1 more samples of `model`.

    Best is what fails the fewest checks; among equals the answer that most of them give (compared
    without width, case, spaces and punctuation); then the first. A row whose best answer still fails
    is dropped. meta["best_of"] and meta["agree"] tell how many answers there were and how many agree.
    """

    model: Model
    checks: tuple[Check, ...]
    n: int = 4

    def __post_init__(self) -> None:
        if self.n < 2:
            raise UsageError(f"BestOf.n is {self.n}; there is a choice from 2 answers on")

    def questions(self, fewest: int, most: int) -> tuple[Questions, ...]:
        return (Questions(self.model, fewest * (self.n - 1), most * (self.n - 1)),)

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped | Note]:
        changed = 0
        for window in windows(rows):
            answers = [[need_answer(chat, self)] for chat in window]
            for time in range(1, self.n):
                for found, chat in zip(answers, ask_again(ctx, self.model, window, time), strict=True):
                    found.append(chat)
            for found in answers:
                graded = [failures(chat, self.checks) for chat in found]
                best, agree = choose(found, graded)
                chat = found[best]
                if best and graded[0]:
                    chat = replaced(found[0], chat, graded[0][0].reason)
                changed += best > 0
                chat = chat.with_meta(best_of=self.n, agree=agree)
                yield Dropped(chat, graded[best][0].reason) if graded[best] else chat
        yield Note({"changed": changed})


def choose(answers: Sequence[Chat], graded: Sequence[Sequence[Failure]]) -> tuple[int, int]:
    """The place of the best answer, and how many of its equals say the same."""
    fewest = min(map(len, graded))
    said = {i: folded(chat.reply) for i, chat in enumerate(answers) if len(graded[i]) == fewest}
    votes = Counter(said.values())
    best = max(said, key=lambda i: (votes[said[i]], -i))
    return best, votes[said[best]]
