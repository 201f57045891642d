"""Privacy flags, masks or drops what holds personal data, and counts it by kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from komainu.data.privacy import Privacy
from komainu.rows import Message, Pair
from tests.data.fakes import chat, context, through

ROWS = [chat("a", "x", "fine"), chat("b", "私は kato@mise.shop です。", "090-3817-4462 と ito@mise.shop ですね。")]


def test_flagged_rows_stay_as_they_are_with_their_kinds_counted(tmp_path: Path) -> None:
    kept, dropped, summary = through(context(tmp_path), ROWS, Privacy(action="flag"))
    assert not dropped and kept == [ROWS[0], ROWS[1].with_meta(private={"email": 2, "phone": 1})]
    assert summary["notes"] == {"Privacy": {"found": {"email": 2, "phone": 1}}}


def test_masked_rows_hold_nothing_of_it_in_any_message(tmp_path: Path) -> None:
    kept, _, _ = through(context(tmp_path), ROWS, Privacy())
    assert kept[0] == ROWS[0]
    assert [m.content for m in kept[1].messages] == ["私は [EMAIL] です。", "[PHONE] と [EMAIL] ですね。"]


def test_dropped_rows_tell_the_kinds_and_never_the_data(tmp_path: Path) -> None:
    kept, dropped, _ = through(context(tmp_path), ROWS, Privacy(action="drop"))
    assert kept == ROWS[:1] and [d.reason for d in dropped] == ["private: email, phone"]


def test_kinds_that_are_not_looked_for_pass(tmp_path: Path) -> None:
    kept, _, _ = through(context(tmp_path), ROWS, Privacy(action="drop", kinds=("card",)))
    assert kept == ROWS


def test_both_answers_of_a_pair_and_its_prompt_are_masked(tmp_path: Path) -> None:
    pair = Pair("p", (Message("user", "a@mise.shop"),), "b@mise.shop", "c@mise.shop")
    made = list(Privacy()(iter([pair]), context(tmp_path)))
    assert made[0] == Pair("p", (Message("user", "[EMAIL]"),), "[EMAIL]", "[EMAIL]", {"private": {"email": 3}})


@pytest.mark.parametrize("step", [Privacy(action="hide"), Privacy(kinds=("names",)), Privacy(kinds=())])  # type: ignore[arg-type]
def test_a_setting_that_says_nothing_is_refused(step: Privacy) -> None:
    assert len(list(step.check())) == 1
