"""Progress: a bar on a terminal only, plain lines now and then elsewhere, never on stdout."""

from __future__ import annotations

import io
import re
import sys
import time

import pytest

from komainu.models.base import Question, Reply
from komainu.models.calls import Entry
from komainu.models.meter import Asking
from komainu.progress import CLEAR, Progress
from komainu.rows import Message


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        patch.setattr(time, "monotonic", lambda: self.now)


def test_elsewhere_a_plain_line_comes_every_ten_seconds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock(monkeypatch)
    with Progress(30, "SFT") as bar:
        for _ in range(30):
            clock.now += 1
            bar.update(note="loss 0.41")
    out, err = capsys.readouterr()
    assert out == "" and "\r" not in err
    assert err.splitlines()[0] == "SFT 10/30 [10 s, about 20 s left] loss 0.41"
    assert len(err.splitlines()) == 3


def test_on_a_terminal_a_bar_is_drawn_over_itself_and_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    monkeypatch.setenv("COLUMNS", "60")
    with Progress(4, "answers") as bar:
        for _ in range(4):
            clock.now += 1
            bar.update()
    drawn = screen.getvalue().split(CLEAR)[1:]
    assert re.match(r"\[#{5}\.{15}\] answers 1/4 \[1 s, about 3 s left\]", drawn[1])
    assert drawn[-1] == "" and "\n" not in screen.getvalue() and all(len(d) < 60 for d in drawn)


def test_a_fast_loop_is_not_slowed_by_drawing(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch)
    monkeypatch.setattr(sys, "stderr", screen := Terminal())
    with Progress(1000, "rows") as bar:
        for _ in range(1000):
            bar.update()
    assert screen.getvalue().count(CLEAR) == 2


def test_without_a_total_only_what_is_done_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    bar = Progress(None, "rows")
    clock.now += 2
    bar.update(5)
    assert bar.line() == "rows 5/? [2 s]"


def test_work_within_work_is_shown_on_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = Clock(monkeypatch)
    with Progress(900, "Dataset") as outer:
        for _ in range(3):
            with Progress(4, "asking m") as inner:
                for _ in range(4):
                    clock.now += 1
                    inner.update(note="1.0 calls/s")
            outer.update(4)
    lines = capsys.readouterr().err.splitlines()
    assert lines == ["Dataset 8/900 [10 s, about 1115 s left] | asking m 2/4 [2 s, about 2 s left] 1.0 calls/s"]


def test_asking_shows_calls_a_second_and_money_where_there_is_a_price(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    question = Question((Message("user", "x"),))
    with Asking(10, "m", "EUR") as bar:
        clock.now += 2
        bar.came([Entry("k", question, Reply("y"), 1.0)] * 3)
        assert bar.line() == "asking m 3/10 [2 s, about 5 s left] 1.5 calls/s"
        bar.came([Entry("k", question, Reply("y"), 1.0, 0.125)] * 2)
        assert bar.line() == "asking m 5/10 [2 s, about 2 s left] 2.5 calls/s, 0.25 EUR"
