"""Supervised fine-tuning: the loss is on the assistant's tokens only, of every assistant turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from komainu.rows import Chat
from komainu.train.base import Train, Unit
from komainu.train.documents import ChatDocuments, Documents

if TYPE_CHECKING:
    import torch

    from komainu.train.flat import Flat


@dataclass(frozen=True, kw_only=True)
class SFT(Train):
    """Token-weighted: every target token of a global batch weighs the same, however the batch is cut."""

    eats = Chat
    even = True

    @property
    def documents(self) -> Documents:
        return ChatDocuments()

    def weight(self, units: Sequence[Unit]) -> float:
        return float(sum(d.targets for u in units for d in u.documents))

    def loss(self, logps: torch.Tensor, flat: Flat, units: Sequence[Unit]) -> tuple[torch.Tensor, dict[str, float]]:
        return -logps.double().sum(), {}
