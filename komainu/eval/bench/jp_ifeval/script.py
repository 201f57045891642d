"""Which scripts an answer is written in: kana alone, no kanji, no katakana, no alphabet."""

from __future__ import annotations

import re
import unicodedata

from komainu.eval.bench.jp_ifeval.kana import HIRAGANA, KATAKANA, composed, hiragana, is_kana, kanji


def letters(text: str) -> str:
    """The letters, digits and other numbers of a text; punctuation, spaces and emoji are none."""
    return "".join(c for c in composed(text) if unicodedata.category(c)[0] in "LN")


def hiragana_only(response: str) -> bool:
    """Hiragana and ー alone: no kanji, katakana, alphabet or digits of any width; marks and emoji are free."""
    return re.fullmatch(f"[{HIRAGANA}]*[ぁ-ゖ][{HIRAGANA}]*", letters(response)) is not None


def katakana_only(response: str) -> bool:
    """Katakana and ー alone, half-width katakana too; marks and emoji are free."""
    return re.fullmatch(f"[{KATAKANA}ー]*[ァ-ヺｦ-ﾝ][{KATAKANA}ー]*", letters(response)) is not None


def no_katakana(response: str) -> bool:
    """No katakana of any width, ヶ among them; ー and ・ belong to no script."""
    return re.search(f"[{KATAKANA}]", composed(response).replace("ｰ", "")) is None


def no_kanji(response: str) -> bool:
    """No kanji, 々 and 〇 among them, nor any inside ㈱ or ㊗."""
    return not kanji(response)


def no_latin(response: str) -> bool:
    """No letter of the Latin alphabet, full-width ones, circled ones and those inside ㎏ and Ⅲ among them."""
    return not any(unicodedata.name(c, "").startswith("LATIN") for c in unicodedata.normalize("NFKC", response))


def hiragana_count(response: str, *, low: int, high: int) -> bool:
    """So many hiragana letters, small ones, ゝ and ゞ among them; ー is none."""
    return low <= len(re.findall("[ぁ-ゖゝゞ]", composed(response))) <= high


def lipogram(response: str, *, letters: list[str]) -> bool:
    """Kana alone, and none of the hiragana `letters`, nor the same letter in katakana; が is another letter than か."""
    return is_kana(_letters(response)) and not set(hiragana(response)) & set(letters)


_letters = letters  # the argument of that name hides the function
