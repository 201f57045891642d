"""Report: one static page that shows what was made, how good it is, how sure that is, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.errors import UsageError
from komainu.files import whole
from komainu.release.results import read_results
from komainu.rows import Chat, Pair
from komainu.stage import Page, Stage, Table, Weights, needs

if TYPE_CHECKING:
    from komainu.context import Context


@dataclass(frozen=True, kw_only=True)
class Report(Stage):
    """Writes `report.html`: scores with intervals, decisions, answers side by side, curves, data, provenance.

    `training` are the stages whose metrics are drawn, in order; `datasets` the sets whose row flow is shown;
    `samples` the answers of the board's entries, in the board's order, to the same items. `faults` is a stage whose
    faults.json holds {"rows": [{check, fault, precision, recall, tp, fp, fn}]}. The page stands alone: it loads
    nothing, works without its script, and every text that a model or a row wrote is escaped. It is drawn from
    records and artifacts only and tells no times: equal inputs, equal bytes.
    """

    makes: ClassVar[type] = Page
    card: Stage
    board: Stage
    training: tuple[Stage, ...] = ()
    datasets: tuple[Stage, ...] = ()
    samples: tuple[Stage, ...] = ()
    sweep: Stage | None = None
    faults: Stage | None = None

    def check(self) -> Iterator[str]:
        yield from needs(self, "card", self.card, Weights)
        yield from needs(self, "board", self.board, Table)
        for field, stage in (("sweep", self.sweep), ("faults", self.faults)):
            if stage is not None:
                yield from needs(self, field, stage, Table)
        for i, stage in enumerate(self.training):
            yield from needs(self, f"training[{i}]", stage, Weights)
        for i, stage in enumerate(self.samples):
            yield from needs(self, f"samples[{i}]", stage, Chat)
        for i, stage in enumerate(self.datasets):
            if stage.row_type not in (Chat, Pair):
                yield f"Report.datasets[{i}] needs a stage that makes Chat or Pair, but {stage.label} does not"
        items = {stage.inputs["items"].id for stage in self.samples if "items" in stage.inputs}
        if len(items) > 1:
            yield "Report.samples are answers to different items; give the answers of each model to the same items"

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from komainu.release.page import page

        if wrong := list(self.check()):
            raise UsageError("; ".join(wrong))
        results = read_results(ctx.open(self.board))
        with whole(out / "report.html") as handle:
            handle.write(page(self, results, ctx).encode())
        return {"result": f"{results.means()}", "verdicts": results.verdicts()}
