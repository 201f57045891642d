"""Rater: how good an answer is, by a judge's mark."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from komainu.context import Context
from komainu.data.template import fingerprint
from komainu.data.verdicts import Verdict, verdicts
from komainu.models.base import Model
from komainu.rows import Chat
from komainu.spec import Spec

_NUMBER = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4})?")


@dataclass(frozen=True, kw_only=True)
class Rater(Spec):
    """Marks the last answer of chats from `low` to `top`. `Reward` and `Aspects` are other scorers.

    A reply whose mark cannot be read is asked for once more, then there is no verdict: never a zero, never averaged.
    """

    asks: ClassVar[int] = 2  # of a model, at most, for each answer
    model: Model
    template: str = "rate"
    low: float = 1.0
    top: float = 10.0

    def config(self, *, full: bool = True) -> dict[str, Any]:
        prompts = {"prompt": fingerprint(self.template), "again": fingerprint("again")}
        return super().config(full=full) | prompts

    def rate(self, chats: Sequence[Chat], ctx: Context) -> Iterator[Verdict[float]]:
        """One mark a chat, in order."""
        scale = {"low": f"{self.low:g}", "top": f"{self.top:g}"}
        yield from verdicts(ctx, self.model, self.template, chats, self.number, **scale)

    def number(self, text: str) -> float | str:
        return number(text, self.low, self.top)


def number(text: str, low: float, top: float) -> float | str:
    """A plain decimal number on a scale; a text that says why it is none."""
    if not _NUMBER.fullmatch(text):
        return f"not a number: {text[:40]!r}"
    value = float(text)
    return value if low <= value <= top else f"out of range: {text}"
