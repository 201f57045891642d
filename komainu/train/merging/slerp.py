"""SLERP: between two models along the arc, not the chord."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from komainu.train.merging.base import Method

if TYPE_CHECKING:
    import torch

STRAIGHT = 1e-6  # the sine of the angle under which arc and chord are the same


@dataclass(frozen=True, kw_only=True)
class Slerp(Method):
    """Spherical interpolation (Shoemake 1985) of each tensor as one vector: `t` 0 is the first model, 1 the second.

    The angle is that between the tensors' directions; their lengths take part as they are.
    """

    on_base = False
    t: float = 0.5

    def problems(self, models: int) -> Iterator[str]:
        if self.weights:
            yield "Slerp has `t`, and no weights"
        if models != 2:
            yield f"Slerp is between two models, here are {models}"
        if not 0 <= self.t <= 1:
            yield f"t is {self.t}; it is from 0 to 1"

    def of(self, tensors: Sequence[torch.Tensor]) -> torch.Tensor:
        a, b = (t.double() for t in tensors)
        lengths = a.norm() * b.norm()
        cosine = ((a * b).sum() / lengths).clamp(-1, 1) if lengths else lengths + 1
        angle = cosine.acos()
        if angle.sin() < STRAIGHT:
            return ((1 - self.t) * a + self.t * b).float()
        found: torch.Tensor = (((1 - self.t) * angle).sin() * a + (self.t * angle).sin() * b) / angle.sin()
        return found.float()
