"""How long an answer is, and its punctuation."""

from __future__ import annotations

import re

from komainu.checks.text import sentences
from komainu.eval.bench.jp_ifeval.kana import composed
from komainu.eval.bench.jp_ifeval.pieces import lines, size

_WIDE = str.maketrans("｡､｢｣!?", "。、「」！？")


def characters(response: str, *, low: int, high: int) -> bool:
    """So many characters, marks counted, spaces and line ends not; が is one however it is coded."""
    return low <= size(response) <= high


def sentence_count(response: str, *, count: int) -> bool:
    """Exactly so many sentences: they end at 。！？ or a line's end, not inside 「」 or brackets."""
    return len(sentences(composed(response))) == count


def line_lengths(response: str, *, lines: int, characters: int) -> bool:
    """Exactly so many lines that are not blank, each of so many characters, marks counted and spaces not."""
    return [*map(size, _lines(response))] == [characters] * lines


_lines = lines  # the argument of that name hides the function


def sentence_limit(response: str, *, limit: int) -> bool:
    """At least two sentences, and none longer than so many characters with its final mark."""
    found = sentences(composed(response))
    return len(found) > 1 and max(map(size, found)) <= limit


def mark_count(response: str, *, mark: str, low: int, high: int) -> bool:
    """The mark is there so often; ｡ ､ ! ? of half width are the same marks."""
    return low <= composed(response).translate(_WIDE).count(mark) <= high


def no_marks(response: str, *, marks: list[str]) -> bool:
    """None of the marks in either width, and at least one letter."""
    text = composed(response).translate(_WIDE)
    return re.search(r"\w", text) is not None and not any(mark.translate(_WIDE) in text for mark in marks)


def fullwidth(response: str) -> bool:
    """No half-width character: no ASCII, spaces among it, and no half-width kana or marks; line ends are free."""
    return re.search("[\x20-\x7e\uff61-\uff9f]", response.strip()) is None
