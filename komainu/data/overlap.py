"""How much of each of many short texts a long text repeats, by shared character n-grams."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple


class Overlap(NamedTuple):
    """The text that is repeated most (its place), how much of its payload is, and the longest shared span."""

    place: int
    coverage: float  # the share of the payload
    characters: int  # of the text, template beside payload included
    span: str


class Overlaps:
    """An index of texts.

    An n-gram found in at least `common` of the texts (and in 5 or more of them) is template: it matches
    nothing, and the characters it covers do not count. What is left of a text is its payload.
    A text shorter than n characters, or without payload, is never matched.
    """

    def __init__(self, texts: Sequence[str], ngram: int, common: float) -> None:
        self.texts, self.ngram = texts, ngram
        limit = max(5, math.ceil(common * len(texts)))
        often = Counter(gram for text in texts for gram in set(grams(text, ngram)))
        self.index: dict[str, list[tuple[int, int]]] = {}
        self.payload: list[list[int]] = []  # of each text: how many payload characters stand before each place
        for place, text in enumerate(texts):
            template: set[int] = set()
            for at, gram in enumerate(grams(text, ngram)):
                if often[gram] >= limit:
                    template.update(range(at, at + ngram))
                else:
                    self.index.setdefault(gram, []).append((place, at))
            self.payload.append([0, *accumulate(int(i not in template) for i in range(len(text)))])

    def most(self, text: str) -> Overlap | None:
        """The indexed text of which `text` repeats the largest share; the first of equals; None when none."""
        hits: dict[int, set[int]] = {}
        for gram in filter(self.index.__contains__, grams(text, self.ngram)):
            for place, at in self.index[gram]:
                hits.setdefault(place, set()).add(at)
        found = [overlap for place in sorted(hits) if (overlap := self.overlap(place, hits[place]))]
        return max(found, key=lambda o: (o.coverage, -o.place), default=None)

    def overlap(self, place: int, begins: Iterable[int]) -> Overlap | None:
        """What n-grams beginning at these places of an indexed text cover of it."""
        before = self.payload[place]
        if not before[-1]:
            return None
        spans = merged(begins, self.ngram)
        covered = sum(before[end] - before[start] for start, end in spans)
        start, end = max(spans, key=lambda span: span[1] - span[0])
        characters = sum(e - s for s, e in spans)
        return Overlap(place, covered / before[-1], characters, self.texts[place][start:end])


def merged(begins: Iterable[int], width: int) -> list[tuple[int, int]]:
    """Spans of `width` from each beginning, those that touch made one."""
    spans: list[tuple[int, int]] = []
    for at in sorted(begins):
        if spans and at <= spans[-1][1]:
            spans[-1] = spans[-1][0], at + width
        else:
            spans.append((at, at + width))
    return spans


def grams(text: str, n: int) -> list[str]:
    return [text[i : i + n] for i in range(len(text) - n + 1)]
