"""SameContent: does the answer say what meta["original"] says, as far as numbers, names and length can tell?"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass

from komainu.checks.base import Check, shown
from komainu.checks.text import sentences
from komainu.rows import Chat

_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_KATAKANA = re.compile(r"[ァ-ヺー]{3,}")
_NAME = re.compile(r"[A-Z][\w-]*")
_FIRST = re.compile(r"^\W*\w+")
_LATIN = re.compile(r"[A-Za-z][A-Za-z0-9-]+")


@dataclass(frozen=True, kw_only=True)
class SameContent(Check):
    """Fails a rewriting of `meta["original"]` that has other numbers or names, or another length.

    Numbers are compared with how often they come. Names are, in Japanese, Latin words and three or more katakana, in
    English capitalised words that do not begin a sentence. `low` and `high` bound the characters of the answer to one
    of the original. A row without an original passes. Not covered: other words for the same, numbers written as words.
    """

    low: float = 0.5
    high: float = 2.0

    def fault(self, text: str, chat: Chat) -> str:
        original = chat.meta.get("original")
        if not isinstance(original, str) or not original.strip():
            return ""
        before, after = (unicodedata.normalize("NFKC", each) for each in (original, text))
        told, tells = Counter(_NUMBER.findall(before)), Counter(_NUMBER.findall(after))
        if told != tells:
            return f"numbers {shown(', '.join(sorted(((told - tells) + (tells - told)).elements())))}"
        names = names_in if chat.meta.get("lang") == "en" else foreign_in
        for one, other in ((before, after), (after, before)):
            if lost := sorted(name for name in names(one) if name not in other):
                return f"names {shown(', '.join(lost))}"
        ratio = len(after.strip()) / len(before.strip())
        return "" if self.low <= ratio <= self.high else f"{ratio:.2f} times as long"


def names_in(text: str) -> set[str]:
    """Capitalised words that do not begin a sentence, "I" left out."""
    return {name for s in sentences(text) for name in _NAME.findall(_FIRST.sub("", s, count=1)) if name != "I"}


def foreign_in(text: str) -> set[str]:
    """Latin words and words in katakana."""
    return {*_LATIN.findall(text), *_KATAKANA.findall(text)}
