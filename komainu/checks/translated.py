"""Translated: is the answer a translation of meta["original"], by its size and by what it repeats?"""

from __future__ import annotations

from dataclasses import dataclass

from komainu.checks.base import Check, shown
from komainu.rows import Chat

ENOUGH = 100  # bytes of an original from which sizes can be compared
LINE = 20  # characters of an instruction that would be told again


@dataclass(frozen=True, kw_only=True)
class Translated(Check):
    """Fails an answer that repeats its original or the request, or that is too short or too long for a translation.

    `low` and `high` bound the bytes of the Japanese text a character of the English one, whichever is the original;
    a translation of under 100 bytes of text is of any size. The bounds are those published for the family's first
    generation. A row without meta["original"] passes. Not covered: other pairs of languages, whether it is right.
    """

    low: float = 0.5
    high: float = 2.7

    def fault(self, text: str, chat: Chat) -> str:
        original = chat.meta.get("original")
        if not isinstance(original, str) or not original.strip():
            return ""
        if squeezed(text) == squeezed(original):
            return "the original again"
        asked = "\n".join(m.content for m in chat.prompt).replace(original, "\n")
        for line in asked.split("\n"):
            if len(line.strip()) >= LINE and line.strip() in text:
                return f"the request again: {shown(line.strip())}"
        english, japanese = (text, original) if chat.meta.get("lang") == "en" else (original, text)
        if len(original.encode()) < ENOUGH:
            return ""
        ratio = len(japanese.encode()) / len(english)
        fine = self.low <= ratio <= self.high
        return "" if fine else f"{ratio:.2f} bytes of Japanese to a character of English"


def squeezed(text: str) -> str:
    return "".join(text.split()).casefold()
