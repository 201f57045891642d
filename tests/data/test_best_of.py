"""BestOf keeps the answer that fails least, by majority among equals."""

from __future__ import annotations

from pathlib import Path

import pytest

from komainu.data.ask import Ask, call
from komainu.data.best_of import BestOf
from komainu.errors import UsageError
from tests.data.fakes import TEACHER, Fake, No, Short, chat, context, through

CHECKS = (No(), Short(most=8))


def best(tmp_path: Path, *said: str) -> tuple[str, dict[str, object]]:
    step = BestOf(model=TEACHER, checks=CHECKS, n=len(said))
    (row,), _, _ = through(context(tmp_path, Fake(*said)), [chat("a", "x")], Ask(model=TEACHER), step)
    return row.reply, row.meta


def test_the_answer_with_the_fewest_failed_checks_wins(tmp_path: Path) -> None:
    reply, meta = best(tmp_path, "bad and too long", "bad", "fine")
    assert reply == "fine"
    assert meta["replaced"] == ["no: it says bad"]
    assert meta["from"] == ["a", call(TEACHER, 2)]


def test_among_equals_the_majority_wins_whatever_its_width_and_punctuation(tmp_path: Path) -> None:
    reply, meta = best(tmp_path, "犬です", "猫です。", "ネコです", "猫です")
    assert (reply, meta["agree"], meta["best_of"]) == ("猫です。", 2, 4)


def test_among_equals_without_majority_the_first_stays(tmp_path: Path) -> None:
    reply, meta = best(tmp_path, "one", "two", "three")
    assert (reply, "replaced" in meta) == ("one", False)


def test_a_row_is_dropped_when_its_best_answer_still_fails(tmp_path: Path) -> None:
    step = BestOf(model=TEACHER, checks=CHECKS, n=3)
    ctx = context(tmp_path, Fake("bad", "bad too long", "bad again"))
    kept, dropped, summary = through(ctx, [chat("a", "x")], Ask(model=TEACHER), step)
    assert kept == []
    assert dropped[0].reason == "no: it says bad"
    assert summary["dropped"] == {"BestOf": {"no": 1}}


def test_the_present_answer_is_a_candidate_and_is_not_asked_again(tmp_path: Path) -> None:
    fake = Fake()
    through(context(tmp_path, fake), [chat("a", "x")], Ask(model=TEACHER), BestOf(model=TEACHER, checks=(), n=3))
    assert [q.sample for q in fake.asked] == [0, 1, 2]


def test_a_choice_of_one_is_refused() -> None:
    with pytest.raises(UsageError, match="from 2 answers on"):
        BestOf(model=TEACHER, checks=(), n=1)
