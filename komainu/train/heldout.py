"""The loss of a model on rows that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from komainu.context import Context
from komainu.files import write_rows
from komainu.rows import Chat, Score
from komainu.stage import Stage, Weights, needs
from komainu.train.documents import ChatDocuments, Documents


@dataclass(frozen=True, kw_only=True)
class HeldOut(Stage):
    """Two Scores a chat: `nll`, the negative log-probability of its assistant turns in nats, and their `tokens`."""

    makes = Score
    model: Stage
    data: Stage

    def check(self) -> Iterator[str]:
        yield from needs(self, "model", self.model, Weights)
        yield from needs(self, "data", self.data, Chat)

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        given = rows(self.data)
        return None if given is None else 2 * given

    @property
    def documents(self) -> Documents:
        return ChatDocuments()

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from komainu.train.logps import heldout_scores

        return {"rows": write_rows(out / "rows.jsonl", heldout_scores(self, ctx))}
