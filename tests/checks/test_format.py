"""Format holds an answer to the shape that was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from komainu.checks.format import Format
from komainu.errors import UsageError
from tests.checks.helpers import answer

KEYS = {"kind": "json", "keys": ["who", "where"]}
KANJI = {"kind": "json", "keys": ["誰", "場所"]}
BULLETS = {"kind": "bullets", "n": 3}
CHARS = {"kind": "max_chars", "n": 6}
WORDS = {"kind": "max_words", "n": 3}
TWO = {"kind": "sentences", "n": 2}
DOGS = {"kind": "repeat", "text": "犬", "n": 3}
DOGS_EN = {"kind": "repeat", "text": "dog", "n": 3}

RIGHT: list[tuple[dict[str, Any], str]] = [
    (KEYS, '{"who": "Tanaka", "where": "station"}'),
    (KEYS, '{"where": "駅", "who": "田中"}'),
    (KEYS, '\n```json\n{"who": null, "where": {"a": 1}}\n```\n'),
    (KEYS, '{"who":"😊","where":""}'),
    (KANJI, '{"誰": "田中", "場所": "駅"}'),
    (KANJI, '{\n  "場所": "駅",\n  "誰": "田中"\n}\n'),
    (BULLETS, "- 犬\n- 猫\n- 鳥"),
    (BULLETS, "* a\n* b\n* c\n"),
    (BULLETS, "・犬\n・猫\n・鳥"),
    (BULLETS, "三つあります。\n\n- 犬\n- 猫\n- 鳥\n"),
    (BULLETS, "- a\n    - inner\n- b\n- c"),
    (BULLETS, "• 犬\n• ﾈｺ\n• 😊"),
    (CHARS, "犬が走る。"),
    (CHARS, "犬が走った。\n"),
    (CHARS, "か\u3099き\u3099く\u3099け\u3099こ\u3099か\u3099"),  # が written as two code points
    (CHARS, "1 2 3"),
    (CHARS, "😊😊😊"),
    (CHARS, "ﾊﾝｶｸｶﾅ"),
    (WORDS, "The dog runs."),
    (WORDS, "Dogs run - fast"),
    (WORDS, "don't stop"),
    (WORDS, "42"),
    (WORDS, "well-known dogs run\n"),
    (WORDS, "Ｄｏｇｓ　ｒｕｎ"),
    (TWO, "犬が走る。猫が寝る。"),
    (TWO, "犬が走る！\n猫が寝る"),
    (TWO, "彼は「行く。行く。」と言った。私も行く。"),
    (TWO, "Mr. Tanaka has 3.5 apples. He eats one."),
    (TWO, "Really?! Yes."),
    (TWO, 'He said "Go." Then he went.'),
    (DOGS, "犬犬犬"),
    (DOGS, "犬、犬、犬。"),
    (DOGS, "犬\n犬\n犬\n"),
    (DOGS_EN, "dog dog dog"),
    (DOGS_EN, "Dog, dog, dog."),
    (DOGS_EN, "ＤＯＧ dog Dog!"),
]
WRONG: list[tuple[dict[str, Any], str]] = [
    (KEYS, '{"who": "Tanaka"}'),
    (KEYS, '{"who": "Tanaka", "where": "station", "when": ""}'),
    (KEYS, '{"who": "Tanaka", "where": "station"'),
    (KEYS, 'Here it is: {"who": "Tanaka", "where": "station"}'),
    (KEYS, '{"who": 1, "who": 2, "where": 3}'),
    (KEYS, '{"who": NaN, "where": 3}'),
    (KEYS, "{'who': 'Tanaka', 'where': 'station'}"),
    (KEYS, '[{"who": 1, "where": 2}]'),
    (KEYS, "[" * 100_000),
    (KANJI, '{"who": "田中", "場所": "駅"}'),
    (BULLETS, "- 犬\n- 猫"),
    (BULLETS, "- a\n- b\n- c\n- d"),
    (BULLETS, "犬、猫、鳥"),
    (BULLETS, "- a - b - c"),
    (BULLETS, "-\n-\n-"),
    (BULLETS, "```\n- a\n- b\n- c\n```"),
    (CHARS, "犬が走ります。"),
    (CHARS, "犬が走った。 \n"),
    (CHARS, "😊😊😊😊😊😊😊"),
    (CHARS, "station"),
    (CHARS, "ﾊﾝｶｸｶﾅﾃﾞｽ"),
    (CHARS, "a\nb\nc\nd"),
    (WORDS, "The dog runs fast."),
    (WORDS, "a b c d"),
    (WORDS, "one\ntwo\nthree\nfour"),
    (WORDS, "Ｔｈｅ　ｄｏｇ　ｒｕｎｓ　ｆａｓｔ"),
    (TWO, "犬が走る。"),
    (TWO, "犬が走る。猫が寝る。鳥が飛ぶ。"),
    (TWO, "A dog runs. A cat sleeps. A bird flies."),
    (TWO, "I am here"),
    (DOGS, "犬犬"),
    (DOGS, "犬犬犬犬"),
    (DOGS, "はい、犬犬犬"),
    (DOGS, "猫猫猫"),
    (DOGS_EN, "dog dog"),
    (DOGS_EN, "dog dog dog cat"),
    (DOGS_EN, "three dogs: dog dog dog"),
]


@pytest.mark.parametrize(("wanted", "text"), RIGHT)
def test_the_right_shape_passes(wanted: dict[str, Any], text: str) -> None:
    assert Format()(answer(text, format=wanted)) == ""


@pytest.mark.parametrize(("wanted", "text"), WRONG)
def test_another_shape_fails(wanted: dict[str, Any], text: str) -> None:
    assert Format()(answer(text, format=wanted)).startswith("format: ")


def test_the_reason_says_what_was_counted() -> None:
    assert Format()(answer("- a", format=BULLETS)) == "format: 1 bullets, not 3"
    assert Format()(answer('{"who": 1, "b": 2}', format=KEYS)) == "format: JSON without where and with b"


def test_without_a_format_everything_passes() -> None:
    assert Format()(answer("x")) == "" and Format()(answer("x", format=None)) == ""


@pytest.mark.parametrize(
    "wanted", [{"kind": "bulets", "n": 3}, {"kind": "bullets"}, {"kind": "max_chars", "n": "6"}, "json", {"n": 3}]
)
def test_a_format_that_is_not_in_the_contract_is_the_users_error(wanted: object) -> None:
    with pytest.raises(UsageError, match="row-1"):
        Format()(answer("- a", format=wanted))
