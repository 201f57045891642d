"""Reference log-probabilities of preference pairs, computed once for a model and its data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.context import Context
from komainu.files import write_rows
from komainu.rows import Pair, Score
from komainu.stage import Stage, Weights, needs
from komainu.train.adapter import Bits, missing
from komainu.train.documents import Documents, PairDocuments

if TYPE_CHECKING:
    from komainu.train.base import Train


@dataclass(frozen=True, kw_only=True)
class Reference(Stage):
    """Two Scores a pair, metric `chosen` and `rejected`: the summed log-probability of the answer in nats.

    `quantised` is that of the adapter it is for: the reference is then the model as the adapter sees it.
    """

    makes = Score
    eats: ClassVar[type] = Pair
    names: ClassVar[tuple[str, ...]] = ("chosen", "rejected")
    model: Stage
    data: Stage
    quantised: Bits = ""

    def check(self) -> Iterator[str]:
        yield from needs(self, "model", self.model, Weights)
        yield from needs(self, "data", self.data, self.eats)
        yield from (f"{type(self).__name__}.{p}" for p in missing(self.quantised))

    def unlike(self, stage: Train) -> Iterator[str]:
        """Where this is not the reference of what a training stage starts from."""
        name, held = type(stage).__name__, stage.adapter.quantised if stage.adapter else ""
        both = "give both the same"
        if self.data.id != stage.data.id:
            yield f"{name}.reference was computed on other data than {name}.data: {both} stage"
        elif self.model.id != stage.model.id:
            yield f"{name}.reference is of another model than {name}.model, where training starts: {both} stage"
        elif self.quantised != held:
            yield f"{name}.reference has quantised={self.quantised!r} and {name}.adapter {held!r}: {both}"

    @property
    def documents(self) -> Documents:
        return PairDocuments()

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        given = rows(self.data)
        return None if given is None else 2 * given

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from komainu.train.logps import reference_scores

        return {"rows": write_rows(out / "rows.jsonl", reference_scores(self, ctx))}
