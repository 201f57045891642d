"""Length bounds the answer in characters and in proportion to the question."""

from __future__ import annotations

import pytest

from komainu.checks.length import Length
from tests.checks.helpers import answer

ENGLISH = "The old man who lives near the station walks his two dogs in the park every morning before he goes to work. "
JAPANESE = "駅の近くに住んでいるおじいさんは、毎朝仕事に行く前に二匹の犬を連れて公園を散歩します。"


@pytest.mark.parametrize("text", ["12345", "1234567890", "　12345 \n", "犬が走る。", "😊" * 10, "ﾊﾝｶｸｶﾅ"])
def test_a_length_within_both_bounds_passes(text: str) -> None:
    assert Length(least=5, most=10)(answer(text)) == ""


@pytest.mark.parametrize("text", ["1234", "犬。", "  1  ", "12345678901", "犬" * 11, "a b c d e f"])
def test_a_length_outside_the_bounds_fails(text: str) -> None:
    assert Length(least=5, most=10)(answer(text)).startswith("length: ")


def test_a_translation_has_about_as_many_bytes_as_its_source() -> None:
    check = Length(least_ratio=0.5, most_ratio=2.0)
    assert check(answer(JAPANESE, ENGLISH)) == ""
    assert check(answer(ENGLISH, JAPANESE * 3)) == "length: 0.28 times the question, at least 0.5"
    assert check(answer(JAPANESE * 3, ENGLISH)).startswith("length: 3.")


def test_the_ratio_to_a_short_question_is_not_judged() -> None:
    assert Length(most_ratio=2.0)(answer(ENGLISH, "Hi!")) == ""
    assert Length(most_ratio=2.0, ratio_from=1)(answer(ENGLISH, "Hi!")) != ""
