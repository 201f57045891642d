"""A training stage of each kind in the small world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from komainu.checks.leakage import Leakage
from komainu.checks.reward import RuleReward
from komainu.context import Context
from komainu.settings import Training
from komainu.train.base import Fit, Train
from komainu.train.dpo import DPO
from komainu.train.grpo import GRPO
from komainu.train.pretrain import Shape
from komainu.train.reference import Reference
from komainu.train.repair import LeakRepair
from komainu.train.sft import SFT
from tests.train.test_grpo import Asked, Dogs
from tests.train.test_repair import Leaky
from tests.train.world import Chats, Pairs, base, context

WIDE = Shape(hidden=256, layers=1, heads=4, feed_forward=256, context=128)


def fit(steps: int) -> Fit:
    return Fit(lr=1e-3, global_batch=4, steps=steps)


def sft(steps: int) -> SFT:
    return SFT(model=base(), data=Chats(), fit=fit(steps))


def dpo(steps: int) -> DPO:
    return DPO(model=base(), data=Pairs(), reference=Reference(model=base(), data=Pairs()), fit=fit(steps))


def grpo(steps: int) -> GRPO:
    reward = RuleReward(checks=(Dogs(), Leakage()))
    start = sft(20)
    return GRPO(model=start, data=Asked(), reward=reward, kl=0.05, fit=fit(steps), group=3, max_tokens=6, iterations=2)


def repair(steps: int) -> LeakRepair:
    return LeakRepair(model=base(), data=Leaky(), fit=fit(steps))


def eight(steps: int) -> SFT:
    """SFT of a model whose matrices are wide enough for moments in 8 bits."""
    return replace(sft(steps), model=replace(base(), shape=WIDE), fit=replace(fit(steps), optimizer="adamw8bit"))


STAGES: dict[str, Callable[[int], Train]] = {
    "sft": sft,
    "dpo": dpo,
    "grpo": grpo,
    "repair": repair,
    "adamw8bit": eight,
}


def often(root: Path) -> Context:
    """A context that saves a checkpoint after every step that may have one."""
    return context(root, checkpoint_seconds=0.0)


def in_shards(root: Path) -> Context:
    """The same, and each of several ranks holds a shard."""
    return context(root, checkpoint_seconds=0.0, train=Training(shard=True))
