"""How the checks do on answers labelled by hand."""

from __future__ import annotations

import pytest

from komainu.checks.base import Check
from komainu.checks.refusal import Refusal
from komainu.checks.repetition import Repetition
from tests.checks.marked import HALVES, counts, marked, measures, rows, verdicts

ROUNDS = sorted({row["round"] for row in rows("leakage")})


def test_there_is_enough_to_measure_on() -> None:
    seen = counts(marked())
    assert seen["spans_marked"] >= 400 and seen["clean"] >= 250
    assert all("⟦" not in one.chat.reply and "⟧" not in one.chat.reply for one in marked())
    assert min(len([r for r in rows("refusal") if r["wrong"] is wrong]) for wrong in (True, False)) >= 60


@pytest.mark.parametrize("only", ROUNDS)
def test_marked_leaks_are_found_where_they_are(only: int) -> None:
    got = measures(marked(only=only))
    assert min(got["chars_f1"], got["touch_f1"], got["half_f1"]) >= 0.9


def test_what_belongs_there_raises_no_alarm() -> None:
    flagged = counts(marked())
    assert flagged["clean_flagged"] / flagged["clean"] <= 0.005


def test_answers_as_they_are_in_practice_raise_no_alarm() -> None:
    ones = marked(made="realistic")
    assert counts(ones)["clean"] >= 200 and counts(ones)["clean_flagged"] == 0
    assert measures(ones)["chars_f1"] >= 0.95


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize(("name", "check"), [("refusal", Refusal()), ("repetition", Repetition())])
def test_refusals_and_loops_are_told_from_what_looks_like_them(name: str, check: Check, half: str) -> None:
    precision, recall, mistaken = verdicts(name, half, check)
    assert precision >= 0.95 and recall >= 0.95, [chat.reply for chat in mistaken]
