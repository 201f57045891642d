"""The hinge on DPO's margin (arXiv 2309.06657, after SLiC)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from komainu.train.losses.base import Loss, Side

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class Hinge(Loss):
    """max(0, 1 - margin): pairs whose rewards are 1 apart teach no more."""

    def of(self, chosen: Side, rejected: Side) -> torch.Tensor:
        return (1 - self.margin(chosen, rejected)).relu()
