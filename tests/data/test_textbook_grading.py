"""The textbook's grader as a marker: its marks follow the teacher's labelled faults."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.data.textbook.grading import LENIENT, LOW, STRICT, TOP, Manner, grade
from komainu.data.textbook.habits import HABITS
from komainu.data.textbook.prompts import Prompts
from komainu.data.textbook.teacher import FAULTS, Faults, answer
from komainu.rows import Chat, Message

ROWS = list(Prompts(side="test", n=600).rows())


def marks(fault: str, manner: Manner) -> list[int]:
    """The marks of the answers that the teacher spoils with one fault."""
    rates = Faults(**{name: float(name == fault) for name in (*FAULTS, "casual")})
    spoilt = [(row, text) for row in ROWS for text, label in [answer(row.messages, 0, rates)] if label or not fault]
    assert spoilt
    return [grade(row.messages, text, manner).mark for row, text in spoilt]


@pytest.mark.parametrize("manner", [STRICT, LENIENT])
def test_the_best_answer_gets_the_highest_mark(manner: Manner) -> None:
    assert {*marks("", manner)} == {TOP}


def test_any_fault_but_a_habit_costs_a_mark_of_the_strict_grader() -> None:
    able = [name for name in FAULTS if name not in (*HABITS, "constraint")]  # these prompts have no constraints
    for fault in (*able, "casual"):
        assert max(marks(fault, STRICT)) < TOP, fault


def test_the_lenient_grader_looks_at_the_content_alone() -> None:
    assert {*marks("extra_text", LENIENT), *marks("casual", LENIENT)} == {TOP}
    assert max(marks("wrong", LENIENT)) == LENIENT.close and min(marks("wrong", LENIENT)) == LOW


def test_a_grade_tells_what_was_wrong() -> None:
    asked = (Message("user", "次の文を日本語に訳してください。\nHe goes to the station."),)
    right = "彼は駅に行きます。"
    assert grade(asked, right, STRICT) == (5, "right")
    plain, wordy, other = (grade(asked, said, STRICT) for said in ("彼は駅に行く。", f"はい。\n{right}", "猫です。"))
    assert plain.mark == 4 and plain.why.startswith("right; register:")
    assert wordy.mark == 4 and wordy.why.startswith("right, among other lines; extra_text:")
    assert other == (1, "not the answer")


def test_a_question_of_another_world_cannot_be_marked() -> None:
    found = grade((Message("user", "What is the capital of Peru?"),), "Lima", LENIENT)
    assert found.mark == LOW and "no task" in found.why


@given(st.sampled_from(ROWS), st.text())
def test_any_text_gets_a_mark_in_range_and_the_same_each_time(row: Chat, text: str) -> None:
    for manner in (STRICT, LENIENT):
        found = grade(row.messages, text, manner)
        assert LOW <= found.mark <= TOP and "\n" not in found.why
        assert found == grade(row.messages, text, manner)
