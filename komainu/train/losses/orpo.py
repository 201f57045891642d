"""ORPO (arXiv 2403.07691): SFT on the chosen answer and the odds of it against the rejected one; no reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from komainu.train.losses.base import Loss, Side

if TYPE_CHECKING:
    import torch

NEAR_ZERO = -1e-7  # a mean log-probability above this has no finite odds in float32


@dataclass(frozen=True, kw_only=True)
class ORPO(Loss):
    """-mean of chosen - beta x log sigmoid(log odds of chosen - log odds of rejected); beta is the paper's lambda.

    Log-probabilities are means over the answer's tokens. The SFT term is on the answer alone.
    """

    referenced: ClassVar[bool] = False

    def reward(self, side: Side) -> torch.Tensor:
        return self.beta * side.means

    def of(self, chosen: Side, rejected: Side) -> torch.Tensor:
        from torch.nn.functional import logsigmoid

        return -chosen.means - self.beta * logsigmoid(log_odds(chosen.means) - log_odds(rejected.means))


def log_odds(logp: torch.Tensor) -> torch.Tensor:
    """log(p / (1 - p)) of log p, without losing p near 1."""
    logp = logp.clamp(max=NEAR_ZERO)
    return logp - (-logp.expm1()).log()
