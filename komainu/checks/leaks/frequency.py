"""How often words stand in English, in Japanese and in other European text, by the lists of wordfreq.

The lists (https://github.com/rspeer/wordfreq) were made of web pages, subtitles, books, news and Wikipedia until
2021. Frequencies are on the Zipf scale: 3 is once in a million words, and 1 more is ten times as often.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

RARE, SELDOM, USUAL = 2.5, 4.0, 3.5  # in English
NEAR, FAR = 1.2, 2.7  # how much rarer a word is in Japanese text
OTHERS, ELSEWHERE = ("de", "es", "fr", "it", "pt"), 4.5  # how frequent a word is in one of these
_FLOOR = 0.5  # of a word that a list does not have


def common(word: str) -> bool:
    """Whether a word is so frequent in English or another European language, and so rare in Japanese text, that it
    may have slipped into it.

    The rest are names and terms: words rare everywhere, and less frequent ones that Japanese text has nearly as often.
    A word with hyphens is common when all its parts are.
    """
    return all(part in _sets()[0] for part in word.split("-") if part)


def plain(word: str) -> bool:
    """Whether a word is usual in English and next to absent from Japanese text, so no term of any trade."""
    return word in _sets()[1]


@cache
def _sets() -> tuple[frozenset[str], frozenset[str]]:
    japanese = dict(_words("ja", "large", 0))
    common, plain = set[str](), set[str]()
    for word, zipf in _words("en", "large", RARE):
        gap = zipf - japanese.get(word, _FLOOR)
        if gap >= NEAR or zipf >= SELDOM:
            common.add(word)
        if gap >= FAR and zipf >= USUAL:
            plain.add(word)
    english = {word for word, _ in _words("en", "large", RARE)}
    others = {word for language in OTHERS for word, _ in _words(language, "small", ELSEWHERE)}
    return frozenset(common | (others - english)), frozenset(plain)


def _words(language: str, size: str, least: float) -> Iterable[tuple[str, float]]:
    """The words of a list in Latin letters that are at least so frequent, each with its frequency."""
    from wordfreq import available_languages, read_cBpack

    for at, words in enumerate(read_cBpack(available_languages(size)[language])):  # centibels below 1
        zipf = 9 - at / 100
        if zipf < least:
            return
        yield from ((word, zipf) for word in words if language != "ja" or word.isascii())
