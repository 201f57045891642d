"""A leak in an answer: where it is and of what kind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """Where a leak is: text[start:end], and its kind.

    Kinds: "latin", "simplified", "chinese" (a sentence or word), "hangul", "kana", "kanji", "other" (script).
    """

    start: int
    end: int
    kind: str


def apart(found: Iterable[Span]) -> list[Span]:
    """The spans in order; of two that overlap the one that starts first, of two that start alike the longer."""
    kept: list[Span] = []
    for span in sorted(found, key=lambda s: (s.start, -s.end, s.kind)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept
