"""How an answer sounds: moras, poems, shiritori, acrostics, palindromes."""

from __future__ import annotations

import re

from komainu.eval.bench.jp_ifeval.kana import SMALL, VOWEL, VOWELS, composed, hiragana, is_kana, moras
from komainu.eval.bench.jp_ifeval.lexicon import counts, noun, spoken
from komainu.eval.bench.jp_ifeval.pieces import items, lines

HAIKU, TANKA = (5, 7, 5), (5, 7, 5, 7, 7)
_READING = re.compile(r"(?P<word>[^（(]+)[（(](?P<reading>[^）)]+)[）)]")


def haiku(response: str) -> bool:
    """Three lines, or three parts of one line, of 5, 7 and 5 moras."""
    return poem(response, HAIKU)


def tanka(response: str) -> bool:
    """Five lines, or five parts of one line, of 5, 7, 5, 7 and 7 moras."""
    return poem(response, TANKA)


def poem(response: str, wanted: tuple[int, ...]) -> bool:
    """Parts with so many moras each; kanji may be read in any standard way; an unknown word fails."""
    parts = lines(response)
    if len(parts) == 1:
        parts = [part for part in re.split(r"[\s　、。，/／・]+", parts[0]) if part]
    return len(parts) == len(wanted) and all(n in counts(part) for part, n in zip(parts, wanted, strict=True))


def mora_total(response: str, *, low: int, high: int) -> bool:
    """The whole answer has so many moras in some standard reading."""
    return bool(counts(composed(response)) & {*range(low, high + 1)})


def nouns(item: str) -> frozenset[str]:
    """The readings by which an item is a common noun; in りんご（林檎） and 林檎（りんご） the kana are the reading."""
    found = _READING.fullmatch(item)
    if not found:
        return noun(item)
    pair = found["word"].strip(), found["reading"].strip()
    if all(map(is_kana, pair)):
        return noun(pair[0]) if hiragana(pair[0]) == hiragana(pair[1]) else frozenset()
    kana, word = pair if is_kana(pair[0]) else pair[::-1]
    return noun(word) & {hiragana(kana)}


def mora_words(response: str, *, count: int, moras: int) -> bool:
    """So many different common nouns, each with so many moras in a standard reading."""
    found = [frozenset(reading for reading in nouns(item) if mora_count(reading) == moras) for item in items(response)]
    return len(found) == count and all(found) and len({frozenset(each) for each in found}) == count


def mora_count(kana: str) -> int:
    return len(moras(kana))


def shiritori(response: str, *, first: str, count: int) -> bool:
    """So many common nouns from `first` on, each beginning with the last kana of the one before, none twice or on ん.

    After a small kana its large form or the whole mora goes on (きしゃ: や, しゃ); after ー the kana before it or its
    vowel (コーヒー: ひ, い). Voicing counts. Proper names are no words here.
    """
    words = [nouns(item) for item in items(response)]
    if len(words) != count or hiragana(first) not in words[0]:
        return False
    chains: list[tuple[str, ...]] = [(hiragana(first),)]  # a word in kanji may have several readings: all that hold
    for word in words[1:]:
        goes_on = {reading for reading in word if not reading.endswith("ん")}
        chains = [(*c, r) for c in chains for r in goes_on if r not in c and r.startswith(openings(c[-1]))]
    return bool(chains)


def openings(reading: str) -> tuple[str, ...]:
    """What the word after a reading may begin with."""
    body = reading.rstrip("ー")
    if not body:
        return ()
    last = moras(body)[-1]
    found = {last, SMALL.get(last[-1], last[-1])}
    if body != reading:
        found.add(VOWELS.get(VOWEL.get(last[-1], ""), last))
    return tuple(sorted(found))


def acrostic(response: str, *, letters: str) -> bool:
    """One line a letter of `letters`, each beginning with it as it is read; a label before it (あ：, 「あ」) may go.

    が does not stand for か, ぁ not for あ.
    """
    found = lines(response)
    return len(found) == len(letters) and all(map(begins, found, letters))


def begins(line: str, letter: str) -> bool:
    text = line.lstrip("・-*# 　")
    label = re.match(
        r"[「『【（(]?(.)[」』】）)]?\*{0,2}\s*[：:…―—→=＝-]+\s*\*{0,2}|[「『【（(](.)[」』】）)]\s*", text
    )
    if label and hiragana(label[1] or label[2]) == letter:
        text = text[label.end() :]
    heard = spoken(re.sub(r"^[\W_]+", "", text)[:40])
    return bool(heard) and any(reading.startswith(letter) for reading in heard[0])


def palindrome(response: str, *, low: int) -> bool:
    """Kana that are the same read backwards, at least `low` letters and two different ones.

    Marks and spaces are left out, and small kana are as large ones (っ is つ); が is not か. Kanji fail.
    """
    kana = re.sub(r"[\W_]", "", hiragana(response))
    flat = "".join(SMALL.get(c, "つ" if c == "っ" else c) for c in kana)
    return is_kana(kana) and len(flat) >= low and len(set(flat)) > 1 and flat == flat[::-1]


def gojuon(response: str, *, words: list[str]) -> bool:
    """Exactly these words as a list in this order, which is that of the Japanese syllabary."""
    return items(response) == words
