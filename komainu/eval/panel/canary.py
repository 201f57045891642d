"""A canary: answers whose verdicts are frozen, judged again by the same judges; a gate that tells when they drift."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.errors import GateFailed
from komainu.eval.judge.panel import Panel
from komainu.files import write_json
from komainu.stage import Stage, Table

if TYPE_CHECKING:
    from komainu.context import Context


@dataclass(frozen=True, kw_only=True)
class Canary(Stage):
    """Writes `drift.json`, what `drift` tells of two panels over the same answers. Raises GateFailed for an alarm.

    `frozen` is judged once and stays in the store; `again` is `judged_again(frozen, round)`, another round each time
    the judges are to be looked at. `shift` and `kappa` are the bounds, see komainu/eval/panel/drift.py.
    """

    makes: ClassVar[type] = Table
    frozen: Panel
    again: Panel
    shift: float = 0.02
    kappa: float = 0.6

    def check(self) -> Iterator[str]:
        if self.frozen.answers.id != self.again.answers.id:
            yield "Canary.again is about other answers than Canary.frozen; the frozen answers are to be judged again"
        if self.frozen.judges != self.again.judges:
            yield "Canary.again has other judges than Canary.frozen; a canary compares each judge with itself"
        if self.frozen.id == self.again.id:
            yield "Canary.again is Canary.frozen, so no judge is asked again; give it another round of judged_again"

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from komainu.eval.panel.drift import Bounds, drift
        from komainu.eval.panel.marks import sheet
        from komainu.eval.panel.stored import marks

        then, now = (sheet(marks(ctx.store, ctx.open(panel))) for panel in (self.frozen, self.again))
        rows = drift(then, now, "0", Bounds(self.shift, self.kappa))
        write_json(out / "drift.json", rows)
        if alarms := [f"{row['judge']}: {row['alarm']}" for row in rows if row["alarm"]]:
            told = "; ".join(alarms)
            raise GateFailed(
                f"a judge is not what it was on the frozen answers, so do not mix its new marks with older ones: {told}"
            )
        return {"rows": len(rows), "drift": rows}


def judged_again(frozen: Panel, round: int) -> Panel:
    """The same panel over the same answers, asked anew: another seed gives the questions other marks, and so the call
    cache has no reply to them."""
    return replace(
        frozen, verdicts=tuple(replace(verdicts, seed=verdicts.seed + round) for verdicts in frozen.verdicts)
    )
