"""Translated: what is no translation by its size or by what it repeats."""

from __future__ import annotations

import pytest

from komainu.checks.translated import Translated
from tests.checks.helpers import answer

ENGLISH = "The people of the village had long waited for the bridge to be finished, and now it was open to everyone."
JAPANESE = "村の人々は橋の完成を長く待っていた。そして今、橋は誰もが渡れるようになった。"
ASKED = f"Translate the following text into Japanese.\n\n{ENGLISH}"


def why(text: str, original: str = ENGLISH, asked: str = ASKED, lang: str = "ja", **how: float) -> str:
    return Translated(**how)(answer(text, asked, lang=lang, original=original))


def test_a_translation_passes_in_both_directions() -> None:
    assert why(JAPANESE) == ""
    assert why(ENGLISH, JAPANESE, f"英訳してください。\n{JAPANESE}", "en") == ""


def test_what_repeats_the_original_or_the_request_is_none() -> None:
    assert why(ENGLISH.upper().replace(" ", "\n")) == "translated: the original again"
    assert why(f"Translate the following text into Japanese.\n{JAPANESE}").startswith("translated: the request again")


@pytest.mark.parametrize(("text", "ratio"), [(JAPANESE[:10], "0.29"), (JAPANESE * 3, "3.26")])
def test_the_size_is_bytes_of_japanese_to_characters_of_english(text: str, ratio: str) -> None:
    assert len(ENGLISH) >= 100
    assert why(text) == f"translated: {ratio} bytes of Japanese to a character of English"


def test_the_bounds_themselves_are_fine_and_can_be_set() -> None:
    original = "a" * 100
    assert [why("あ" * n, original) == "" for n in (16, 17, 90, 91)] == [False, True, True, False]
    assert why("あ" * 91, original, high=2.8) == ""


def test_short_texts_are_of_any_size_and_rows_without_an_original_pass() -> None:
    assert why("犬。" * 99, "Dogs.") == "" != why("Dogs.", "犬が走る。" * 7, lang="en")
    assert Translated()(answer("犬。", "Dogs.", lang="ja")) == ""
