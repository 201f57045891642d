"""Japanese words by SudachiDict: tokens with their parts of speech, all readings of a word, and what is a noun."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import product
from typing import Any, NamedTuple

from komainu.eval.bench.jp_ifeval.kana import hiragana, is_kana, moras

NUMERALS = {  # as they sound alone and before counters
    "〇": "ぜろ れい まる", "一": "いち いっ ひと", "二": "に ふた", "三": "さん み みっ", "四": "よん し よ よっ",
    "五": "ご いつ", "六": "ろく ろっ む むっ", "七": "なな しち", "八": "はち はっ や やっ", "九": "きゅう く ここの",
    "十": "じゅう じゅっ じっ とお", "百": "ひゃく びゃく ぴゃく ひゃっ", "千": "せん ぜん", "万": "まん", "億": "おく",
}  # fmt: skip
_SPECIAL = {
    "一人": "ひとり", "二人": "ふたり", "一日": "ついたち いちにち", "二日": "ふつか", "三日": "みっか",
    "四日": "よっか", "五日": "いつか", "六日": "むいか", "七日": "なのか", "八日": "ようか", "九日": "ここのか",
    "十日": "とおか", "二十日": "はつか", "二十歳": "はたち", "一つ": "ひとつ", "二つ": "ふたつ", "三つ": "みっつ",
    "四つ": "よっつ", "五つ": "いつつ", "六つ": "むっつ", "七つ": "ななつ", "八つ": "やっつ", "九つ": "ここのつ",
}  # fmt: skip
NAME = "固有名詞"
LONGEST_WORD, LONGEST_VERSE = 40, 200  # characters
_PARTS = re.compile(r"[^\n]{0,3999}[。、！？\n]|[^\n]{1,4000}")  # the tokenizer takes 49,149 bytes at a time


class Token(NamedTuple):
    """A word as it is written, its part of speech (名詞, 普通名詞, ...) and its likeliest reading in hiragana."""

    surface: str
    pos: tuple[str, ...]
    reading: str


@cache
def dictionary() -> Any:
    from sudachipy import Dictionary

    return Dictionary(dict="core")


@cache
def tokenizer() -> Any:
    return dictionary().tokenizer()


@lru_cache(maxsize=256)
def tokens(text: str) -> tuple[Token, ...]:
    """The words of a text, in the dictionary's longest units; spaces are left out."""
    found = (morpheme for part in _PARTS.findall(text) for morpheme in tokenizer().tokenize(part))
    return tuple(token for token in map(_token, found) if token.surface.strip())


def _token(morpheme: Any) -> Token:
    return Token(morpheme.surface(), tuple(morpheme.part_of_speech()), hiragana(morpheme.reading_form()))


@cache
def noun_readings() -> frozenset[str]:
    """The readings of all common nouns (普通名詞) of the dictionary; read once, in about two seconds."""
    common = dictionary().pos_matcher([("名詞", "普通名詞")])
    return frozenset(hiragana(m.reading_form()) for m in dictionary().entries() if common(m))


@lru_cache(maxsize=4096)
def headword(word: str) -> tuple[Token, ...]:
    """The dictionary's entries written just so."""
    return tuple(map(_token, dictionary().lookup(word))) if len(word) <= LONGEST_WORD else ()


def noun(word: str) -> frozenset[str]:
    """The readings of a common noun, in hiragana; none when the word is no common noun of the dictionary.

    A word in kana is a noun when any noun is read so, however it is usually written.
    """
    if is_kana(word):
        return frozenset({hiragana(word)} & noun_readings())
    return frozenset(t.reading for t in headword(word) if t.pos[:2] == ("名詞", "普通名詞"))


@lru_cache(maxsize=4096)
def readings(word: str, pos: tuple[str, ...] = ()) -> frozenset[str]:
    """Every standard reading of a word, of one part of speech when `pos` is given; none when it is unknown.

    Those of names count only where the part of speech is that of a name.
    """
    if is_kana(word):
        return frozenset({hiragana(word)})
    if word in NUMERALS:
        return frozenset(NUMERALS[word].split())
    fitting = (
        t for t in headword(word) if not pos or (t.pos[0] == pos[0] and (t.pos[1] != NAME or t.pos[:3] == pos[:3]))
    )
    found = {t.reading for t in fitting} | {*_SPECIAL.get(word, "").split()}
    if len(word) > 1 and word[0] in NUMERALS:
        found |= {a + b for a, b in product(readings(word[0]), readings(word[1:]))}
    return frozenset(found)


@lru_cache(maxsize=1024)
def spoken(text: str) -> tuple[frozenset[str], ...]:
    """What a text may sound like: one set of readings in hiragana a word, without marks; empty for unknown words.

    Not covered: readings that only a song or a name has (運命 read さだめ).
    """
    found = []
    for word in _joined(text):
        if is_kana(word.surface) or not re.search(r"\w", word.surface):
            found.append(frozenset({re.sub(r"[\W_]", "", hiragana(word.surface))}))
        else:
            known = readings(word.surface, word.pos)
            found.append(known and known | {word.reading} if word.surface not in NUMERALS else known)
    return tuple(found)


def _joined(text: str) -> list[Token]:
    """The tokens, kana next to each other as one: the dictionary cuts kana in odd places, and cuts do not matter."""
    found: list[Token] = []
    for token in tokens(text):
        if found and is_kana(token.surface) and is_kana(found[-1].surface):
            found[-1] = Token(found[-1].surface + token.surface, token.pos, "")
        else:
            found.append(token)
    return found


def counts(text: str) -> frozenset[int]:
    """The numbers of moras a text can have over all standard readings.

    None when a word is unknown, or the text has more than 200 characters: no prompt asks for so many moras.
    """
    if len(text) > LONGEST_VERSE:
        return frozenset()
    sums = {0}
    for alternatives in spoken(text):
        sums = {a + len(moras(reading)) for a in sums for reading in alternatives}
    return frozenset(sums - {0})


def sounds_like(text: str, kana: str) -> bool:
    """Whether hiragana is a standard reading of a text."""
    pattern = "".join(f"(?:{'|'.join(map(re.escape, sorted(found)))})" for found in spoken(text))
    return re.fullmatch(pattern, kana) is not None
