"""A base model from nothing: a standard architecture, trained on raw text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from komainu.context import Context
from komainu.rows import Chat
from komainu.spec import Spec
from komainu.train.base import Train, Unit
from komainu.train.documents import Documents, TextDocuments

if TYPE_CHECKING:
    import torch

    from komainu.train.flat import Flat


@dataclass(frozen=True, kw_only=True)
class Shape(Spec):
    """A Llama-class decoder with tied embeddings. Sizes in units; context in tokens."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    context: int = 512

    def params(self, vocab: int) -> int:
        """Parameters, norms left out: embedding, four attention matrices and three feed-forward ones a layer."""
        return vocab * self.hidden + self.layers * (4 * self.hidden**2 + 3 * self.hidden * self.feed_forward)


@dataclass(frozen=True, kw_only=True)
class Base(Train):
    """Every token of a text is a target, the end token too. `model` is the Tokenizer's stage."""

    eats = Chat
    even = True
    shape: Shape

    def check(self) -> Iterator[str]:
        yield from super().check()
        if self.adapter is not None:
            yield "Base.adapter: there is nothing to put an adapter on, the weights are new"
        if self.shape.hidden % self.shape.heads or (self.shape.hidden // self.shape.heads) % 2:
            yield f"Base.shape: {self.shape.hidden} units do not divide into {self.shape.heads} heads of even size"

    @property
    def documents(self) -> Documents:
        return TextDocuments()

    def weight(self, units: Sequence[Unit]) -> float:
        return float(sum(d.targets for u in units for d in u.documents))

    def loss(self, logps: torch.Tensor, flat: Flat, units: Sequence[Unit]) -> tuple[torch.Tensor, dict[str, float]]:
        return -logps.double().sum(), {}

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from komainu.train.init import fresh_model
        from komainu.train.loop import train

        return train(self, out, ctx, fresh_model)
