"""The sweep over learning rates: the best by loss a token on the same rows, and what cannot be told from it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from komainu.context import Context
from komainu.errors import UsageError
from komainu.eval.rates import RateSweep
from komainu.files import write_rows
from komainu.rows import Row, Score
from komainu.stage import Stage
from komainu.train.base import Fit
from komainu.train.heldout import HeldOut
from komainu.train.scale import SFT as ANCHOR
from komainu.train.sft import SFT
from recipes.rate import rate
from tests.train.world import Chats, base, context


@dataclass(frozen=True, kw_only=True)
class Losses(Stage):
    """Rows of 10 to 50 tokens, each with a loss a token of its own, `worse` more here, and noise."""

    makes = Score
    worse: float
    noise: float = 0.01
    n: int = 80

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        return {"rows": write_rows(out / "rows.jsonl", self.rows())}

    def rows(self) -> Iterator[Row]:
        for i in range(self.n):
            own, dice = random.Random(f"row {i}"), random.Random(f"{self.worse} {i}")
            tokens, level = own.randint(10, 50), own.gauss(2.0, 0.5)
            nll = tokens * (level + self.worse + dice.gauss(0.0, self.noise))
            yield Score(f"r{i}", "nll", nll)
            yield Score(f"r{i}", "tokens", float(tokens))


def swept(root: Path, *losses: Stage) -> dict[str, Any]:
    rates = tuple(1e-5 * 2**i for i in range(len(losses)))
    ctx = context(root)
    return ctx.store.build(RateSweep(rates=rates, anchors=rates, losses=losses), ctx).summary


def test_the_lowest_loss_is_picked_and_what_cannot_be_told_from_it_is_named(tmp_path: Path) -> None:
    found = swept(tmp_path, Losses(worse=0.3), Losses(worse=0.0), Losses(worse=0.002), Losses(worse=0.05))
    assert [row["word"] for row in found["rates"]] == ["worse", "best", "not distinguishable", "worse"]
    assert found["picked"]["lr"] == 2e-5
    assert "not distinguishable from it on these rows: 4e-05" in found["advice"] and "grid" not in found["advice"]
    far = found["rates"][0]
    assert far["above_low"] < 0.3 < far["above_high"] and far["above_high"] - far["above_low"] < 0.02
    assert far["high"] - far["low"] > 0.1  # the loss by itself is known far less well than the difference


def test_loss_is_a_tokens_mean_and_a_best_at_the_end_of_the_grid_is_told(tmp_path: Path) -> None:
    rows = [*Losses(worse=0.0).rows()]
    values = {m: sum(r.value or 0.0 for r in rows if isinstance(r, Score) and r.metric == m) for m in ("nll", "tokens")}
    found = swept(tmp_path, Losses(worse=0.0), Losses(worse=0.2))
    assert found["rates"][0]["loss"] == pytest.approx(values["nll"] / values["tokens"])
    assert "it is the lowest of the grid" in found["advice"]


def test_other_rows_and_uneven_grids_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is of other rows than"):
        swept(tmp_path, Losses(worse=0.0), Losses(worse=0.0, n=79))
    good = RateSweep(rates=(1e-5, 2e-5), anchors=(1e-5, 2e-5), losses=(Losses(worse=0.0), Losses(worse=0.1)))
    assert [*good.check()] == []
    assert any("must rise" in p for p in replace(good, rates=(2e-5, 1e-5)).check())
    assert any("as many" in p for p in replace(good, anchors=(1e-5,)).check())


def test_short_runs_are_told_apart_by_their_held_out_loss(tmp_path: Path) -> None:
    rates = (1e-4, 3e-3)
    runs = [SFT(model=base(), data=Chats(), fit=Fit(lr=lr, global_batch=8, steps=12)) for lr in rates]
    losses = tuple(HeldOut(model=run, data=Chats(n=30, system=False)) for run in runs)
    ctx = context(tmp_path)
    found = ctx.store.build(RateSweep(rates=rates, anchors=rates, losses=losses), ctx).summary
    assert [row["word"] for row in found["rates"]] == ["worse", "best"] and found["rows"] == 30


def test_the_recipe_spreads_rates_around_the_scale_rule_and_leads_each_back_to_its_anchor(tmp_path: Path) -> None:
    chats = tmp_path / "chats.jsonl"
    row = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}
    chats.write_text("".join(json.dumps({**row, "id": f"c{i}"}) + "\n" for i in range(40)))
    stage = rate(str(tmp_path), str(chats), params=1e9, batch=16, points=3)
    middle = ANCHOR.at(1e9, 16)
    assert stage.rates == pytest.approx((middle / 10, middle, middle * 10), rel=1e-2)
    assert ANCHOR.known(stage.rates[1], 1e9, 16).at(1e9, 16) == pytest.approx(middle, rel=1e-2)
    assert stage.anchors[1] == pytest.approx(1e-5, rel=1e-2) and len({loss.id for loss in stage.losses}) == 3
