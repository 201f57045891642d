"""Step: ask again for the answers that fail a check, and drop what still fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from komainu.checks.base import Check
from komainu.context import Context
from komainu.data.ask import ask_again, need_answer
from komainu.data.base import Dropped, Note, Step, windows
from komainu.data.filter import failures
from komainu.errors import UsageError
from komainu.models.base import Model
from komainu.rows import Chat
from komainu.stage import Questions


@dataclass(frozen=True, kw_only=True)
class Regenerate(Step):
    """Ask `model` again, up to `tries` times, for each answer that fails a check; the rest is not asked.

    Each try is the next sample of the prompt. A row that was asked again has meta["tries"] and, in
    meta["replaced"], why each earlier answer failed. What still fails is dropped with its last reason.
    """

    model: Model
    checks: tuple[Check, ...]
    tries: int = 3

    def __post_init__(self) -> None:
        if self.tries < 1:
            raise UsageError(f"Regenerate.tries is {self.tries}; use Filter to drop without asking again")

    def questions(self, fewest: int, most: int) -> tuple[Questions, ...]:
        return (Questions(self.model, 0, most * self.tries),)

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped | Note]:
        mended: Counter[int] = Counter()
        failed = calls = 0
        for window in windows(rows):
            latest = [need_answer(chat, self) for chat in window]
            why = {i: found[0].reason for i, chat in enumerate(latest) if (found := failures(chat, self.checks))}
            failed += len(why)
            for time in range(1, self.tries + 1):
                asked = list(why)
                calls += len(asked)
                answers = ask_again(ctx, self.model, [window[i] for i in asked], time)
                for i, chat in zip(asked, answers, strict=True):
                    latest[i] = replaced(latest[i], chat, why.pop(i), time)
                    if found := failures(latest[i], self.checks):
                        why[i] = found[0].reason
                    else:
                        mended[time] += 1
            for i, chat in enumerate(latest):
                yield Dropped(chat, why[i]) if i in why else chat
        yield Note({"failed": failed, "calls": calls, "mended": {str(t): mended[t] for t in sorted(mended)}})


def replaced(old: Chat, new: Chat, reason: str, tries: int = 0) -> Chat:
    """The new answer with what it takes the place of: reasons in meta, the fault labels in hidden."""
    earlier = old.meta.get("replaced", [])
    meta = {**new.meta, "replaced": [*earlier, reason]}
    if tries:
        meta["tries"] = tries
    before, after = old.meta.get("hidden", {}), new.meta.get("hidden", {})
    if before or after:
        labels = before.get("replaced") or [""] * len(earlier)
        meta["hidden"] = {**after, "replaced": [*labels, before.get("fault", "")]}
    return Chat(new.id, new.messages, meta)
