"""Agreement at both levels: the published panel, judges of whom it is known how they judge, and what cannot be told."""

from __future__ import annotations

import random
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from komainu.eval.panel.levels import item_level, model_level, model_means
from komainu.eval.panel.marks import Mark, sheet
from komainu.eval.panel.reading import read
from komainu.eval.panel.report import Wish, report
from tests.eval.panel.simulated import noisy, wild, world
from tests.eval.reference import FIXTURES, needs_fixtures

DIALOGUES = Path(FIXTURES, "rp_bench", "annotated_sample_50_human.jsonl")


@needs_fixtures
def test_the_published_panel_agrees_with_people_as_is_known() -> None:
    found = report(sheet(read(DIALOGUES).marks), [], Wish())
    assert found["gold"] == "people" and found["answers"] == 50 and len(found["judges"]) == 4
    rows = {row["judge"]: row["spearman"] for row in found["item_level"]}
    assert rows["panel"]["value"] == pytest.approx(0.600, abs=5e-4)
    low, high = rows["panel"]["answers"]
    assert low == pytest.approx(0.32, abs=0.04) and high == pytest.approx(0.77, abs=0.02)
    singles = sorted(round(rows[judge]["value"], 3) for judge in found["judges"])
    assert (singles[0], singles[-1]) == (0.426, 0.554)


def test_a_good_judge_agrees_and_a_wild_one_does_not() -> None:
    found = sheet(world({"noisy": noisy, "wild": wild}))
    gold = found.of("gold")
    good, bad = (item_level(found, gold, found.of(name), "s") for name in ("noisy", "wild"))
    assert good["n"] == 720 and good["spearman"]["value"] > 0.8 and abs(bad["spearman"]["value"]) < 0.1
    low, high = bad["pearson"]["answers"]
    assert low < 0 < high and high - low < 0.2
    for each in (good, bad):
        assert all(row[over][0] <= row["value"] <= row[over][1] for row in (each["icc"], each["mae"]) for over in row
                   if over != "value")  # fmt: skip
    means = model_level(found, gold, found.of("noisy"), ("",), "s")
    assert means["models"] == 12 and means["kendall"]["value"] > 0.9 and means["pairs"]["value"] > 0.95
    assert means["slope"]["value"] == pytest.approx(1.0, abs=0.1) and abs(means["bias"]["value"]) < 0.1


def test_an_interval_over_items_holds_what_it_should() -> None:
    # a judge with a bias of one point for one item and none for the next: the bias over all items is 0.5
    inside = 0
    for run in range(20):
        rng = random.Random(f"{run}")
        taste = {f"item-{i}": float(rng.random() < 0.5) for i in range(40)}
        marks = []
        for model, (item, more) in product("abcdef", taste.items()):
            worth = rng.gauss(5, 1)
            marks += [Mark(model, item, "gold", worth), Mark(model, item, "taste", worth + more + rng.gauss(0, 0.2))]
        table = sheet(marks)
        bias = item_level(table, table.of("gold"), table.of("taste"), "s")["bias"]
        (low, high), alone = bias["items"], bias["answers"]
        inside += low <= 0.5 <= high
        assert high - low > 1.8 * (alone[1] - alone[0])  # answers to one item are no independent evidence
    assert inside >= 17


def test_models_are_compared_over_the_items_that_both_have_scored() -> None:
    scores: dict[tuple[str, str], list[float | None]] = {
        ("a", "gold"): [0, 1, 2, 3],
        ("a", "judge"): [5, 5, 5, None],
        ("b", "gold"): [9, 9, 9, 9],
        ("b", "judge"): [6, 6, 6, 6],
        ("c", "gold"): [4, 4, 4, 4],
        ("c", "judge"): [2, 2, 2, 2],
    }
    marks = [Mark(model, f"{i}", judge, x) for (model, judge), some in scores.items() for i, x in enumerate(some)]
    table = sheet(marks)
    means = model_means(table, [table.of("gold"), table.of("judge")], ("",), "s")
    assert means.models == ("a", "b", "c") and means.values.tolist() == [[1.0, 5.0], [9.0, 6.0], [4.0, 2.0]]
    assert np.isnan(means.replicates).all()  # four items are too few to draw from
    assert model_level(table, table.of("gold"), table.of("judge"), ("",), "s")["bias"]["items"] is None


def test_benches_of_several_scales_are_averaged_on_one() -> None:
    marks = [
        Mark(model, f"{i}", judge, value * top / 10, bench=bench, top=top)
        for bench, top in (("small", 5.0), ("large", 10.0))
        for model, value in (("a", 4.0), ("b", 8.0), ("c", 2.0))
        for i in range(6)
        for judge in ("gold", "judge")
        if (model, bench) != ("c", "large")
    ]
    table = sheet(marks)
    means = model_means(table, [table.of("gold")], table.benches, "s")
    assert means.models == ("a", "b") and means.values.tolist() == [[4.0], [8.0]]  # c lacks a bench


def test_several_answers_to_an_item_count_as_their_mean_for_models_and_not_as_one_answer() -> None:
    marks = [Mark("a", "1", "gold", 2.0, sample="1"), Mark("a", "1", "judge", 4.0, sample="2")]
    table = sheet(marks)
    assert item_level(table, table.of("gold"), table.of("judge"), "s")["n"] == 0
    means = model_means(table, [table.of("gold"), table.of("judge")], ("",), "s")
    assert means.values.tolist() == [[2.0, 4.0]]


def test_a_report_is_the_same_on_every_run_and_has_no_numbers_where_there_is_nothing_to_tell() -> None:
    marks = [*world({"noisy": noisy, "wild": wild}, models=3, items=8)]
    assert report(sheet(marks), [], Wish()) == report(sheet(marks), [], Wish())
    flat = sheet([mark._replace(score=5.0) for mark in marks])
    row = report(flat, [], Wish())["item_level"][0]
    assert row["judge"] == "panel" and row["spearman"] == dict.fromkeys(("value", "answers", "items", "models"))
    assert row["exact"]["value"] == 1.0
