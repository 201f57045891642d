"""Shape: whether a text has the proportions of prose, by counting alone."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from statistics import fmean

from komainu.checks.base import Check
from komainu.checks.scripts import HAN, KANA, LATIN
from komainu.checks.text import prose
from komainu.rows import Chat

_KANA = re.compile(f"[{KANA}]")
_CJK = re.compile(f"[{KANA}{HAN}]")
_WORD = re.compile(rf"[{LATIN}]+(?:['’-][{LATIN}]+)*")
_SPACE_OR_RULE = re.compile(r"\s|^[ \t]*(?:[-=*_#|>+•・]|\d+[.)])+|[|*_#`-]", re.M)  # lists, tables, headings
_CAPITALS = re.compile(r"\bcap(?:ital|s\b)|upper ?-?case|大文字", re.I)  # a question that wants them


@dataclass(frozen=True, kw_only=True)
class Shape(Check):
    """Fails on text that is mostly symbols, on words of odd length, on Japanese without kana, on lines left open.

    The rules are those of Gopher (arXiv 2112.11446, appendix A.1) carried over to chats and to Japanese; markup of
    lists, tables and headings, code, formulas and links are not counted. All limits are shares but `word` (the
    least and most mean letters of an English word) and `least` (characters or words from which shares mean something).
    Not covered: text that has the right proportions and no sense; that takes a language model.
    """

    symbols: float = 0.5
    digits: float = 0.6
    kana: float = 0.1
    doubled: float = 0.3
    capitals: float = 0.8
    open_lines: float = 0.6
    word: tuple[float, float] = (2.0, 12.0)
    least: int = 16

    def fault(self, text: str, chat: Chat) -> str:
        body = prose(text)
        if body.lstrip()[:1] in ("{", "["):
            return ""  # data, not prose
        bare = _SPACE_OR_RULE.sub("", body) or re.sub(r"\s", "", body)
        if len(bare) < self.least:
            return ""
        return self._signs(bare) or self._open(body) or self._japanese(body) or self._english(body, chat)

    def _signs(self, bare: str) -> str:
        share = sum(not c.isalnum() for c in bare) / len(bare)
        if share > self.symbols:
            return f"{share:.2f} of the characters are symbols"
        share = sum(c.isdecimal() for c in bare) / len(bare)
        return (
            f"{share:.2f} of the characters are digits" if share > self.digits and len(bare) >= 2 * self.least else ""
        )

    def _open(self, body: str) -> str:
        lines = [line.rstrip() for line in body.splitlines() if line.strip()]
        share = sum(line.endswith(("...", "…")) for line in lines) / max(1, len(lines))
        return f"{share:.2f} of the lines end in ..." if len(lines) >= 5 and share > self.open_lines else ""

    def _japanese(self, body: str) -> str:
        bare = "".join(line for line in body.splitlines() if len(_CJK.findall(line)) > self.least)
        cjk, kana = len(_CJK.findall(bare)), _KANA.findall(bare)
        if cjk < 2.5 * self.least or 2 * cjk < len(bare):
            return ""
        if len(kana) < self.kana * cjk:
            return f"{len(kana) / cjk:.2f} of the Japanese characters are kana"
        twice = sum(a == b for a, b in itertools.pairwise(kana)) / max(1, len(kana))
        return f"{twice:.2f} of the kana repeat the one before" if twice > self.doubled else ""

    def _english(self, body: str, chat: Chat) -> str:
        words = _WORD.findall(body)
        letters = sum(map(len, words))
        if letters < 2 * self.least or letters < len(re.sub(r"\s", "", body)) / 2:
            return ""
        mean = fmean(map(len, words))
        if not self.word[0] <= mean <= self.word[1]:
            return f"words of {mean:.1f} letters"
        if any(_CAPITALS.search(m.content) for m in chat.prompt):
            return ""
        share = sum(w.isupper() and len(w) > 1 for w in words) / len(words)
        return (
            f"{share:.2f} of the words are in capitals"
            if share > self.capitals and len(words) >= self.least / 2
            else ""
        )
