"""Repetition finds loops, and no refrain or asked-for repetition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.checks.repetition import Repetition, loop_like, loops
from tests.checks.helpers import answer, ifeval, judged, needs_fixtures, tatoeba

FINE = [
    "犬が走る。猫が寝る。",
    "はははははは",
    "本当に本当に本当に大切です。",
    "ーーーーーーーーーーーーーーーーーーーーーーーーーーーーーーーーーーーーーーーーーー",
    "No, no, no! Never.",
    "Row, row, row your boat, gently down the stream.",
    "| a | b |\n|---|---|\n" + "| 12345678 | x |\n" * 9,
    "```\n" + "print('hello')\n" * 30 + "```",
    "\n".join(f"{i}. これは{i}番目の項目です。" for i in range(1, 9)),
    "\n".join(f"**Day {i}**\n**Morning:**\nGo to place number {i} by train.\n" for i in range(6)),
    "- [ ] \n" * 12,
    "😊" * 30,
    "................................................",
    "3.141592653589793238462643383279502884197169399375105820974944",
]
LOOPS = [
    "犬が走る。" * 6,
    "私は駅に行きます。" + "そして、本を読みます。" * 9 + "おわり",
    "the dog runs " * 8,
    "I think that I think that I think that I think that I think that I think that",
    "はじめに。\n" + "これは同じ行です。違います。\n" * 6,
    "ａｂｃｄｅ" * 10,
    "あ" * 60,
    "ﾊﾝｶｸ" * 12,
    "x" * 100,
    "図書館、図書館、図書館、図書館、図書館、図書館、図書館、",
    "A: yes it is so.\nB: it is not so.\n" * 9,
    " ".join(f"He said that he would go to the station with his friend in spring {i // 30}." for i in range(30)),
]


@pytest.mark.parametrize("text", FINE)
def test_ordinary_text_passes(text: str) -> None:
    assert Repetition()(answer(text)) == ""


@pytest.mark.parametrize("text", LOOPS)
def test_a_loop_fails(text: str) -> None:
    assert Repetition()(answer(text)).startswith("repetition: ")


def test_as_many_repetitions_as_were_asked_for_pass_and_a_loop_beyond_them_fails() -> None:
    wanted = {"kind": "repeat", "text": "犬が走る。", "n": 8}
    assert Repetition()(answer("犬が走る。" * 8, format=wanted)) == ""
    assert Repetition()(answer("犬が走る。" * 80, format=wanted)) != ""
    assert Repetition()(answer("犬が走る。" * 8)) != ""


def test_a_long_loop_is_found_in_reasonable_time() -> None:
    assert Repetition()(answer("これは長い繰り返しの文であり、終わりません。" * 20_000)) != ""


@needs_fixtures
def test_strong_models_do_not_loop_and_a_tiny_one_does() -> None:
    def share(rows: list[tuple[str, str]]) -> float:
        return sum(Repetition()(answer(text)) != "" for _, text in rows) / len(rows)

    assert share([("", s) for s in tatoeba("jpn") + tatoeba("eng", "jpn")]) == 0
    assert share(ifeval("ja", "gpt-4o")) == 0
    assert share(ifeval("en", "gpt-4o")) <= 0.004
    assert share(judged("phi-4")) <= 0.01
    assert share(ifeval("ja", "Qwen2.5-0.5B")) >= 0.35


@given(st.text("ab,1 ", min_size=1, max_size=9), st.integers(1, 30), st.text("abc ", max_size=40), st.integers(1, 6))
def test_a_text_without_a_long_loop_is_told_before_loops_are_looked_for(
    unit: str, count: int, around: str, times: int
) -> None:
    text = around + unit * count + around[::-1]
    if any(n >= times and len(u) * n >= 24 for u, n in loops(text)):
        assert loop_like(text, times, 24)
