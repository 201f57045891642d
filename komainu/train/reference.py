"""Reference log-probabilities of preference pairs, computed once for a model and its data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from komainu.context import Context
from komainu.files import write_rows
from komainu.rows import Pair, Score
from komainu.stage import Stage, Weights, needs
from komainu.train.documents import Documents, PairDocuments


@dataclass(frozen=True, kw_only=True)
class Reference(Stage):
    """Two Scores a pair, metric `chosen` and `rejected`: the summed log-probability of the answer in nats."""

    makes = Score
    eats: ClassVar[type] = Pair
    names: ClassVar[tuple[str, ...]] = ("chosen", "rejected")
    model: Stage
    data: Stage

    def check(self) -> Iterator[str]:
        yield from needs(self, "model", self.model, Weights)
        yield from needs(self, "data", self.data, self.eats)

    @property
    def documents(self) -> Documents:
        return PairDocuments()

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        given = rows(self.data)
        return None if given is None else 2 * given

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from komainu.train.logps import reference_scores

        return {"rows": write_rows(out / "rows.jsonl", reference_scores(self, ctx))}
