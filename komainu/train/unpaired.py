"""Reference log-probabilities of labelled answers, computed once for a model and its data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from komainu.rows import Chat, Row
from komainu.train.base import Unit
from komainu.train.documents import labelled_documents
from komainu.train.reference import Reference


@dataclass(frozen=True, kw_only=True)
class UnpairedReference(Reference):
    """Two Scores a chat, metric `answer` and `mismatched`: the own answer, and another row's under the own prompt.

    Which row's follows from `seed` and the row's id; see `mismatch.py`.
    """

    eats = Chat
    names = ("answer", "mismatched")
    seed: int = 0

    def units(self, tokenizer: Any, rows: Sequence[Row]) -> list[Unit]:
        chats = [row for row in rows if isinstance(row, Chat)]
        return labelled_documents(tokenizer, self.model.label, chats, self.seed)
