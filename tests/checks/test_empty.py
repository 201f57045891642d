"""Empty fails on answers with nothing to read."""

from __future__ import annotations

import pytest

from komainu.checks.empty import Empty
from tests.checks.helpers import answer


@pytest.mark.parametrize("text", ["はい", "0", "👍", ".", "<think>x</think>y", "Yes <think>", "。", "ﾊｲ"])
def test_anything_one_can_see_is_an_answer(text: str) -> None:
    assert Empty()(answer(text)) == ""


@pytest.mark.parametrize("text", ["", " ", "\n\t\n", "　", "\u200b\u200d", "\u3164", "\x00", "\ufeff \u2800"])
def test_invisible_characters_are_blank(text: str) -> None:
    assert Empty()(answer(text)) == "empty: blank"


@pytest.mark.parametrize("text", ["<think>a plan</think>", " <think>a plan</think>\n ", "<think>cut off in the mid"])
def test_thinking_alone_is_no_answer(text: str) -> None:
    assert Empty()(answer(text)) == "empty: only thinking"
