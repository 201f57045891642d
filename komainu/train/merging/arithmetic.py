"""Task arithmetic: what each model has learnt, added to their base."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from komainu.train.merging.base import Method

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class TaskArithmetic(Method):
    """The weighted sum of the differences (arXiv 2212.04089); a weight below 0 takes away what a model has learnt."""

    def of(self, tensors: Sequence[torch.Tensor]) -> torch.Tensor:
        total = sum(w * t.double() for w, t in zip(self.shares(len(tensors)), tensors, strict=True))
        return total.float()  # type: ignore[union-attr]
