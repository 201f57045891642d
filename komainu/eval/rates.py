"""Which learning rate: the losses of short runs on the same held-out rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from komainu.context import Context
from komainu.rows import Score
from komainu.stage import Stage, Table, needs


@dataclass(frozen=True, kw_only=True)
class RateSweep(Stage):
    """Runs that differ in the learning rate alone, by their loss on held-out rows; the summary is the result.

    The loss is a token's mean, with an interval over rows. Each run is compared with the best one, row by row
    (sign-flip test, Holm's adjustment), and has its word: `best`, `worse` or `not distinguishable`. `anchors` are the
    rates as the scale rule has them at the size and batch of its anchor. One run a rate: what another seed would
    change is not in the intervals.
    """

    makes = Table
    rates: tuple[float, ...]
    anchors: tuple[float, ...]
    losses: tuple[Stage, ...]
    seed: int = 0

    def check(self) -> Iterator[str]:
        for i, each in enumerate(self.losses):
            yield from needs(self, f"losses[{i}]", each, Score)
        if len({len(self.rates), len(self.anchors), len(self.losses)}) != 1 or len(self.rates) < 2:
            yield "RateSweep.rates, .anchors and .losses must be as many, two or more"
        elif [*self.rates] != sorted({*self.rates}):
            yield "RateSweep.rates must rise"

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from komainu.eval.rated import sweep

        return sweep(self, ctx)
