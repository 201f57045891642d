"""Step: resample the weak answers, and keep the one that a judge likes best."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from komainu.checks.base import Check
from komainu.context import Context
from komainu.data.ask import ask_again, need_answer
from komainu.data.base import Dropped, Note, Step, windows
from komainu.data.filter import failures
from komainu.data.marking import Scorer
from komainu.data.regenerate import replaced
from komainu.errors import UsageError
from komainu.models.base import Model
from komainu.rows import Chat
from komainu.stage import Questions


@dataclass
class Tries:
    """The answers to one prompt so far: the best with its mark, and why the last one is not enough ("" when it is)."""

    best: Chat
    mark: float | None = None
    weak: str = ""
    marks: list[float | None] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class BestRated(Step):
    """Have answers marked; ask `model` again, up to `n` - 1 times, while none is marked `enough`; keep the best.

    An answer that fails a check is not shown to the judge and counts as weak; among equal marks the first stands. A row
    whose best mark is under `under` is dropped as `rated_low`, one without any as `unrated` or for the check it failed.
    meta["rating"] is the mark that stands, meta["ratings"] all of them in order (null: none).
    """

    model: Model
    rater: Scorer
    checks: tuple[Check, ...] = ()
    n: int = 4
    enough: float = 8.0
    under: float = 6.0

    def __post_init__(self) -> None:
        if self.n < 1 or self.under > self.enough:
            raise UsageError("BestRated.n must be at least 1, and `under` at most `enough`")

    def questions(self, fewest: int, most: int) -> tuple[Questions, ...]:
        again, marks = most * (self.n - 1), self.rater.asks * most * self.n
        return (Questions(self.model, 0, again), Questions(self.rater.model, 0, marks, about=True))

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped | Note]:
        resampled: Counter[str] = Counter()
        for window in windows(rows):
            tries = [Tries(need_answer(chat, self)) for chat in window]
            self.judge(ctx, tries, window)
            for time in range(1, self.n):
                weak = [i for i, each in enumerate(tries) if each.weak]
                resampled.update(tries[i].weak.partition(":")[0] for i in weak)
                answers = list(ask_again(ctx, self.model, [window[i] for i in weak], time))
                self.judge(ctx, [tries[i] for i in weak], answers)
            yield from map(self.kept, tries)
        yield Note({"resampled": dict(sorted(resampled.items()))})

    def judge(self, ctx: Context, tries: Sequence[Tries], answers: Sequence[Chat]) -> None:
        """One more answer each: checked, marked, and taken where it is better."""
        failed = [failures(chat, self.checks) for chat in answers]
        sound = [i for i, found in enumerate(failed) if not found]
        found = dict(zip(sound, self.rater.rate([answers[i] for i in sound], ctx), strict=True))
        for i, (each, chat) in enumerate(zip(tries, answers, strict=True)):
            mark = found[i].found if i in found else None
            why = failed[i][0].reason if failed[i] else f"unrated: {found[i].wrong}"
            better = mark is not None and (each.mark is None or mark > each.mark)
            if better and each.marks:
                each.best = replaced(each.best, chat, each.weak)
            each.mark = mark if better else each.mark
            each.marks.append(mark)
            each.weak = why if each.mark is None else ""
            if each.mark is not None and each.mark < self.enough:
                each.weak = f"rated_low: {each.mark:g} is under {self.enough:g}"

    def kept(self, each: Tries) -> Chat | Dropped:
        chat = each.best.with_meta(rating=each.mark, ratings=each.marks)
        if each.mark is None:
            return Dropped(chat, each.weak)
        low = each.mark < self.under
        return Dropped(chat, f"rated_low: {each.mark:g} is under {self.under:g}") if low else chat
