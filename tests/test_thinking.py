"""Where thinking ends: closed and unclosed tags, tags that the chat template opened, and text that only looks so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.checks.text import visible
from komainu.thinking import split


@pytest.mark.parametrize(
    ("text", "thinking", "answer"),
    [
        ("<think>a\nb</think>\n\n7", "a\nb", "\n\n7"),
        ("  <think>a</think>7", "a", "7"),
        ("<think>never closed", "never closed", ""),
        ("<think></think>7", "", "7"),
        ("<think>a</think><think>b</think>7", "a\nb", "7"),
        ("<thinking>a</thinking>7", "a", "7"),
        ("<seed:think>a</seed:think>7", "a", "7"),
        ("[THINK]a[/THINK]7", "a", "7"),
        ("opened by the template\n</think>\n\n7", "opened by the template", "\n7"),
        ("only that</think>", "only that", ""),
        ("Write `</think>` as in <think>x</think>.", "", "Write `</think>` as in <think>x</think>."),
        ("<b>7</b>", "", "<b>7</b>"),
        ("7 < 8", "", "7 < 8"),
        ("", "", ""),
    ],
)
def test_thinking_is_cut_off_and_the_answer_stays_as_it_is(text: str, thinking: str, answer: str) -> None:
    assert split(text) == (thinking, answer)
    assert visible(text) == answer


TAGS = st.sampled_from(["<think>", "</think>", "[THINK]", "[/THINK]", "\n", "a", " ", "<", "</"])


@given(st.lists(TAGS, max_size=8).map("".join))
def test_an_answer_is_always_the_end_of_the_text(text: str) -> None:
    thinking, answer = split(text)
    assert text.endswith(answer)
    assert all(line in text for line in thinking.split("\n"))
