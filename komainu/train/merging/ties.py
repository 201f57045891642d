"""TIES: small changes are trimmed, and only those that agree in sign are averaged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from komainu.train.merging.base import Method

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class Ties(Method):
    """Trim, elect sign, disjoint mean (arXiv 2306.01708), tensor by tensor, times `scale`.

    Of each difference the share `density` with the largest magnitudes is kept, ties at the threshold too. The paper
    trims over a whole model; here, as in mergekit, each tensor by itself.
    """

    density: float = 0.2
    scale: float = 1.0

    def problems(self, models: int) -> Iterator[str]:
        yield from super().problems(models)
        if any(w <= 0 for w in self.weights):
            yield "the weights must be above 0"
        if not 0 < self.density <= 1:
            yield f"density is {self.density}; it is a share, above 0 and at most 1"

    def of(self, tensors: Sequence[torch.Tensor]) -> torch.Tensor:
        import torch

        shares = torch.tensor(self.shares(len(tensors)), dtype=torch.float64)
        trimmed = torch.stack([trim(t.double(), self.density) for t in tensors])
        shares = shares.view(-1, *(1 for _ in tensors[0].shape))
        sign = (shares * trimmed).sum(0).sign()
        agree = (trimmed.sign() == sign) & (trimmed != 0)
        weight = (shares * agree).sum(0)
        return (self.scale * (shares * trimmed * agree).sum(0) / weight.clamp(min=1e-300)).float()


def trim(change: torch.Tensor, density: float) -> torch.Tensor:
    """The largest magnitudes of a change, the others 0."""
    kept = max(1, round(density * change.numel()))
    least = change.abs().flatten().kthvalue(change.numel() - kept + 1).values
    return change.where(change.abs() >= least, change.new_zeros(()))
