"""Conjugation of Japanese words and inflection of English ones, by rule."""

from __future__ import annotations

from functools import cache
from typing import Literal

Register = Literal["plain", "polite"]

# A godan verb's last kana: its stem before ます, before ない, and its plain past.
_GODAN = {
    "う": ("い", "わ", "った"),
    "く": ("き", "か", "いた"),
    "ぐ": ("ぎ", "が", "いだ"),
    "す": ("し", "さ", "した"),
    "つ": ("ち", "た", "った"),
    "ぬ": ("に", "な", "んだ"),
    "ぶ": ("び", "ば", "んだ"),
    "む": ("み", "ま", "んだ"),
    "る": ("り", "ら", "った"),
}
_POLITE = {
    (False, False): "ます",
    (True, False): "ました",
    (False, True): "ません",
    (True, True): "ませんでした",
}
_COPULA = {
    "plain": {(False, False): "だ", (True, False): "だった", (False, True): "ではない",
              (True, True): "ではなかった"},
    "polite": {(False, False): "です", (True, False): "でした", (False, True): "ではありません",
               (True, True): "ではありませんでした"},
}  # fmt: skip
_VOWELS = "aeiou"
_A_NOT_AN = ("uni", "use", "eu", "one")  # a vowel letter that sounds like y or w: a uniform


def _stems(ja: str, group: str) -> tuple[str, str, str]:
    """What stands before ます, before ない, and the whole plain past form."""
    if group == "ichidan" or (group == "kuru" and ja.endswith("来る")):
        return ja[:-1], ja[:-1], ja[:-1] + "た"
    if group == "kuru":
        return ja[:-2] + "き", ja[:-2] + "こ", ja[:-2] + "きた"
    if group == "suru":
        return ja[:-2] + "し", ja[:-2] + "し", ja[:-2] + "した"
    polite, negative, past = _GODAN[ja[-1]]
    if group == "iku":
        past = "った"
    elif group != "godan":
        raise AssertionError(f"no conjugation {group!r} for {ja}")
    # ある alone has no stem before ない: ない itself is its negative.
    before_nai = "" if ja == "ある" else ja[:-1] + negative
    return ja[:-1] + polite, before_nai, ja[:-1] + past


@cache
def verb_ja(ja: str, group: str, register: Register, past: bool = False, negative: bool = False) -> str:
    """A verb's form: 食べる, 食べた, 食べない, 食べなかった; 食べます, 食べました, ...

    `group` is godan (its ending う く ぐ す つ ぬ ぶ む る decides), ichidan, suru, kuru, or iku (行った).
    Not covered: honorific verbs (くださる), the te-form, potential, passive, causative and volitional.
    """
    polite, before_nai, plain_past = _stems(ja, group)
    if register == "polite":
        return polite + _POLITE[past, negative]
    if negative:
        return before_nai + ("なかった" if past else "ない")
    return plain_past if past else ja


@cache
def i_adj_ja(ja: str, register: Register, past: bool = False, negative: bool = False) -> str:
    """An i-adjective's form: 古い, 古かった, 古くない, 古くなかった; polite adds です. いい becomes よ."""
    stem = ja[:-2] + "よ" if ja.endswith("いい") else ja[:-1]
    form = stem + ("くなかった" if past else "くない") if negative else stem + "かった" if past else ja
    return form + "です" if register == "polite" else form


def copula_ja(register: Register, past: bool = False, negative: bool = False) -> str:
    """だ, だった, ではない, ではなかった and です, でした, ではありません, ではありませんでした."""
    return _COPULA[register][past, negative]


def na_adj_ja(ja: str, register: Register, past: bool = False, negative: bool = False) -> str:
    """A na-adjective (or noun) as a predicate: 静かだ, 静かだった, 静かではない, ..., 静かです, ..."""
    return ja + copula_ja(register, past, negative)


def _with_s(word: str) -> str:
    if word.endswith(("s", "sh", "ch", "x", "z")) or (word.endswith("o") and word[-2] not in _VOWELS):
        return word + "es"
    if word.endswith("y") and word[-2] not in _VOWELS:
        return word[:-1] + "ies"
    return word + "s"


def plural(en: str) -> str:
    """The regular plural of a noun, of its last word: box -> boxes, story -> stories."""
    head, space, last = en.rpartition(" ")
    return head + space + _with_s(last)


def third_person(en: str) -> str:
    """The regular third person singular of a verb, of its first word: look for -> looks for."""
    first, space, rest = en.partition(" ")
    return _with_s(first) + space + rest


def past_tense(en: str) -> str:
    """The regular past of a verb, of its first word; a doubled consonant (dropped) is not covered."""
    first, space, rest = en.partition(" ")
    if first.endswith("e"):
        first += "d"
    elif first.endswith("y") and first[-2] not in _VOWELS:
        first = first[:-1] + "ied"
    else:
        first += "ed"
    return first + space + rest


def indefinite(en: str) -> str:
    """A noun after a or an, by its first sound: an apple, a uniform."""
    vowel = en[0].lower() in _VOWELS and not en.startswith(_A_NOT_AN)
    return f"{'an' if vowel else 'a'} {en}"
