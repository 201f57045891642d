"""Reference log-probabilities of labelled answers, computed once for a model and its data."""

from __future__ import annotations

from dataclasses import dataclass

from komainu.rows import Chat
from komainu.train.documents import Documents, LabelledDocuments
from komainu.train.reference import Reference


@dataclass(frozen=True, kw_only=True)
class UnpairedReference(Reference):
    """Two Scores a chat, metric `answer` and `mismatched`: the own answer, and another row's under the own prompt.

    Which row's follows from `seed` and the row's id; see `mismatch.py`.
    """

    eats = Chat
    names = ("answer", "mismatched")
    seed: int = 0

    @property
    def documents(self) -> Documents:
        return LabelledDocuments(seed=self.seed)
