"""Reward: how good an answer is, by a reward model's mark."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from komainu.context import Context
from komainu.data.verdicts import Verdict
from komainu.errors import UsageError
from komainu.models.base import WITHHELD, Model, Reply
from komainu.rows import Chat
from komainu.spec import Spec


@dataclass(frozen=True, kw_only=True)
class Reward(Spec):
    """Marks the last answer of chats with a reward model: where a `Rater` would stand, a bare number of no set scale.

    `model` is one with `reward=True`; what its endpoint must speak is told in `komainu/models/rewards.py`. A
    conversation that does not fit the model has no mark. Marks of two reward models cannot be compared.
    """

    asks: ClassVar[int] = 1  # of a model, at most, for each answer
    model: Model

    def __post_init__(self) -> None:
        if not self.model.reward:
            raise UsageError(f"Reward.model {self.model.name!r} is no reward model: give Model(name=..., reward=True)")

    def rate(self, chats: Sequence[Chat], ctx: Context) -> Iterator[Verdict[float]]:
        """One mark a chat, in order."""
        for reply in ctx.ask(self.model, [chat.messages for chat in chats]):
            yield verdict_of(reply)


def verdict_of(reply: Reply) -> Verdict[float]:
    if reply.withheld:
        return Verdict(None, f"no mark: {WITHHELD[reply.finish]}")
    try:
        mark = float(reply.text)
    except ValueError:
        mark = math.nan
    return Verdict(mark) if math.isfinite(mark) else Verdict(None, f"not a number: {reply.text[:40]!r}")
