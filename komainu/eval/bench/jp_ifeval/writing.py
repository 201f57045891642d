"""Kanji in an answer: radicals, school grades, furigana, idioms, how many and what share."""

from __future__ import annotations

import re
import unicodedata

from komainu.eval.bench.jp_ifeval.kana import KANJI, composed, kanji
from komainu.eval.bench.jp_ifeval.lexicon import headword, readings, sounds_like, spoken
from komainu.eval.bench.jp_ifeval.pieces import answers, in_order, items
from komainu.eval.bench.jp_ifeval.tables import rows, words

_FURIGANA = re.compile(r"[（(]([^（）()]*)[）)]")
_LONGEST = 20  # characters a word with furigana may have
_OKURIGANA = 4  # the most kana after furigana that are read together with the word


def radical(response: str, *, name: str, count: int) -> bool:
    """Exactly so many different kanji, all of them 常用漢字 with the radical of that name (さんずい), and no others."""
    found = kanji(response)
    return len(found) == len(set(found)) == count and set(found) <= set(rows("radicals")[name][0])


def kanji_count(response: str, *, low: int, high: int) -> bool:
    """So many kanji, the same one counted each time."""
    return low <= len(kanji(response)) <= high


def kanji_share(response: str, *, low: int, high: int) -> bool:
    """Kanji make up so many per cent of all kanji and kana."""
    n = len(kanji(response))
    kana = len(re.findall("[ぁ-ゖゝゞァ-ヺーヽヾ]", unicodedata.normalize("NFKC", response)))
    return n + kana > 0 and low <= 100 * n / (n + kana) <= high


def grade(response: str, *, grade: int) -> bool:
    """Kanji, and only those taught up to that school year (学年別漢字配当表; 1 or 2)."""
    taught = {c for year in range(1, grade + 1) for c in rows("grades")[str(year)][0]}
    found = set(kanji(response))
    return bool(found) and found <= taught


def furigana(response: str, *, low: int) -> bool:
    """Every word in kanji has its reading in hiragana in brackets right after it; at least `low` words.

    The reading must be a standard one, of the word alone (漢字（かんじ）) or with kana in it (食べ物（たべもの）).
    A word that the dictionary does not know may be read as the answer says.
    """
    text = composed(response)
    found = [*_FURIGANA.finditer(text)]
    if len(found) < low or KANJI.search(text[found[-1].end() if found else 0 :]):
        return False
    ends = [0, *(one.end() for one in found)]
    return all(
        _read(text[end : one.start()], one[1], text[one.end() : one.end() + _OKURIGANA])
        for end, one in zip(ends, found, strict=False)
    )


def _read(before: str, kana: str, after: str) -> bool:
    """Whether kana read the word at the end of `before`, from its first kanji on; kana `after` it may belong to it."""
    start = KANJI.search(before)
    word = before[start.start() :] if start else ""
    if not 0 < len(word) <= _LONGEST or not re.fullmatch("[ぁ-ゖー]+", kana):
        return False
    okurigana = re.match("[ぁ-ゖ]*", after)
    assert okurigana is not None, "the pattern matches nothing too"
    tails = [okurigana[0][:n] for n in range(len(okurigana[0]) + 1)]
    if any(sounds_like(word + tail, kana + tail) or kana + tail in readings(word + tail) for tail in tails):
        return True
    return not any(readings(word + tail) for tail in tails) and not all(spoken(word))


def yojijukugo(response: str, *, count: int, among: str) -> bool:
    """Exactly so many different four-character idioms of our list, each with one of the characters of `among`."""
    found = items(response)
    known = {word for row in rows("yojijukugo") for word in words("yojijukugo", row)}
    return len(found) == len(set(found)) == count and all(w in known and bool(set(w) & set(among)) for w in found)


def jukugo(response: str, *, character: str, count: int) -> bool:
    """Exactly so many different words of two kanji, one of them `character`, that the dictionary has as nouns."""
    found = items(response)
    return len(found) == len(set(found)) == count and all(
        character in word and len(word) == len(kanji(word)) == 2 and any(t.pos[0] == "名詞" for t in headword(word))
        for word in found
    )


def reading(response: str, *, accepted: list[str]) -> bool:
    """The readings asked for in hiragana, in order; several right ones are divided by |. Katakana fail."""
    return in_order(answers(response), accepted)
