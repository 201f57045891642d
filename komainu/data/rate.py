"""Step: have answers marked by a judge, and drop those under a mark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

from komainu.context import Context
from komainu.data.ask import need_answer
from komainu.data.base import Dropped, Note, Step, windows
from komainu.data.marking import Scorer
from komainu.rows import Chat
from komainu.stage import Questions


@dataclass(frozen=True, kw_only=True)
class Rate(Step):
    """Put the judge's mark into meta["rating"]; an answer under `under` is dropped as `rated_low`.

    An answer without a verdict is dropped as `unrated`. The notes tell the mean of the marks and how many are missing.
    """

    rater: Scorer
    under: float = 0.0

    def questions(self, fewest: int, most: int) -> tuple[Questions, ...]:
        return (Questions(self.rater.model, fewest, self.rater.asks * most, about=True),)

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped | Note]:
        marks: list[float] = []
        missing = 0
        for window in windows(rows):
            found = self.rater.rate([need_answer(chat, self) for chat in window], ctx)
            for chat, verdict in zip(window, found, strict=True):
                if verdict.found is None:
                    missing += 1
                    yield Dropped(chat, f"unrated: {verdict.wrong}")
                    continue
                marks.append(verdict.found)
                rated = chat.with_meta(rating=verdict.found)
                low = verdict.found < self.under
                yield Dropped(rated, f"rated_low: {verdict.found:g} is under {self.under:g}") if low else rated
        yield Note({"rated": len(marks), "missing": missing, "mean": round(fmean(marks or [0.0]), 4)})
