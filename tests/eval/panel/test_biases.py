"""Biases: those that a simulated judge has are found at their size, those that it has not are not."""

from __future__ import annotations

import random

import pytest

from komainu.eval.panel.failures import failures
from komainu.eval.panel.kin import Kin, kin_bias
from komainu.eval.panel.length import length_bias
from komainu.eval.panel.marks import Mark, sheet
from komainu.eval.panel.position import Duel, position_bias
from tests.eval.panel.simulated import careless, noisy, shy, vain, wordy, world

OWN = ("model-2", "model-6", "model-9")
KIN = (*(Kin(name, "", "vain") for name in OWN), Kin("model-1?", "", "noisy"), Kin("model-*", "", "wordy"))


def test_length_bias_is_what_a_judge_gives_beyond_the_gold() -> None:
    found = sheet(world({"noisy": noisy, "wordy": wordy}))
    wordy_, noisy_ = (length_bias(found, found.of(name), found.of("gold"), "s") for name in ("wordy", "noisy"))
    assert wordy_["excess"]["value"] == pytest.approx(0.5, abs=0.06)
    low, high = noisy_["excess"]["items"]
    assert low < 0 < high and wordy_["excess"]["items"][0] > 0.4


def test_length_bias_needs_two_lengths_of_one_item() -> None:
    marks = [Mark("a", f"{i}", judge, float(i), length=10 * (i + 1)) for i in range(9) for judge in ("gold", "judge")]
    table = sheet(marks)
    assert length_bias(table, table.of("judge"), table.of("gold"), "s") == {"score": None, "excess": None}
    unknown = sheet(mark._replace(length=None) for mark in world({"wordy": wordy}))
    assert length_bias(unknown, unknown.of("wordy"), unknown.of("gold"), "s")["excess"] is None


def test_a_judge_that_favours_its_pupils_is_found_and_the_others_are_not() -> None:
    judges = ("vain", "noisy", "wordy")
    found = sheet(world({"vain": vain, "noisy": noisy, "wordy": wordy}))
    rows = {row["group"]: row for row in kin_bias(found, judges, KIN, "teacher", "s")}
    (own,) = rows["vain"]["own"]
    assert own["judge"] == "vain" and own["value"] == pytest.approx(0.5, abs=0.1) and own["p"] < 0.01
    assert own["items"][0] > 0.3 and own["models"][0] > 0  # of three pupils
    assert rows["vain"]["models"] == 3 and rows["vain"]["others"] == 9
    (other,) = rows["noisy"]["own"]
    assert other["p"] > 0.05 and other["models"][0] < 0 < other["models"][1]
    assert rows["vain"]["next"]["group"] == "noisy"  # which teaches the two best models


def test_kin_are_told_by_the_first_row_that_fits_and_small_groups_are_left_out() -> None:
    found = sheet(world({"vain": vain, "noisy": noisy}, items=10))
    family = (Kin("vain", "own", ""), Kin("model-2", "own", ""), Kin("model-6", "own", ""), Kin("model-*", "other", ""))
    (row,) = kin_bias(found, ("vain", "noisy"), family, "family", "s")
    assert row["group"] == "own" and row["models"] == 2 and [each["judge"] for each in row["own"]] == ["vain"]
    assert kin_bias(found, ("vain", "noisy"), (Kin("model-2", "vain", ""), Kin("*", "x", "")), "family", "s") == []


def test_missing_verdicts_that_have_to_do_with_the_answer_are_told_apart_from_those_that_have_not() -> None:
    found = sheet(world({"shy": shy, "careless": careless, "noisy": noisy}))
    rows = {row["judge"]: row for row in failures(found, ("shy", "careless", "noisy"), "gold", "s")}
    assert rows["shy"]["word"] == "related" and rows["shy"]["difference"] < -1 and rows["shy"]["interval"][1] < -0.5
    assert rows["shy"]["shift"] > 0.2  # what it leaves out would have lowered its mean
    assert rows["careless"]["word"] == "no relation seen" and rows["careless"]["missing"] > 100
    assert rows["noisy"]["word"] == "none missing" and rows["noisy"]["share"][0] == 0
    without = {row["judge"]: row for row in failures(found, ("shy", "careless", "noisy"), "", "s")}
    assert without["shy"]["word"] == "related"  # the other judges stand in for a gold


def test_a_gold_of_other_answers_is_no_reference() -> None:
    few = sheet(m for m in world({"shy": shy, "noisy": noisy}) if m.judge != "gold" or m.item in ("item-1", "item-2"))
    row = failures(few, ("shy", "noisy"), "gold", "s")[0]
    assert row["against"] == "the others" and row["word"] == "related"
    most = sheet(m for m in world({"shy": shy, "noisy": noisy}) if m.judge != "gold" or m.item != "item-1")
    assert failures(most, ("shy", "noisy"), "gold", "s")[0]["against"] == "gold"


def test_a_judge_that_was_not_asked_lacks_nothing() -> None:
    marks = [
        Mark("a", "1", "one", 1.0, bench="x"),
        Mark("a", "1", "two", None, bench="x"),
        Mark("a", "1", "one", 1.0, "y"),
    ]
    rows = failures(sheet(marks), ("one", "two"), "", "s")
    assert [(row["judge"], row["bench"], row["missing"], row["word"]) for row in rows] == [
        ("one", "x", 0, "none missing"),
        ("one", "y", 0, "none missing"),
        ("two", "x", 1, "cannot be told"),
    ]


def duels(first: float, n: int = 400) -> list[Duel]:
    """Pairs in both orders, by a judge that takes the first answer with that probability, whatever it is."""
    rng = random.Random("duels")
    pairs = [(f"item-{i}", "a", "b") for i in range(n)]
    return [
        Duel(item, "judge", *order, "first" if rng.random() < first else "second")
        for item, a, b in pairs
        for order in ((a, b), (b, a))
    ]


def test_position_bias_is_seen_where_both_orders_were_asked() -> None:
    (biased,), (fair,) = position_bias(duels(0.7)), position_bias(duels(0.5))
    assert biased["both"] == 400 and biased["p"] < 1e-6
    assert biased["share"][0] == pytest.approx(0.49 / (0.49 + 0.09), abs=0.06)
    assert fair["p"] > 0.05 and fair["share"][1] < 0.5 < fair["share"][2]


def test_a_judge_that_knows_the_better_answer_is_consistent_whatever_the_order() -> None:
    right = [Duel("1", "j", "a", "b", "first"), Duel("1", "j", "b", "a", "second"), Duel("2", "j", "a", "b", "tie")]
    right += [Duel("2", "j", "b", "a", "tie"), Duel("3", "j", "a", "b", "first"), Duel("4", "j", "a", "b", None)]
    (found,) = position_bias(right)
    assert found["both"] == 2 and found["consistent"][0] == 1.0 and found["share"] is None and found["p"] == 1.0
    assert found["one_order"] == 1 and found["missing"] == 1 and found["wins"] == {"first": 2, "second": 1, "tie": 2}
