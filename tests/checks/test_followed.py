"""Followed: the rules of both languages as a check of an answer."""

from __future__ import annotations

from typing import Any

import pytest

from komainu.checks.instructions.followed import Followed
from komainu.errors import UsageError
from tests.checks.helpers import answer

COMMA = {"id": "punctuation:no_comma", "kwargs": {}}
TITLE = {"id": "detectable_format:title", "kwargs": {}}


def said(text: str, *instructions: dict[str, Any], lang: str = "en") -> str:
    return Followed()(answer(text, lang=lang, instructions=list(instructions)))


def test_what_is_broken_is_named() -> None:
    assert said("Yes. It is.", COMMA) == ""
    assert said("Yes, it is.", COMMA) == "followed: punctuation:no_comma"
    assert said("Yes, it is.", COMMA, TITLE) == "followed: punctuation:no_comma, detectable_format:title"


def test_the_language_of_the_row_chooses_the_rules() -> None:
    assert said("『題』", TITLE, lang="ja") == said("<<Title>>", TITLE) == ""
    assert said("<<題>>", TITLE, lang="ja") == said("『Title』", TITLE) == "followed: detectable_format:title"


def test_what_the_model_thought_before_is_not_read() -> None:
    assert said("<think>Well, now</think>Yes.", COMMA) == ""


def test_a_row_without_instructions_passes() -> None:
    assert Followed()(answer("Yes, it is.", lang="en")) == ""


def test_an_instruction_without_a_rule_is_an_error_that_names_the_row() -> None:
    with pytest.raises(UsageError, match=r"row 'row-1': there is no instruction 'punctuation:no_coma'.*no_comma"):
        said("Yes.", {"id": "punctuation:no_coma", "kwargs": {}})
