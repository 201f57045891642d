from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from komainu.eval.base import Answers, Scores
from komainu.eval.bench.exact import ExactMatch
from komainu.eval.board import Board, Entry
from komainu.eval.columns import Column, Measure, Verdicts, column
from komainu.eval.headline import Average
from komainu.eval.repeated import ends
from komainu.eval.stats.runs import ONE, between, student, widened
from komainu.eval.stats.spread import of_items
from komainu.models.base import Model
from komainu.stage import wiring
from tests.eval.world import Items, context, right

BENCH = ExactMatch(language="ja")


def test_runs_that_differ_no_more_than_their_items_add_nothing() -> None:
    noise = np.random.default_rng(0).normal(0.5, 0.1, size=(200, 4))
    noise -= noise.mean(axis=0)
    assert between(noise).variance == 0
    assert between(noise[:, :1]) == ONE


def test_the_component_between_runs_is_found_apart_from_the_items() -> None:
    rng = np.random.default_rng(1)
    found = [
        between(rng.normal(0, 0.3, (300, 1)) + rng.normal(0, 0.1, (300, 6)) + rng.normal(0, 0.02, 6))
        for _ in range(400)
    ]
    assert np.mean([each.sd**2 for each in found]) == pytest.approx(0.02**2, rel=0.1)
    assert np.mean([each.variance for each in found]) == pytest.approx(0.02**2 / 6, rel=0.1)


def test_that_few_runs_are_alike_may_be_luck() -> None:
    """Runs that differ by half of what their items' noise explains: nothing of five, all that is seen of three."""
    rng = np.random.default_rng(2)
    for runs, counted in ((3, True), (5, False)):
        table = rng.normal(0.5, 0.1, (400, runs))
        table += (np.linspace(-1, 1, runs) * 0.002) - table.mean(axis=0)
        assert (between(table).variance > 0) == counted and between(table).sd == 0


def test_an_item_that_a_run_lacks_is_left_out() -> None:
    table = np.array([[0.1, 0.4, 0.2], [0.2, 0.6, 0.2], [0.3, np.nan, 0.9], [0.1, 0.5, 0.1]])
    assert between(table) == between(table[[0, 1, 3]])


def test_runs_widen_an_interval_and_take_degrees_of_freedom() -> None:
    items = of_items(np.linspace(0.2, 0.8, 100))
    runs = between(np.linspace(0.2, 0.8, 100)[:, None] + np.array([0.0, 0.1, 0.2]))
    wide = widened(items, runs)
    assert wide.variance == pytest.approx(items.variance + runs.variance) and 2 <= wide.df < 3
    assert widened(items, ONE) is items
    assert student(0.1, items.variance, 100, (runs, ONE)) > student(0.1, items.variance, 100, (ONE, ONE))


def scores(name: str, seed: int, **how: Any) -> Scores:
    model = Model(name=name, temperature=0.7, seed=seed, **how)
    return Scores(answers=Answers(model=model, items=Items(n=80)), bench=BENCH)


def lucky(model: Model, text: str, sample: int) -> str:
    """Each seed knows four more of the forty Japanese items."""
    i = int(text.split()[1])
    return right(i) if (i // 2) % 20 < 10 + 2 * model.seed else "わかりません。"


def test_an_entry_tells_its_runs_as_one_number(tmp_path: Path) -> None:
    ctx = context(tmp_path, lucky)
    runs = Entry(name="runs", scores=tuple(scores("m", seed) for seed in (0, 1, 2)))
    once = Entry(name="once", scores=(scores("m", 1),))
    found = json.loads((ctx.store.build(Board(entries=(runs, once)), ctx).path / "board.json").read_bytes())
    several, one = found["rows"]
    assert (several["mean"], several["n"], several["items"]) == (0.6, 120, 40) and one["mean"] == 0.6
    assert [run["mean"] for run in several["runs"]["each"]] == [0.5, 0.6, 0.7] and several["runs"]["n"] == 3
    assert several["runs"]["sd"] == pytest.approx(0.0925, abs=1e-3)  # the three differ by 0.1, less their noise
    assert "runs" not in one
    assert several["high"] - several["low"] > one["high"] - one["low"]
    decision, headline = found["decisions"][0], found["headline"][0]["ja"]
    assert decision["difference"] == 0 and decision["low"] < -0.1 and decision["high"] > 0.1
    assert headline["low"] == pytest.approx(100 * several["low"], abs=1e-3)
    assert found["tasks"] == [task for task in found["tasks"] if task["entry"] == "once"]


@pytest.mark.parametrize("up", [True, False])
def test_runs_of_marks_from_one_are_told_on_the_scale_they_are_on(up: bool) -> None:
    """1 to 5 is 0 to 4 and one more, with runs and in averages too."""
    rng = np.random.default_rng(4)
    marks = rng.integers(1, 4, (30, 3)) + np.array([0, 1, 1])

    def of(low: int, top: int) -> Column:
        runs: list[Verdicts] = [{str(i): [float(m - 1 + low)] for i, m in enumerate(run)} for run in marks.T]
        return column(Measure("marks", "ja", "mark", low, top, up), "items", runs, [[] for _ in runs])

    one, zero = of(1, 5), of(0, 4)
    assert one.swing == pytest.approx(zero.swing) and one.swing.variance > 0
    told, plain = ends(one), ends(zero)
    assert [told[end] for end in ("mean", "low", "high")] == pytest.approx(
        [1 + plain[end] for end in ("mean", "low", "high")]
    )
    average, of_zero = (Average([each], 0).estimate(["ja"]) for each in (one, zero))
    scaled = {end: 0.8 * of_zero[end] + (20 if up else 0) for end in ("mean", "low", "high")}
    assert {end: average[end] for end in scaled} == pytest.approx(scaled, abs=1e-4)


def test_runs_differ_in_their_seed_alone() -> None:
    def problems(*runs: Scores) -> str:
        return "; ".join(text for _, text in wiring(Board(entries=(Entry(name="e", scores=runs),))))

    assert not problems(scores("m", 0), scores("m", 1))
    assert "runs need a seed each" in problems(scores("m", 0), scores("m", 0))
    colder = replace(scores("m", 1).answers, model=Model(name="m", temperature=0.1, seed=1))
    assert "differ in more than the seed" in problems(scores("m", 0), Scores(answers=colder, bench=BENCH))
