"""How the tensors of several models become one: the interface, and the mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from komainu.spec import Spec

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class Method(Spec):
    """Merges tensor by tensor. A new one is one file: a Method with `of`. `weights` () weighs all models alike."""

    on_base: ClassVar[bool] = True  # whether it merges what the models have changed of a base

    weights: tuple[float, ...] = ()

    def of(self, tensors: Sequence[torch.Tensor]) -> torch.Tensor:
        """One tensor of several of a shape, float32. With `on_base` they are the differences from the base's."""
        raise NotImplementedError(f"{type(self).__name__} needs of(tensors)")

    def problems(self, models: int) -> Iterator[str]:
        """What is wrong for so many models, a sentence each."""
        if self.weights and len(self.weights) != models:
            yield f"{len(self.weights)} weights for {models} models"

    def shares(self, models: int) -> tuple[float, ...]:
        return self.weights or (1.0,) * models


@dataclass(frozen=True, kw_only=True)
class Linear(Method):
    """The weighted mean; of checkpoints or runs of one recipe, a model soup (arXiv 2203.05482)."""

    on_base = False

    def of(self, tensors: Sequence[torch.Tensor]) -> torch.Tensor:
        shares = self.shares(len(tensors))
        total = sum(w * t.double() for w, t in zip(shares, tensors, strict=True)) / sum(shares)
        return total.float()  # type: ignore[union-attr]

    def problems(self, models: int) -> Iterator[str]:
        yield from super().problems(models)
        if sum(self.shares(models)) == 0:
            yield "the weights add up to 0"
