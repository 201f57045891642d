"""Which of many short texts many long ones may repeat: rolling hashes over a whole block, looked up in one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from komainu.data.folding import Codes
from komainu.data.kana import Places, codes_of
from komainu.data.overlap import Overlaps

Hashes = NDArray[np.uint64]
SEED = 6  # characters of the short runs that every longer one is made of
FACTORS = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93, 0xA0761D6478BD642F], np.uint64
)


class Hits(NamedTuple):
    """Where documents repeat n-grams of the texts: one entry a document, text and place in the text."""

    document: Places
    place: Places
    at: Places  # in the text
    where: Places  # in the block

    def __len__(self) -> int:
        return len(self.at)

    def of(self, document: int) -> Hits:
        """Those of one document; they are in the documents' order."""
        start, end = np.searchsorted(self.document, [document, document + 1])
        return Hits(*(each[start:end] for each in self))


class Grams:
    """The n-grams of an index as arrays; found in a block by the hashes of its runs of SEED characters."""

    def __init__(self, index: Overlaps, codes: Codes, starts: Places) -> None:
        self.ngram = index.ngram
        self.steps = [*range(0, self.ngram - SEED, SEED), self.ngram - SEED]
        entries = [*index.index.values()]
        flat = np.array([pair for some in entries for pair in some], np.int64).reshape(-1, 2)
        self.place, self.at = flat[:, 0], flat[:, 1]
        counts = np.array([len(some) for some in entries], np.int64)
        self.first = np.cumsum(counts) - counts
        self.example = starts[self.place[self.first]] + self.at[self.first] if len(entries) else self.first
        hashes = self.joined(seeds(codes), self.example)
        order = np.argsort(hashes)
        self.hashes = hashes[order]
        self.example, self.first, self.counts = self.example[order], self.first[order], counts[order]
        self.codes = codes

    def joined(self, short: Hashes, at: Places) -> Hashes:
        """The hashes of the n-grams that begin at some places."""
        found = np.zeros(len(at), np.uint64)
        for i, step in enumerate(self.steps):
            found = found * FACTORS[i % len(FACTORS)] + short[at + step]
        return found

    def hits(self, short: Hashes, known: NDArray[np.bool_], codes: Codes, bounds: Places) -> Hits:
        """Those of a block. `known` says where a run of SEED characters may be one of the texts'."""
        size = len(codes) - self.ngram + 1
        if size <= 0 or not len(self.hashes):
            return Hits(*(np.empty(0, np.int64),) * 4)
        may = known[:size].copy()
        for step in self.steps[1:]:
            may &= known[step : step + size]
        where = np.flatnonzero(may)
        document = np.searchsorted(bounds, where, "right") - 1
        inside = where + self.ngram <= bounds[document + 1] + 1
        where, document = where[inside], document[inside]
        hashes = self.joined(short, where)
        gram = np.minimum(np.searchsorted(self.hashes, hashes), len(self.hashes) - 1)
        same = np.flatnonzero(self.hashes[gram] == hashes)
        where, document, gram = where[same], document[same], gram[same]
        run = np.arange(self.ngram)
        equal = np.flatnonzero((codes[where[:, None] + run] == self.codes[self.example[gram][:, None] + run]).all(1))
        where, document, gram = where[equal], document[equal], gram[equal]
        counts = self.counts[gram]
        entry = spread(self.first[gram], counts)
        return Hits(np.repeat(document, counts), self.place[entry], self.at[entry], np.repeat(where, counts))


class Slots:
    """Places of known hashes, each found by a few looks into tables."""

    def __init__(self, hashes: Hashes) -> None:
        self.hashes, self.bits = hashes, len(hashes).bit_length() + 1
        self.tables: list[NDArray[np.int32]] = []
        left = np.arange(len(hashes), dtype=np.int32)
        while len(left) and len(self.tables) < 32:  # two runs of one hash never part
            table = np.full(1 << self.bits, -1, np.int32)
            slots = self.slot(hashes[left], len(self.tables))
            table[slots] = left
            self.tables.append(table)
            left = left[table[slots] != left]  # those whose slot another one has go to the next table

    def slot(self, hashes: Hashes, table: int) -> Places:
        turned = hashes * FACTORS[table % len(FACTORS)] + np.uint64(table)
        found: Places = (turned >> np.uint64(64 - self.bits)).view(np.int64)
        return found

    def __call__(self, hashes: Hashes) -> tuple[Places, Places]:
        """Which of some hashes are known, and the places of these."""
        found = np.full(len(hashes), -1, np.int64)
        left = np.arange(len(hashes))
        for i, table in enumerate(self.tables):
            place = table[self.slot(hashes[left], i)]
            same = (place >= 0) & (self.hashes[place] == hashes[left])
            found[left[same]] = place[same]
            left = left[~same & (place >= 0)]
        known = np.flatnonzero(found >= 0)
        return known, found[known]


class Screen:
    """Tells of the short runs of a block which may be of the texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.codes = codes_of("".join(texts))
        sizes = np.array([len(text) for text in texts], np.int64)
        self.starts = np.cumsum(sizes) - sizes
        self.seeds = seeds(self.codes)
        self.bits = max(16, len(self.seeds).bit_length() + 4)
        self.table = self.table_of(self.seeds)

    def table_of(self, hashes: Hashes) -> NDArray[np.bool_]:
        """By slot, whether it is that of one of the hashes."""
        found = np.zeros(1 << self.bits, bool)
        found[self.slot(hashes)] = True
        return found

    def slot(self, hashes: Hashes) -> Places:
        return (hashes >> np.uint64(64 - self.bits)).view(np.int64)

    def look(self, codes: Codes) -> tuple[Hashes, NDArray[np.bool_]]:
        """The runs of SEED characters of a block, and which of them may be one of the texts'."""
        short = seeds(codes)
        return short, self.table[self.slot(short)]


def spread(first: Places, counts: Places) -> Places:
    """From each first number on, as many as there are."""
    rest = np.arange(int(counts.sum())) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(first, counts) + rest


def seeds(codes: Codes) -> Hashes:
    """The hash of each run of SEED characters."""
    one = codes.astype(np.uint64)
    base = FACTORS[:1]
    two = one[:-1] * base + one[1:]
    four = two[:-2] * (base * base) + two[2:]
    found: Hashes = (four[: len(one) - 5] * (base * base) + two[4:]) * FACTORS[4]
    return found
