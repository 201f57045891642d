"""The calibration loss of SLiC-HF (arXiv 2305.10425): a hinge without a reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from komainu.train.losses.base import Loss, Side

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class SLiC(Loss):
    """max(0, delta - log p(chosen) + log p(rejected)). beta multiplies all; the paper has 1.

    The paper adds a regulariser that holds the model near its SFT targets: `DPO(sft=...)` on the chosen answers.
    """

    referenced: ClassVar[bool] = False
    beta: float = 1.0
    delta: float = 1.0

    def reward(self, side: Side) -> torch.Tensor:
        return self.beta * side.sums

    def of(self, chosen: Side, rejected: Side) -> torch.Tensor:
        return (self.beta * self.delta - self.margin(chosen, rejected)).relu()
