"""Step: several answers to a prompt, marked; the best one over a clearly lower one."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from komainu.checks.base import Check
from komainu.context import Context
from komainu.data.ask import answer
from komainu.data.base import Dropped, Note, Step, windows
from komainu.data.filter import failures
from komainu.data.keys import folded
from komainu.data.marking import Marked, Scorer, marked, preferred
from komainu.errors import UsageError
from komainu.models.base import Model, Question
from komainu.rows import Chat, Pair
from komainu.stage import Questions


@dataclass(frozen=True, kw_only=True)
class Contest(Step):
    """A pair out of `samples` answers of `model` to the row's prompt.

    Answers that fail a check are not marked and take no part; the notes count them. Chosen is the best mark, the first
    of equals. Rejected is an answer that is `margin` or more below it: one of them drawn by the seed and the row id, or
    with rejected="worst" the lowest. meta["marks"] are the two marks, meta["aspects"] what they are means of,
    meta["all_marks"] those of all answers in order (null: none).

    Dropped: `all_bad` (fewer than two answers pass the checks), `unrated` (fewer than two marks), `no_margin`.
    """

    makes: ClassVar[type] = Pair
    model: Model
    scorer: Scorer
    checks: tuple[Check, ...] = ()
    samples: int = 4
    margin: float = 1.0
    rejected: Literal["drawn", "worst"] = "drawn"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.samples < 2 or self.margin <= 0:
            raise UsageError("Contest needs `samples` of at least 2 and a `margin` over 0, or equals make pairs")

    def questions(self, fewest: int, most: int) -> tuple[Questions, ...]:
        answers = Questions(self.model, fewest * self.samples, most * self.samples)
        return answers, Questions(self.scorer.model, 0, most * self.samples * self.scorer.asks, about=True)

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Pair | Dropped | Note]:
        asked = unsound = missing = 0
        for window in windows(rows):
            questions = [Question(chat.prompt, sample) for chat in window for sample in range(self.samples)]
            replies = ctx.client.ask(self.model, questions)
            answers = [
                answer(window[i // self.samples], reply, self.model, i % self.samples)
                for i, reply in enumerate(replies)
            ]
            failed = [failures(chat, self.checks) for chat in answers]
            sound = [i for i, found in enumerate(failed) if not found and answers[i].reply.strip()]
            found = dict(zip(sound, marked(self.scorer, [answers[i] for i in sound], ctx), strict=True))
            asked, unsound = asked + len(answers), unsound + len(answers) - len(sound)
            missing += sum(each.verdict.found is None for each in found.values())
            for place, chat in enumerate(window):
                here = range(place * self.samples, (place + 1) * self.samples)
                why = next((failed[i][0].reason for i in here if failed[i]), "blank")
                yield self.settled(chat, [found.get(i) for i in here], why)
        yield Note({"answers": asked, "unsound": unsound, "missing": missing})

    def settled(self, chat: Chat, found: Sequence[Marked | None], why: str) -> Pair | Dropped:
        """The pair of one prompt, or why there is none. `why` an answer took no part."""
        sound = [each for each in found if each is not None]
        rated = [each for each in sound if each.verdict.found is not None]
        if len(sound) < 2:
            return Dropped(chat, f"all_bad: {why}")
        if len(rated) < 2:
            return Dropped(chat, f"unrated: {next(each.verdict.wrong for each in sound if each.verdict.wrong)}")
        best = max(rated, key=lambda each: each.mark)  # the first of equals
        said = folded(best.chat.reply)
        lower = [e for e in rated if best.mark - e.mark >= self.margin and folded(e.chat.reply) != said]
        if not lower:
            return Dropped(best.chat, f"no_margin: {best.mark - min(each.mark for each in rated):g}")
        drawn = random.Random(f"{self.seed}:{chat.id}").choice(lower)
        worst = drawn if self.rejected == "drawn" else min(lower, key=lambda each: each.mark)
        every = [each.verdict.found if each else None for each in found]
        return preferred(chat.id, best, worst, self.scorer).with_meta(all_marks=every)
