"""How frequent words are tells slips from terms, and is looked up only where a word needs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from komainu.checks.leaks.english import EVERYDAY, TERMS
from komainu.checks.leaks.frequency import common, plain

_LOADED = """
import sys
from komainu.checks.leakage import spans
print(spans({!r}, "ja") != [], "wordfreq" in sys.modules)
"""


@pytest.mark.parametrize("word", ["station", "however", "decision-making", "drawer", "reforma", "dessen"])
def test_frequent_words_of_european_languages_may_have_slipped_in(word: str) -> None:
    assert common(word)


@pytest.mark.parametrize("word", ["fianchetto", "androp", "unsplash", "bcrypt", "vega", "pre-fianchetto"])
def test_rare_words_and_seldom_ones_that_japanese_text_has_too_may_not(word: str) -> None:
    assert not common(word)


def test_words_next_to_absent_from_japanese_text_are_no_terms() -> None:
    assert all(map(plain, ("however", "eliminate", "misleading", "gradually", "nearby")))
    assert not any(map(plain, ("backlog", "hash", "station", "season", "fianchetto")))
    assert sum(map(plain, EVERYDAY)) > 10 * sum(map(plain, TERMS))


@pytest.mark.parametrize(
    ("text", "leaks", "loaded"),
    [
        ("今日はiPhoneで写真を撮り、NASAのwebサイトを見ました。", False, False),
        ("駅から图书馆まで歩きます。", True, False),
        ("駅からdrawerまで歩きます。", True, True),
    ],
)
def test_the_lists_are_read_only_where_a_word_needs_them(text: str, leaks: bool, loaded: bool) -> None:
    ran = subprocess.run([sys.executable, "-c", _LOADED.format(text)], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == [str(leaks), str(loaded)]
