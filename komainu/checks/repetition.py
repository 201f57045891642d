"""Repetition: answers that have fallen into a loop."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from komainu.checks.base import Check, shown
from komainu.checks.text import prose, sentences, strip_item
from komainu.rows import Chat

_LABEL = re.compile(r"^(?:[A-Za-z]+ )?(?:\d+|[IVX]+)[:.)] ?|^第[一二三四五六七八九十\d]+[に、は]?[、 ]?")
_WORD_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_NUMBERS = {w: i for words in (_WORD_NUMBERS, "〇一二三四五六七八九十") for i, w in enumerate(words)}
_NUMBERS |= {"twenty": 20, "fifty": 50, "hundred": 100, "百": 100}
_ASKED = re.compile(  # a question that wants something so many times
    rf"(?:(\d+)|({'|'.join(_NUMBERS)})) ?(?:times\b|回|度|個|つ並べ|copies)"
    r"|repeat(?:edly)?\b|over and over|繰り返|何度も|連呼",
    re.I,
)
_MARK = re.compile(r"""[。．！？｡!?.…」』）)”"'’】］\]*_]""")  # with which a sentence may end
_BEFORE = re.compile(  # up to the last place where a sentence may begin: behind a mark, a bullet, a label, a line end
    r"""\A.*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029。．！？｡!?.…」』）)”"'’】］\]*_\-+•・●◦▪–◆■○、:：①-⑳一二三四五六七八九十\dには]\s*""",
    re.S,
)
_ROW = re.compile(r"^\s*\|.*$", re.M)  # of a table
_WORDS = re.compile(r"[A-Za-zÀ-ɏ\d'’]+|[^\W\dA-Za-zÀ-ɏ_]")


@dataclass(frozen=True, kw_only=True)
class Repetition(Check):
    """Fails on a unit repeated back to back, on the same line again and again, and on too few distinct n-grams.

    `times` is how often a unit may at most stand in a row (units together at least `span` characters), or one
    sentence of at least eight characters, whatever its label or number, that is a fifth of all sentences (headings
    aside; a row of a table may stand three times as often).
    `distinct` is the least share of distinct `gram`-grams (English words, other characters) in an answer of at
    least `gram_from` of them. Code is not judged. The repetitions that `meta["format"]` of kind "repeat" asks
    for are taken out first, and no more than those; so is a unit that the question itself has and wants repeated.
    Not covered: the same thing said in other words.
    """

    version: ClassVar[int] = 2
    times: int = 4
    span: int = 24
    gram: int = 8
    gram_from: int = 80
    distinct: float = 0.5

    def fault(self, text: str, chat: Chat) -> str:
        wanted = chat.meta.get("format")
        if isinstance(wanted, dict) and wanted.get("kind") == "repeat" and wanted.get("text"):
            text = text.replace(str(wanted["text"]), "", int(wanted.get("n", 0)))
        from komainu.checks.recurring import recurring

        text = prose(text)
        question = chat.prompt[-1].content if chat.prompt else ""
        rowless = _ROW.sub(" ", text) if "|" in text else text
        may = recurring(text)
        may_loop = (may if rowless is text else recurring(rowless)).loop(self.times + 1, self.span)
        return (
            (may_loop and self._in_a_row(rowless, question))
            or (may.end_alike(self.times) and self._lines(text, question))
            or (may.few(self.gram, self.distinct) and self._grams(text))
            or ""
        )

    def _in_a_row(self, text: str, question: str) -> str:
        words = spaced(text)
        for unit, count in loops(words) if loop_like(words, self.times + 1, self.span) else ():
            if count > max(self.times, wanted_times(unit, question)) and len(unit) * count >= self.span:
                return f"{shown(unit.strip())} {count} times in a row"
        return ""

    def _lines(self, text: str, question: str) -> str:
        often = [tail for tail, count in tails(text).items() if count > self.times]
        if not any(comes_back(tail, text, self.times) for tail in often):
            return ""
        kept = [_LABEL.sub("", strip_item(s)).strip() for s in sentences(text)]
        kept = [s for s in kept if len(s) >= 8 and re.search(r"\w", s) and s[0] != "#" and s[-1] not in ":：*"]
        for line, count in Counter(kept).most_common(3):
            enough = 3 * self.times if line[0] == "|" else max(self.times, wanted_times(line, question))
            if count > enough and count * 5 >= len(kept):
                return f"line {shown(line)} {count} times"
        return ""

    def _grams(self, text: str) -> str:
        words = " ".join(_WORDS.findall(text)).lower().split(" ")
        count = len(words) - self.gram + 1
        if count < self.gram_from:
            return ""
        pairs = len({*pairwise(words)})
        if self.gram > 1 and (pairs - self.gram + 2) >= self.distinct * count:  # each begins a gram, but for the last
            return ""
        share = len({*zip(*(words[i:] for i in range(self.gram)), strict=False)}) / count
        return f"{share:.2f} of the {self.gram}-grams are distinct" if share < self.distinct else ""


def tails(text: str) -> Counter[str]:
    """The last eight characters of all that may be a sentence: of a line, and of what ends in a mark."""
    found = Counter(text[max(0, m.end() - 8) : m.end()] for m in _MARK.finditer(text))
    lines = (line.rstrip() for line in text.splitlines())
    found.update(line[-8:] for line in lines if line and not _MARK.match(line[-1]))
    return found


def comes_back(tail: str, text: str, times: int) -> bool:
    """Whether what stands before a tail may be the same more than `times` times, up to where a sentence may begin."""
    counts: Counter[str] = Counter()
    at = text.find(tail)
    while at >= 0:
        counts[_BEFORE.sub("", text[max(0, at - 24) : at], count=1).lstrip()] += 1
        at = text.find(tail, at + 1)
    return max(counts.values()) > times


def spaced(text: str) -> str:
    """`text` with one space for every stretch of white space."""
    words = " ".join(text.split())
    if not words:
        return " " if text else ""
    return f"{' ' * text[0].isspace()}{words}{' ' * text[-1].isspace()}"


def wanted_times(unit: str, question: str) -> int:
    """How often a question wants a unit that it names; 0 when it does not, 100 when it does not say how often."""
    asked = _ASKED.search(question)
    if not asked or unit.strip(" 、。,.!！").casefold() not in question.casefold():
        return 0
    return int(asked[1]) if asked[1] else _NUMBERS[asked[2].lower()] if asked[2] else 100


def loop_like(text: str, times: int, span: int) -> bool:
    """Whether a stretch of at least `span` characters has a period of up to 120, and is as long as `times` of them.

    Of such a stretch, one in so many characters at least begins eight that come back after a period.
    """
    stride = min(max(span, times * period) - period - 7 for period in (*range(1, span + 1), 120))
    if stride <= 8:
        return True  # to look for it costs what `loops` does
    find = text.find
    for i in range(0, len(text) - 8, stride):
        piece = text[i : i + 8]
        again = find(piece, i + 1, i + 128)
        while again >= 0:
            period = again - i
            start, end = i, again + 8
            while start > 0 and text[start - 1] == text[start - 1 + period]:
                start -= 1
            while end < len(text) and text[end] == text[end - period]:
                end += 1
            if end - start >= max(span, times * period):
                return True
            again = find(piece, again + 1, i + 128)
    return False


def loops(text: str) -> Iterator[tuple[str, int]]:
    """Units of up to 120 characters that stand at least three times in a row, and how often they do.

    Looks for eight characters that come back within 120: linear in the text. Stretches shorter than 24
    characters may be missed. A unit without a letter, digit, 、 or 。 (a rule, a row of dots) is no loop.
    """
    i = 0
    while i + 8 < len(text):
        again = text.find(text[i : i + 8], i + 1, i + 128)
        if again < 0:
            i += 8
            continue
        period = again - i
        start, end = i, again + 8
        while start > 0 and text[start - 1] == text[start - 1 + period]:
            start -= 1
        while end < len(text) and text[end] == text[end - period]:
            end += 1
        unit = text[start : start + period]
        if end - start >= 3 * period and re.search(r"[^\W_ー]|[、。]", unit):
            yield unit, (end - start) // period
        i = max(i + 8, end - period - 8)
