"""Which models of a table are shown: words that their names, results or licences have, and bounds on columns."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

OPERATORS = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt, "=": operator.eq}
BOUND = re.compile(r"([\w@.:-]+)\s*(<=|>=|<|>|=)\s*([+-]?\d+(?:\.\d+)?)", re.ASCII)
SIZE = re.compile(
    r"(?<![A-Za-z0-9.])(?:(\d{1,3})x)?(\d{1,5}(?:\.\d{1,3})?)(b|m)(?![A-Za-z0-9])", re.ASCII | re.IGNORECASE
)


class Bound(NamedTuple):
    """`ja_avg>=70`: what stands on the left is `size`, in billions of parameters, or the key of a column."""

    key: str
    sign: str
    number: float

    def holds(self, value: float | None) -> bool:
        """Whether a value is within the bound; one that is not there never is."""
        return value is not None and bool(OPERATORS[self.sign](value, self.number))


class Wanted(NamedTuple):
    """What all shown models have: each word somewhere, each bound held."""

    words: tuple[str, ...] = ()
    bounds: tuple[Bound, ...] = ()


def wanted(filters: Iterable[str]) -> Wanted:
    """The words and bounds of filters; what is no bound is a word, whatever characters it has."""
    words: list[str] = []
    bounds: list[Bound] = []
    for text in filters:
        if found := BOUND.fullmatch(text.strip()):
            bounds.append(Bound(found[1].lower(), found[2], float(found[3])))
        elif text.strip():
            words.append(text.strip().casefold())
    return Wanted(tuple(words), tuple(bounds))


def matches(words: Iterable[str], texts: Iterable[str], licence: Callable[[], str]) -> bool:
    """Whether each word is in one of the texts, or in the licence, which is only looked up when it has to be."""
    folded = [text.casefold() for text in texts]
    return all(any(word in text for text in folded) or word in licence().casefold() for word in words)


def size(name: str) -> float | None:
    """Billions of parameters, as far as the name tells: 7 of `qwen2.5-7b`, 56 of `mixtral-8x7b`, 0.5 of `x-500m`."""
    found = SIZE.search(name)
    if not found:
        return None
    count = float(found[2]) * int(found[1] or 1)
    return count if found[3] in "bB" else count / 1000
