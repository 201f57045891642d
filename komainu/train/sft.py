"""Supervised fine-tuning: the loss is on the assistant's tokens only, of every assistant turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from komainu.rows import Chat, Row
from komainu.train.base import Train, Unit
from komainu.train.preflight import check_rows
from komainu.train.render import chats_to_tokens, check_tokenizer

if TYPE_CHECKING:
    import torch

    from komainu.train.flat import Flat


@dataclass(frozen=True, kw_only=True)
class SFT(Train):
    """Token-weighted: every target token of a global batch weighs the same, however the batch is cut."""

    eats = Chat
    even = True

    def units(self, tokenizer: Any, rows: Sequence[Row]) -> list[Unit]:
        chats = [row for row in rows if isinstance(row, Chat)]
        system = any(m.role == "system" for c in chats for m in c.messages)
        check_tokenizer(tokenizer, self.model.label, system=system)
        check_rows(tokenizer, chats)
        return [Unit(t.id, (t,)) for t in chats_to_tokens(tokenizer, chats)]

    def weight(self, units: Sequence[Unit]) -> float:
        return float(sum(d.targets for u in units for d in u.documents))

    def loss(self, logps: torch.Tensor, flat: Flat, units: Sequence[Unit]) -> tuple[torch.Tensor, dict[str, float]]:
        return -logps.double().sum(), {}
