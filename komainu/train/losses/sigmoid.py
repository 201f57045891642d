"""The loss of DPO (arXiv 2305.18290), and conservative DPO by label smoothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from komainu.train.losses.base import Loss, Side

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class Sigmoid(Loss):
    """-log sigmoid(margin). `smoothing` is the share of pairs believed to be the wrong way round (cDPO)."""

    smoothing: float = 0.0

    def of(self, chosen: Side, rejected: Side) -> torch.Tensor:
        from torch.nn.functional import logsigmoid

        margin = self.margin(chosen, rejected)
        return -(1 - self.smoothing) * logsigmoid(margin) - self.smoothing * logsigmoid(-margin)

    def problems(self) -> Iterator[str]:
        yield from super().problems()
        if not 0 <= self.smoothing < 0.5:
            yield f"smoothing is {self.smoothing}; it is a share of the pairs, from 0 to under 0.5"
