"""Sentences and prose in both languages."""

from __future__ import annotations

import pytest

from komainu.checks.text import prose, sentences


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("犬が走る。猫が寝る！", 2),
        ("「行く。」と言った。", 1),
        ("彼は（急いで。）行った。", 1),
        ("本当？！はい。", 2),
        ("3.5kmです。", 1),
        ("", 0),
        ("。。。", 0),
        ("Dr. Smith paid $3.50. He left.", 2),
        ("Wait... what? Yes!", 3),
        ("See e.g. the dog, i.e. Pochi.", 1),
        ("a.b.c", 1),
        ("One\nTwo", 2),
        ("1. One thing.", 1),
    ],
)
def test_sentences_are_counted(text: str, n: int) -> None:
    assert len(sentences(text)) == n


@pytest.mark.parametrize(
    "text",
    [
        "`word`",
        "```\nword\n```",
        "https://word.example/",
        "word@example.com",
        '"word": 1',
        "<word>",
        "$word$",
        "~~~\nword",
    ],
)
def test_what_is_no_prose_is_blanked_where_it_stands(text: str) -> None:
    found = prose(f"前{text}後" if "\n" not in text else text)
    assert "word" not in found
