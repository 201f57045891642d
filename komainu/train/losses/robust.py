"""Robust DPO (arXiv 2403.00409): an unbiased loss where a known share of the pairs is the wrong way round."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from komainu.train.losses.base import Loss, Side

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class Robust(Loss):
    """Sigmoid's loss, corrected so that over pairs of which the share `flipped` is swapped it is the clean one's mean.

    It has no lower bound.
    """

    flipped: float = 0.1

    def of(self, chosen: Side, rejected: Side) -> torch.Tensor:
        from torch.nn.functional import logsigmoid

        margin = self.margin(chosen, rejected)
        told, swapped = -logsigmoid(margin), -logsigmoid(-margin)
        return ((1 - self.flipped) * told - self.flipped * swapped) / (1 - 2 * self.flipped)

    def problems(self) -> Iterator[str]:
        yield from super().problems()
        if not 0 <= self.flipped < 0.5:
            yield f"flipped is {self.flipped}; it is a share of the pairs, from 0 to under 0.5"
