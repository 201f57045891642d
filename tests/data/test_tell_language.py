"""The language of a row: its own word, what the request names, what the request is written in."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.data.tell_language import TellLanguage, spoken, wanted
from tests.data.fakes import chat, context, through


@pytest.mark.parametrize(
    ("request_", "lang"),
    [
        ("Translate the following text into Japanese.\nThe cat sat.", "ja"),
        ("次の文を英語に訳してください。", "en"),
        ("英訳をお願いします。", "en"),
        ("以下を和訳してください。 The cat sat.", "ja"),
        ("Please reply in English: 猫はどこですか", "en"),
        ("日本語で短く説明してください。 What is TCP?", "ja"),
        ("Write a short letter in polite Japanese.", "ja"),
        ("花子は親切ですか。\nHow do you say this in English?", "en"),
        ("日本語にしてください。\nWe sell apples.", "ja"),
        ("Tell me of English gardens in Japan.", ""),
        ("英語の勉強法を教えてください。", ""),
        ("日本語の起源について知りたい。", ""),
        ("How do I write to my English teacher?", ""),
    ],
)
def test_a_request_may_name_the_language_of_its_answer(request_: str, lang: str) -> None:
    assert wanted(request_) == lang


def test_the_rows_own_word_stands_and_the_rest_is_told_or_dropped(tmp_path: Path) -> None:
    texts = {
        "own": "x",
        "ja": "猫です。",
        "en": "This is a cat.",
        "named": "Translate into Japanese: the cat",
        "?": "12",
    }
    rows = [chat(id, text, **({"lang": "en"} if id == "own" else {})) for id, text in texts.items()]
    kept, dropped, _ = through(context(tmp_path / "1"), rows, TellLanguage())
    assert {row.id: row.meta["lang"] for row in kept} == {"own": "en", "ja": "ja", "en": "en", "named": "ja"}
    assert [d.reason for d in dropped] == ["language: untold"]
    kept, _, _ = through(context(tmp_path / "2"), rows, TellLanguage(languages=("en",), of="request"))
    assert [row.id for row in kept] == ["own", "en", "named"]


@given(st.text())
def test_any_text_is_of_some_language_or_of_none(text: str) -> None:
    assert wanted(text) in ("", "ja", "en") and isinstance(spoken(text), str)
