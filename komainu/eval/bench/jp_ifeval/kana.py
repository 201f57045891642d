"""Kana and kanji as characters: one form for each, moras, and which characters count as kanji."""

from __future__ import annotations

import re
import unicodedata

HIRAGANA = "ぁ-ゖゝゞー"
KATAKANA = "ァ-ヺヽヾㇰ-ㇿｦ-ﾟ"
KANJI = re.compile(r"[々〆〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
SMALL = dict(zip("ぁぃぅぇぉゃゅょゎゕゖ", "あいうえおやゆよわかけ", strict=True))
ROWS = {
    "a": "あかさたなはまやらわがざだばぱ",
    "i": "いきしちにひみりゐぎじぢびぴ",
    "u": "うくすつぬふむゆるゔぐずづぶぷ",
    "e": "えけせてねへめれゑげぜでべぺ",
    "o": "おこそとのほもよろをごぞどぼぽ",
}
VOWELS = dict(zip("aiueo", "あいうえお", strict=True))
VOWEL = {kana: vowel for vowel, row in ROWS.items() for kana in row}
VOWEL |= {small: VOWEL[large] for small, large in SMALL.items()}
_HALF = re.compile("[\uff61-\uff9f\u3099\u309a]+")


def composed(text: str) -> str:
    """The text with one code point a letter (が, not か and a combining mark), half-width kana left as they are."""
    return unicodedata.normalize("NFC", text)


def hiragana(text: str) -> str:
    """The text with all kana as hiragana: katakana, half-width kana, ヴ as ゔ; ゝ and ゞ written out."""
    wide = unicodedata.normalize("NFC", _HALF.sub(lambda m: unicodedata.normalize("NFKC", m[0]), text))
    kana: list[str] = []
    for c in wide:
        kana.append(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" or c in "ヽヾ" else c)
        if kana[-1] in "ゝゞ" and len(kana) > 1 and kana[-2] in VOWEL:
            kana[-1] = unicodedata.normalize("NFC", kana[-2] + ("\u3099" if kana[-1] == "ゞ" else ""))
    return "".join(kana)


def is_kana(text: str) -> bool:
    """Whether a text is nothing but kana, of any kind and width, and ー."""
    return re.fullmatch(f"[{HIRAGANA}{KATAKANA}]+", composed(text)) is not None


def kanji(text: str) -> list[str]:
    """The kanji of a text in order; 々, 〆 and 〇 are kanji, and so are those inside ㈱ and ㊗."""
    return KANJI.findall(unicodedata.normalize("NFKC", text))


def is_japanese(text: str) -> bool:
    """Whether at least a quarter of a text's letters are kana or kanji: English is not, and code with comments is."""
    letters = [c for c in unicodedata.normalize("NFKC", text) if c.isalpha()]
    return 4 * sum(c == "ー" or is_kana(c) or KANJI.match(c) is not None for c in letters) >= max(1, len(letters))


def moras(kana: str) -> list[str]:
    """The moras of hiragana: っ, ん and ー are one each, small ゃゅょぁぃぅぇぉ belong to the kana before them.

    A small vowel that only lengthens the same vowel (なぁ, ねぇ) is a mora of its own, as it is spoken.
    """
    found: list[str] = []
    for c in kana:
        joins = found and c in SMALL and found[-1] not in ("っ", "ん", "ー")
        if joins and not (c in "ぁぃぅぇぉ" and VOWEL.get(found[-1][-1]) == VOWEL[c]):
            found[-1] += c
        else:
            found.append(c)
    return found
