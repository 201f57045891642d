"""Exact drops what says the same but for width, case, spaces and punctuation, and changes no text."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.data.dedup import Exact
from komainu.data.keys import folded, key_of, unkana
from komainu.errors import UsageError
from komainu.rows import Message, Pair
from tests.data.fakes import chat, context, meta, through


def test_the_first_row_stays_as_it_is_and_the_dropped_one_names_it(tmp_path: Path) -> None:
    rows = [
        chat("a", "ＡＢＣ とは？", "文字です。"),
        chat("b", "abcとは？", "文字です"),
        chat("c", "abcとは?", "別の答え"),
        chat("d", "ABCとは？", " 文字 です！"),
    ]
    kept, dropped, _ = through(context(tmp_path), rows, Exact())
    assert kept == [rows[0], rows[2]]
    assert [(d.row.id, meta(d)["duplicate_of"], d.reason) for d in dropped] == [
        ("b", "a", "duplicate: of a"),
        ("d", "a", "duplicate: of a"),
    ]


def test_the_prompt_alone_can_be_compared_also_before_it_is_answered(tmp_path: Path) -> None:
    rows = [chat("a", "空は？", "青い"), chat("b", "空 は？", "赤い"), chat("c", "空は？")]
    assert through(context(tmp_path), rows, Exact(on="prompt"))[0] == rows[:1]


def test_pairs_are_compared_by_prompt_and_both_answers(tmp_path: Path) -> None:
    prompt = (Message("user", "空は？"),)
    rows = [Pair("a", prompt, "青い", "赤い"), Pair("b", prompt, "青い。", "赤い"), Pair("c", prompt, "青い", "黒い")]
    assert [row.id for row in through(context(tmp_path), rows, Exact())[0]] == ["a", "c"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3-5", "35"),
        ("3-5", "3+5"),
        ("1 2", "12"),
        ("3.5", "35"),
        ("1:30", "130"),
        ("行く。", "行く？"),
        ("3*5", "3/5"),
    ],
)
def test_marks_that_change_the_meaning_count(one: str, other: str) -> None:
    assert folded(one) != folded(other)


def test_text_of_marks_alone_is_compared_as_it_is() -> None:
    assert key_of(chat("a", "..."), "prompt") != key_of(chat("b", "!!!"), "prompt")


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=40))
def test_no_form_of_width_case_or_space_changes_a_key(text: str) -> None:
    key = folded(text)
    assert folded(unicodedata.normalize("NFKC", text)) == key
    assert folded(f"  {text}。\n") == folded(text)


@given(st.text(alphabet="ァアィイゥウェエォオカガキギクグヴヵヶヽヾー", max_size=20))
def test_kana_variants_have_one_key(text: str) -> None:
    hiragana = "".join(chr(ord(c) - 0x60) if c != "ー" else c for c in text)
    assert unkana(text) == unkana(hiragana)


def test_another_place_to_look_is_refused() -> None:
    with pytest.raises(UsageError, match='use "prompt" or "both"'):
        Exact(on="reply")  # type: ignore[arg-type]


@given(st.text("1２a?!。 \t\x00・Ａß", max_size=30))
def test_marks_and_spaces_go_unless_they_stand_between_two_digits(text: str) -> None:
    def less(text: str, gone: str) -> str:
        between = [0 < i < len(text) - 1 and (text[i - 1] + text[i + 1]).isdecimal() for i in range(len(text))]
        return "".join(c for c, kept in zip(text, between, strict=True) if kept or c not in gone)

    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    assert folded(text) == less(less(plain, " \t\x00"), "!。・")
