"""Filter drops what fails a check, with the first failing check's reason."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from komainu.data.filter import Filter, failures
from tests.data.fakes import No, Short, chat, context, through


def test_the_first_failing_check_gives_the_reason_and_the_whole_reason_is_kept(tmp_path: Path) -> None:
    rows = [chat("a", "x", "fine"), chat("b", "x", "bad " * 9), chat("c", "x", "long " * 9)]
    kept, dropped, summary = through(context(tmp_path), rows, Filter(checks=(No(), Short())))
    assert kept == rows[:1]
    assert [(d.row.id, d.reason) for d in dropped] == [("b", "no: it says bad"), ("c", "short: 45 characters")]
    assert summary["dropped"] == {"Filter": {"no": 1, "short": 1}}


def test_an_answer_cut_off_at_the_limit_is_dropped_whatever_the_checks_say(tmp_path: Path) -> None:
    rows = [chat("a", "x", "fine", finish="length"), chat("b", "x", "fine")]
    kept, dropped, _ = through(context(tmp_path), rows, Filter(checks=()))
    assert kept == rows[1:]
    assert dropped[0].reason == "cut_off: finish_reason 'length'"


@given(st.text())
def test_hidden_labels_never_change_a_verdict(label: str) -> None:
    row = chat("a", "x", "a bad one")
    assert failures(row.with_meta(hidden={"fault": label}), (No(), Short())) == failures(row, (No(), Short()))
