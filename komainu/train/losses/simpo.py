"""SimPO (arXiv 2405.14734): preferences without a reference, by the mean log-probability of a token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from komainu.train.losses.base import Loss, Side

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class SimPO(Loss):
    """-log sigmoid(beta x (mean of chosen - mean of rejected) - gamma)."""

    referenced: ClassVar[bool] = False
    beta: float = 2.0
    gamma: float = 1.0

    def reward(self, side: Side) -> torch.Tensor:
        return self.beta * side.means

    def of(self, chosen: Side, rejected: Side) -> torch.Tensor:
        from torch.nn.functional import logsigmoid

        return -logsigmoid(self.margin(chosen, rejected) - self.gamma)
