"""Whether a long text may repeat itself: what `Repetition` need not look at closely is told here at once; NumPy.

Each question is answered from hashes of stretches of characters. Equal stretches have equal hashes, so a text that
repeats itself is never missed; hashes that agree by chance only cost the closer look.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LONG = 160  # characters: shorter texts are looked at faster one by one
PERIOD = 120  # the longest unit of a loop
END = 6  # characters of a sentence's end
HASHED = 8  # characters of a stretch that is hashed
SPACE, JOINED, STOP, ALONE = (
    1,
    1 << 1,
    1 << 2,
    1 << 3,
)  # kinds: white space, ends of sentences, a word by itself, one of a word's
PRIME = np.uint64(0x9E3779B97F4A7C15)
STOPS = r"[\n。！？!?.]"
KINDS = {SPACE: r"\s", STOP: STOPS, ALONE: r"[^\W\dA-Za-zÀ-ɏ_]", JOINED: r"[A-Za-zÀ-ɏ\d'’]"}
_STOP = re.compile(f"{STOPS}+")

Codes = NDArray[np.uint16]
Hashes = NDArray[np.uint64]
Bytes = NDArray[np.uint8]


class Tables(NamedTuple):
    """Of each character of 16 bits its kinds, and what is written for it and its other case."""

    kinds: Bytes
    lower: Codes


@cache
def tables() -> Tables:
    kinds, lower = np.zeros(1 << 16, np.uint8), np.arange(1 << 16, dtype=np.uint16)
    every = "".join(map(chr, range(1 << 16)))
    for kind, pattern in KINDS.items():
        kinds[[found.start() for found in re.finditer(pattern, every)]] |= kind
    for code, char in enumerate(every):
        if len(small := char.lower()) == 1:
            lower[code] = ord(small)
    lower[ord("ς")] = ord("σ")  # which of the two stands for a capital depends on what is beside it
    return Tables(kinds, lower)


class Shifts(NamedTuple):
    """Where loops are looked for: at places `stride` apart. A loop is met in so many of them by period, in a row, and
    in two at least from the period `twice` on."""

    stride: int
    twice: int
    met: NDArray[np.intp]


@cache
def shifts(times: int, span: int) -> Shifts:
    periods = np.arange(1, PERIOD + 1)
    places = np.maximum(span, times * periods) - periods - HASHED + 1
    stride = int(places.min())
    met = places // max(stride, 1)
    return Shifts(stride, int(np.flatnonzero(met < 2)[-1]) + 2, met)


class Recurring:
    """A text of which little is known: it may repeat itself in many ways."""

    def __init__(self, text: str) -> None:
        self.text = text

    def loop(self, times: int, span: int) -> bool:
        """Whether some stretch of at least `span` characters, white space counted as one, may be `times` times a unit
        of up to PERIOD."""
        return True

    def end_alike(self, times: int) -> bool:
        """Whether more than `times` sentences have the same last six characters: none comes back without its end."""
        return often((some[-END:] for some in _STOP.split(self.text) if len(some) >= END), times)

    def few(self, gram: int, share: float) -> bool:
        """Whether fewer than a share of the n-grams of words may be distinct; a character of Japanese is a word."""
        return True


class Long(Recurring):
    """One of many characters, all of 16 bits."""

    def __init__(self, text: str, codes: Codes) -> None:
        super().__init__(text)
        self.codes = codes
        self.kinds = tables().kinds.take(codes)

    def loop(self, times: int, span: int) -> bool:
        stride, twice, met = shifts(times, span)
        if stride <= HASHED:
            return True
        spaced = self.spaced()
        if len(spaced) <= HASHED:
            return False
        hashes = eights(spaced)
        some = np.concatenate([(hashes >> np.uint64(32)).astype(np.uint32), np.zeros(PERIOD, np.uint32)])
        here = some[: len(hashes) : stride, None]
        same = here == np.ndarray((len(here), PERIOD), np.uint32, some, offset=4, strides=(4 * stride, 4))
        if not (same[:, : twice - 1].any() or (same[1:, twice - 1 :] & same[:-1, twice - 1 :]).any()):
            return False
        return bool((same.sum(axis=0) >= met).any())

    def spaced(self) -> Codes:
        """The characters, with one space for every stretch of white space."""
        spaces = (self.kinds & SPACE).view(bool)
        keep = np.ones(len(spaces), bool)
        np.logical_not(spaces[1:] & spaces[:-1], out=keep[1:])
        return np.where(spaces, np.uint16(ord(" ")), self.codes).compress(keep)

    def end_alike(self, times: int) -> bool:
        stops = np.concatenate([[-1], np.flatnonzero(self.kinds & STOP), [len(self.codes)]])
        ends = stops[1:][np.diff(stops) > END]
        if len(ends) <= times:
            return False
        four = fours(self.codes)
        keys = np.sort(four[ends - END] * PRIME + four[ends - 4])
        same = (keys[times:] == keys[: len(keys) - times]).any()
        return bool(same) and often((self.text[end - END : end] for end in ends.tolist()), times)

    def few(self, gram: int, share: float) -> bool:
        words = (self.kinds & (ALONE | JOINED)) != 0
        joined = (self.kinds & JOINED).view(bool)
        begins = words.copy()
        begins[1:] &= ~(joined[1:] & joined[:-1])
        at = np.flatnonzero(begins.compress(words))
        count = len(at) - gram + 1
        if gram < HASHED or count < 1:
            return True
        at = at[:count]  # so many characters follow each of these as the n-gram has words, or more
        four = fours(tables().lower.take(self.codes.compress(words)))
        keys = np.sort(four[at] * PRIME + four[at + 4])
        return bool((1 + np.count_nonzero(keys[1:] != keys[:-1])) / count < share)


def recurring(text: str) -> Recurring:
    if len(text) < LONG or len(data := text.encode("utf-16-le", "surrogatepass")) > 2 * len(text):
        return Recurring(text)
    return Long(text, np.frombuffer(data, "<u2"))


def often(texts: Iterable[str], times: int) -> bool:
    """Whether one of some texts is there more than so many times."""
    return max(Counter(texts).values(), default=0) > times


def fours(codes: Codes) -> Hashes:
    """The four characters from each place on, as one number."""
    return np.ndarray((len(codes) - 3,), np.uint64, codes, strides=(2,))


def eights(codes: Codes) -> Hashes:
    """A hash of the eight characters from each place on."""
    four = fours(codes)
    found: Hashes = four[:-4] * PRIME + four[4:]
    return found
