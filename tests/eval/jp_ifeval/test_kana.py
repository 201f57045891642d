"""Kana, moras, readings and pieces: the ground the checks stand on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.eval.bench.jp_ifeval.kana import hiragana, is_japanese, is_kana, kanji, moras
from komainu.eval.bench.jp_ifeval.lexicon import counts, noun, sounds_like
from komainu.eval.bench.jp_ifeval.pieces import answers, items, size
from komainu.eval.bench.jp_ifeval.sound import openings


@pytest.mark.parametrize(
    ("text", "kana"),
    [
        ("カタカナ", "かたかな"),
        ("ｶﾞｯｺｳ", "がっこう"),
        ("か\u3099っこう", "がっこう"),
        ("ヴァイオリン", "ゔぁいおりん"),
        ("いすゞ", "いすず"),
        ("こゝろ", "こころ"),
        ("ヽ", "ゝ"),
        ("ヵヶ", "ゕゖ"),
        ("ﾗｰﾒﾝ", "らーめん"),
        ("漢字とＡ", "漢字とＡ"),
    ],
)
def test_all_kana_become_hiragana(text: str, kana: str) -> None:
    assert hiragana(text) == kana


@pytest.mark.parametrize(
    ("kana", "n"),
    [
        ("きゃっと", 3),
        ("しゅっしゅっ", 4),
        ("らーめん", 4),
        ("ふぁいる", 3),
        ("ゔぁいおりん", 5),
        ("てぃっしゅ", 3),
        ("ねぇ", 2),
        ("なぁ", 2),
        ("とぅ", 1),
        ("っ", 1),
        ("んぁ", 2),
        ("ゃ", 1),
        ("んー", 2),
        ("", 0),
    ],
)
def test_moras(kana: str, n: int) -> None:
    assert len(moras(kana)) == n


@given(st.text(alphabet="あかがさしちっつんーゃゅょぁぃぅゔぷ", max_size=12))
def test_moras_are_the_kana_again(kana: str) -> None:
    assert "".join(moras(kana)) == kana


@given(st.text(max_size=12))
def test_hiragana_is_its_own_hiragana(text: str) -> None:
    assert hiragana(hiragana(text)) == hiragana(text)


def test_what_is_a_kanji() -> None:
    assert kanji("日々〆〇㈱かなｶﾅA１") == [*"日々〆〇株"]
    assert is_kana("かなｶﾅー") and not is_kana("かな。") and not is_kana("")


@pytest.mark.parametrize(
    ("text", "told"),
    [("こんにちは", True), ("Hello", False), ("ｶﾅ", True), ("123", False), ("", False), ("OK です", True)],
)
def test_what_is_japanese(text: str, told: bool) -> None:
    assert is_japanese(text) is told


@pytest.mark.parametrize(
    ("text", "n"),
    [("今日", {2, 4}), ("私", {3, 4}), ("一本", {4}), ("三本", {4}), ("学校", {4}), ("図書館", {4}), ("xyzzyx", set())],
)
def test_moras_of_words_in_kanji(text: str, n: set[int]) -> None:
    assert n <= counts(text) if n else counts(text) == frozenset()


def test_readings() -> None:
    assert sounds_like("今日", "きょう") and sounds_like("今日", "こんにち") and not sounds_like("今日", "きのう")
    assert noun("犬") == {"いぬ"} and noun("ゴリラ") == {"ごりら"} and noun("ｺﾞﾘﾗ") == {"ごりら"}
    assert not noun("走る") and not noun("東京") and not noun("ぬぬぬ") and not noun("xyzzyx")


@pytest.mark.parametrize(
    ("word", "begins"),
    [
        ("りす", {"す"}),
        ("きしゃ", {"や", "しゃ"}),
        ("こーひー", {"ひ", "い"}),
        ("たまご", {"ご"}),
        ("にんぎょ", {"よ", "ぎょ"}),
        ("すきやきー", {"き", "い"}),
        ("ー", set()),
    ],
)
def test_how_shiritori_goes_on(word: str, begins: set[str]) -> None:
    assert set(openings(word)) == begins


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("りす、すいか", ["りす", "すいか"]),
        ("1. りす\n2. すいか", ["りす", "すいか"]),
        ("**りす** → 「すいか」", ["りす", "すいか"]),
        ("・りす。\n・すいか。", ["りす", "すいか"]),
        ("「りす」「すいか」", ["りす", "すいか"]),
        ("\n", []),
    ],
)
def test_items(text: str, found: list[str]) -> None:
    assert items(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("いっぽん\nにほん", ["いっぽん", "にほん"]),
        ("1本：いっぽん\n2本：にほん", ["いっぽん", "にほん"]),
        ("書く → 書ける、読む → 読める", ["書ける", "読める"]),
        ("1. いっぽん\n2. にほん", ["いっぽん", "にほん"]),
        ("いっぽん。", ["いっぽん"]),
    ],
)
def test_short_answers(text: str, found: list[str]) -> None:
    assert answers(text) == found


@given(st.text(max_size=40))
def test_any_text_comes_in_pieces(text: str) -> None:
    assert all(item.strip() == item and item for item in items(text))
    assert isinstance(answers(text), list) and 0 <= size(text) <= len(text)
