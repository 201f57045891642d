"""Language: is the answer in the language that was asked for?"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from komainu.checks.base import Check
from komainu.checks.scripts import (
    HAN,
    HANGUL,
    KANA,
    LATIN,
    OTHER,
    has_kana,
    looks_chinese,
    only_latin,
    simplified_pattern,
)
from komainu.checks.text import prose, word_set
from komainu.rows import Chat

_CJK = re.compile(f"[{KANA}{HAN}]+")
_KANA = re.compile(f"[{KANA}]+")
_HANGUL = re.compile(f"[{HANGUL}]+")
_OTHER = re.compile(f"[{OTHER}]+")
_NEITHER = re.compile(f"[{HANGUL}{OTHER}]")
_WORD = re.compile(rf"[{LATIN}](?<![{LATIN}\d_][{LATIN}])[{LATIN}\d_'’.@/+-]*")
_ASCII = bytes(c if re.match(r"[A-Za-z\d_'.@/+-]", chr(c)) else ord(" ") for c in range(256))  # what Latin tokens hold
_QUOTED = re.compile(r"「[^「」]*」|『[^『』]*』|\"[^\"\n]*\"|“[^“”]*”|（[^（）]*）|\([^()]*\)")
UNITS = word_set(
    "km cm mm nm kg mg ml dl kb mb gb tb hz khz mhz ghz kw kwh px pt fps pm am ok etc vs sec min ha "
    "dpi rpm ppm mol cal kcal hpa gal lux lx lm bpm kpa mpa kbps mbps gbps rad bit bits byte bytes mph psi oz lb ft db"
)
ENGLISH = word_set(
    "the a an of to and in is are was were be been it its that this these those for on with as at "
    "by from or not no "
    "yes he she his her him they them their we our us you your my me i do does did have has had "
    "will would can could "
    "should may might must but if so than then there here what which who whom whose when where why "
    "how all any some "
    "about into over after before also only just more most very much many such other one two let "
    "please it's don't "
    "i'm isn't doesn't didn't can't won't that's you're he's she's there's sorry thank thanks hello goodbye"
)
_FOREIGN = word_set(
    "le la les des du une un et est dans pour que qui avec sur pas vous nous je il elle sont plus "
    "au aux ce cette "
    "der die das und ist nicht ein eine den dem zu mit für auf von im sie ich wir auch sind wird "
    "oder bei el los las "
    "una y en que de por con para es se no del al como pero su lo mi muy está este esta o e os as "
    "um uma não da dos "
    "ao é com na no em il che di per non sono gli della alla è ja och att som på är av för det och "
    "ik het een van niet "
    "watashi desu masu wa ga wo"
) - {"no", "me", "as", "a", "die", "an", "on", "do", "he", "we", "so", "is", "in", "will", "am", "per", "her"}

WORDS, LONGEST = 1 << 15, 64  # words of which is remembered what they are, and the characters of one at most
NAMES = {"ja": "Japanese", "en": "English", "zh": "Chinese", "ko": "Korean", "other": "another language"}


@dataclass(frozen=True, kw_only=True)
class Language(Check):
    """Fails when most of the answer is in another language than `meta["lang"]` ("ja" or "en").

    Decided by scripts; see `language_of`. What is only mentioned (quotes, brackets) does not outweigh what is
    said around it. A name copied from the question is in no language. An answer that cannot be told passes.
    """

    def fault(self, text: str, chat: Chat) -> str:
        asked = chat.meta.get("lang")
        if asked not in ("ja", "en") or is_name(text, "\n".join(m.content for m in chat.prompt)):
            return ""
        found = language_of(text)
        if found in ("", asked) or (found == "han" and asked == "ja"):
            return ""
        around = language_of(_QUOTED.sub(" ", text))
        if found != "zh" and around in ("ja", "en") and around == asked:
            return ""
        return f"{NAMES.get(found, 'kanji')} where {NAMES[asked]} was asked for"


def language_of(text: str) -> str:
    """ "ja", "en", "zh", "ko", "other", "han" (kanji without a sign of which language) or "" (undecided).

    Code, links and JSON keys are left out. An English word weighs as much as two Japanese characters, its usual
    length in translation; a capitalised one, likely a name, as one. Kana make CJK text Japanese unless
    Chinese-only characters outnumber them. Latin text of at least five words is English only if its function
    words are. Not covered: rarer Latin-script languages, Japanese in Latin letters beyond a few words, Chinese
    that shares all its characters with Japanese.
    """
    text = prose(text)
    words = tallied(text)
    if only_latin(text):
        return latin_language(words) if words.weight else ""
    cjk = characters(_CJK, text)
    hangul, other = (characters(p, text) for p in (_HANGUL, _OTHER)) if _NEITHER.search(text) else (0, 0)
    weights = {"cjk": float(cjk), "latin": float(words.weight), "ko": float(hangul), "other": other / 2.5}
    total = sum(weights.values())
    first = max(weights, key=lambda k: weights[k])
    if total == 0 or weights[first] <= total / 2:
        return ""
    if first == "latin":
        return latin_language(words)
    if first != "cjk":
        return first
    if has_kana(text):
        odd = len(simplified_pattern().findall(text))
        return "zh" if odd and 10 * (kana := characters(_KANA, text)) < cjk and odd > kana else "ja"
    return "zh" if any(looks_chinese(s) for s in re.split(r"[。！？\n]", text)) else "han"


def characters(of: re.Pattern[str], text: str) -> int:
    return sum(map(len, of.findall(text)))


COUNTS, HEAVY, ENGLISH_WORD, FOREIGN_WORD, SMALL = 1, 2, 4, 8, 16


class Known(dict[str, int]):
    """What is told of Latin tokens, bit by bit: whether one is a word of a language, and if so whether it weighs two,
    is a function word of which, and does not begin as a name does. Of a piece of ASCII text, of the token in it.
    """

    def __missing__(self, piece: str) -> int:
        found = _WORD.search(piece)
        told = 0
        if found and counts(word := found[0]):
            plain = word.lower().replace("’", "'").strip(".'-")
            told = COUNTS | HEAVY * (weight(word) == 2) | ENGLISH_WORD * (plain in ENGLISH)
            told |= FOREIGN_WORD * (plain in _FOREIGN) | SMALL * (not word[0].isupper())
        if len(self) >= WORDS:
            self.clear()
        if len(piece) <= LONGEST:
            self[piece] = told
        return told


_known = Known()


def weight(word: str) -> int:
    return 1 if word[0].isupper() and word.lower() not in ENGLISH else 2


def counts(word: str) -> bool:
    """Whether a Latin token is a word of a language: no unit, acronym, letter, number or identifier."""
    word = word.strip(".'’-/+")
    if word in ("I", "a", "A"):
        return True
    return len(word) > 1 and word[1:].islower() and word.lower() not in UNITS and not re.search(r"[\d_@/+.]", word)


class Tally(NamedTuple):
    """Of the words of a text: how many, their weight, how many are function words, whether all begin as names do."""

    total: int
    weight: int
    english: int
    foreign: int
    names: bool


def tallied(text: str) -> Tally:
    """The Latin words of a text."""
    pieces = text.encode().translate(_ASCII).decode().split() if text.isascii() else _WORD.findall(text)
    every = bytes(map(_known.__getitem__, pieces))
    total = heavy = english = foreign = 0
    names = True
    for kind in {*every}:
        if kind & COUNTS:
            times = every.count(kind)
            total += times
            heavy += times * (kind & HEAVY != 0)
            english += times * (kind & ENGLISH_WORD != 0)
            foreign += times * (kind & FOREIGN_WORD != 0)
            names = names and not kind & SMALL
    return Tally(total, total + heavy, english, foreign, names)


def latin_language(words: Tally) -> str:
    """ "en", "other", or "" for one or two names."""
    if words.total >= 5 and words.foreign > max(words.english, words.total / 10):
        return "other"
    return "" if words.total <= 2 and not words.english and words.names else "en"


def is_name(text: str, prompt: str) -> bool:
    """Whether the answer is at most four Latin words, each a name (capital letter or digit), from the prompt."""
    words = text.strip(" \n。.「」\"'").split(maxsplit=4)
    if not 1 <= len(words) <= 4 or text.strip().endswith((".", "!", "?")) or has_kana(text):
        return False
    return all(re.match(rf"[{LATIN}\d]", w) and not w.islower() and w.lower() not in ENGLISH for w in words) and (
        " ".join(words) in prompt
    )
