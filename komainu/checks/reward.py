"""RuleReward: how many of some rules an answer keeps, as one number for reinforcement learning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import fsum

from komainu.checks.base import Check
from komainu.checks.empty import Empty
from komainu.errors import nearest
from komainu.rows import Chat
from komainu.spec import Spec

EMPTY = Empty()


@dataclass(frozen=True, kw_only=True)
class RuleReward(Spec):
    """From 0 to 1: the weight of the `checks` that an answer passes over the weight of all of them.

    `weights` by check name, 1.0 where it is not named. 0 for an empty answer and for one that fails any check of
    `must`: what earns nothing else must not earn the rest. A check that has nothing to say of a row passes, so it is
    the same for all answers of a group, and no signal.
    """

    checks: tuple[Check, ...]
    must: tuple[Check, ...] = ()
    weights: dict[str, float] = field(default_factory=dict)

    def problems(self) -> Iterator[str]:
        names = [check.name for check in self.checks]
        if not names:
            yield "checks is empty: give at least one"
        for name, weight in self.weights.items():
            if name not in names:
                yield f"weights names {name!r}, which is none of its checks{nearest(name, names)}"
            elif not weight > 0:
                yield f"weights has {weight} for {name!r}; it must be above 0"

    def __call__(self, chat: Chat) -> float:
        """The reward of an answered chat. Raises UsageError where a check cannot read the row's meta."""
        if EMPTY(chat) or any(check(chat) for check in self.must):
            return 0.0
        weights = [self.weights.get(check.name, 1.0) for check in self.checks]
        kept = fsum(weight for weight, check in zip(weights, self.checks, strict=True) if not check(chat))
        return kept / fsum(weights)
