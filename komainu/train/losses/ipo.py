"""IPO (arXiv 2310.12036, equation 17): the margin is drawn to a fixed value, not to infinity."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from komainu.train.losses.base import Loss, Side

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class IPO(Loss):
    """(h - 1 / (2 beta))^2, h the difference of the log-ratios; beta is the paper's tau.

    With `per_token` each log-ratio is divided by the answer's tokens, as TRL does, which says that the paper's authors
    confirm it; without, it is a sum over the answer, as equation 17 has it.
    """

    per_token: bool = True

    def of(self, chosen: Side, rejected: Side) -> torch.Tensor:
        gains = [side.gain / side.tokens if self.per_token else side.gain for side in (chosen, rejected)]
        return (gains[0] - gains[1] - 1 / (2 * self.beta)) ** 2
