"""What every preference loss shares: what it sees of an answer, and the implicit reward."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from komainu.spec import Spec

if TYPE_CHECKING:
    import torch


class Side(NamedTuple):
    """One answer each of B pairs, all [B] and float64. Log-probabilities are in nats and sums over the answer."""

    sums: torch.Tensor  # under the model that is trained
    tokens: torch.Tensor  # target tokens of the answer
    reference: torch.Tensor  # under the reference; zeros where the loss needs none

    @property
    def gain(self) -> torch.Tensor:
        """log(policy / reference)."""
        return self.sums - self.reference

    @property
    def means(self) -> torch.Tensor:
        """Log-probability a token."""
        return self.sums / self.tokens


@dataclass(frozen=True, kw_only=True)
class Loss(Spec):
    """A loss on pairs of answers. A new one is one file: a Loss with `of`, and `reward` where it is another."""

    referenced: ClassVar[bool] = True  # whether it needs the log-probabilities of a reference
    beta: float = 0.1

    def reward(self, side: Side) -> torch.Tensor:
        """[B] the reward that the model gives an answer implicitly; logged, whatever the loss."""
        return self.beta * side.gain

    def margin(self, chosen: Side, rejected: Side) -> torch.Tensor:
        return self.reward(chosen) - self.reward(rejected)

    def of(self, chosen: Side, rejected: Side) -> torch.Tensor:
        """[B] the loss of each pair."""
        raise NotImplementedError(f"{type(self).__name__} needs of(chosen, rejected)")

    def problems(self) -> Iterator[str]:
        if not self.beta > 0:
            yield f"beta is {self.beta}; it must be above 0"
