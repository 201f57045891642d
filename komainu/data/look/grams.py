"""The index of the search: for each pair of characters that stand side by side, the rows that have it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from komainu.pages.scripts import Series

BITS = 18  # of a bucket's number: pairs of characters of one hash share a bucket, and a text is always looked at too
SEGMENT = 1 << 13  # rows of one index; more have several, so that memory does not grow
FACTORS = (0x9E3779B1, 0x85EBCA77)  # as in search.js
LETTERS = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_", np.uint8)
Buckets = NDArray[np.uint32]


class Grams:
    """Rows in their order, written in segments under `KEY0-0.js` and on.

    A bucket is a text: the gaps between the numbers of its rows, in groups of five bits, lowest first, a letter each;
    the sixth bit says that another group follows.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.folder, self.key = folder, key
        self.rows: list[Buckets] = []
        self.segments: list[dict[str, Any]] = []
        self.first = 0

    def add(self, text: str) -> None:
        """The next row's text; it must be as the page makes the words that are searched."""
        self.rows.append(distinct(np.sort(buckets(text))))
        if len(self.rows) == SEGMENT:
            self.flush()

    def done(self) -> list[dict[str, Any]]:
        """What the page needs to know of each segment: its first row, how many, bits, and where its scripts begin."""
        if self.rows:
            self.flush()
        return self.segments

    def flush(self) -> None:
        bits = min(BITS, max(6, len(self.rows).bit_length() + 4))
        series = Series(self.folder, f"{self.key}{len(self.segments)}")
        series.extend(posted(self.rows, bits))
        about = {"first": self.first, "rows": len(self.rows), "bits": bits, "starts": series.done()}
        self.segments.append(about)
        self.first += len(self.rows)
        self.rows = []


def buckets(text: str) -> Buckets:
    """The bucket of every two code units (UTF-16) of a text that stand side by side."""
    units = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2").astype(np.uint32)
    mixed = units[:-1] * np.uint32(FACTORS[0]) + units[1:] * np.uint32(FACTORS[1])
    return mixed >> np.uint32(32 - BITS)


def distinct(ordered: NDArray[Any]) -> NDArray[Any]:
    """Each value of an ordered array once; np.unique takes 20 times as long for so few."""
    first = np.ones(len(ordered), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]


def posted(rows: list[Buckets], bits: int) -> list[str]:
    """The text of each bucket."""
    keys = np.concatenate([(row >> (BITS - bits)) * SEGMENT + n for n, row in enumerate(rows)])
    keys.sort()
    keys = distinct(keys)
    which, number = keys // SEGMENT, (keys % SEGMENT).astype(np.int16)
    del keys
    gaps = np.diff(number, prepend=np.int16(-1)) - np.int16(1)
    begin = np.ones(len(which), bool)
    begin[1:] = which[1:] != which[:-1]
    gaps[begin] = number[begin]
    size = (1 + (gaps >= 32) + (gaps >= 1024)).astype(np.uint8)
    ends = np.zeros(len(size) + 1, np.int64)
    np.cumsum(size, out=ends[1:])
    letters = np.zeros(int(ends[-1]), np.uint8)
    for group in range(3):
        there = size > group
        more = (size[there] > group + 1) * 32
        letters[ends[:-1][there] + group] = ((gaps[there] >> (5 * group)) & 31) + more
    text = LETTERS[letters].tobytes().decode("ascii")
    begins = ends[np.searchsorted(which, np.arange((1 << bits) + 1))].tolist()
    return [text[begin:end] for begin, end in pairwise(begins)]
