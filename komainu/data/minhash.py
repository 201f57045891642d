"""MinHash with banding, every candidate verified on the true sets of n-grams; NumPy."""

from __future__ import annotations

import os
import tempfile
import weakref
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from komainu.data.sketch import Places, Sketcher, Sketches, Words, mixed

SIGMAS = 4.0  # how far below the threshold an estimate may be before the true sets are not compared
LINKED = 4_096  # rows linked at once
PAIRS = 65_536  # whose signatures are compared at once
T = TypeVar("T", bound=np.generic)
Placed = tuple[int | None, float]


class Index:
    """Rows that are kept so far. A row similar to one of them (`numbers`: with the same numbers) is not added.

    The estimate of n permutations has standard deviation sqrt(t (1 - t) / n); a candidate whose estimate is SIGMAS
    of them below the threshold t is not verified (one true pair in 30,000). `folder` takes the n-grams of kept rows:
    4 bytes each in a file without a name, gone with the process. Memory: see `Shelf` and `Chains`.
    """

    def __init__(self, sketcher: Sketcher, folder: Path | None = None, *, numbers: bool = True) -> None:
        self.threshold, self.numbers = sketcher.threshold, numbers
        share = self.threshold * (1 - self.threshold) / sketcher.permutations
        self.floor = self.threshold - SIGMAS * share**0.5
        self.shelf = Shelf(sketcher, folder)
        self.chains = Chains(sketcher.banding[0])

    def place(self, made: Sketches) -> list[Placed]:
        """For each row the place and similarity of the kept row it repeats, or (None, 0.0): then it is kept.

        Of several the most similar one, the earliest of equals.
        """
        old, made = len(self.shelf), self.keyed(made)
        rows, others = self.likely(made)
        found: list[Placed] = [(None, 0.0)] * len(made.sizes)
        spots = [-1] * len(found)  # where rows of this window that stay will be
        cuts = np.searchsorted(rows, np.arange(len(found) + 1)).tolist()
        kept, inside = old, made.spans()
        for row, (begin, end) in enumerate(pairwise(cuts)):
            mine = made.grams[inside[row]]
            for other in others[begin:end].tolist():
                spot = other if other < old else spots[other - old]
                if spot < 0:
                    continue  # it was dropped itself
                similarity = jaccard(mine, self.shelf.grams(other) if other < old else made.grams[inside[other - old]])
                if similarity >= self.threshold and similarity > found[row][1]:
                    found[row] = spot, similarity
            if found[row][0] is None:
                spots[row] = kept
                kept += 1
        self.keep(made, np.flatnonzero(np.array(spots) >= 0))
        return found

    def add(self, made: Sketches) -> None:
        """Keep all these rows."""
        self.keep(self.keyed(made), np.arange(len(made.sizes)))

    def keep(self, made: Sketches, rows: Places) -> None:
        self.shelf.add(made, rows)
        self.chains.add(self.shelf.keys)

    def keyed(self, made: Sketches) -> Sketches:
        """With the numbers of a row in its keys, where rows with other numbers are never the same: so they do not
        meet, however many there are."""
        if not self.numbers:
            return made
        return made._replace(keys=mixed(made.keys ^ mixed(made.numbers.astype(np.uint32))[:, None]))

    def likely(self, made: Sketches) -> tuple[Places, Places]:
        """Pairs to verify, in order: a row, and a kept row or (counted on from them) an earlier row of the window."""
        shelf, old = self.shelf, len(self.shelf)
        found: list[tuple[Places, Places]] = []
        for rows, others in lots(self.chains.meet(made.keys, shelf.keys)):
            good = self.near(made, shelf.signatures, shelf.numbers, shelf.sizes, rows, others)
            found.append((rows[good], others[good]))
        for rows, others in lots(met(made.keys)):
            good = self.near(made, made.signatures, made.numbers, made.sizes, rows, others)
            found.append((rows[good], others[good] + old))
        rows, others = joined(found)
        order = np.lexsort((others, rows))
        rows, others = rows[order], others[order]
        new = np.ones(len(rows), bool)
        new[1:] = (rows[1:] != rows[:-1]) | (others[1:] != others[:-1])
        return rows[new], others[new]

    def near(  # of pairs: which may be as similar as the threshold
        self,
        made: Sketches,
        signatures: NDArray[np.uint8],
        numbers: NDArray[np.uint64],
        sizes: NDArray[np.int64],
        rows: Places,
        others: Places,
    ) -> NDArray[np.bool_]:
        one, other = made.sizes[rows], sizes[others]
        good = np.minimum(one, other) >= self.threshold * np.maximum(one, other)
        if self.numbers:
            good &= made.numbers[rows] == numbers[others]
        at = np.flatnonzero(good)
        for begin in range(0, len(at), PAIRS):
            part = at[begin : begin + PAIRS]
            good[part] = (made.signatures[rows[part]] == signatures[others[part]]).mean(axis=1) >= self.floor
        return good


class Shelf:
    """Sketches of rows, the n-grams in a file. Memory of a row: a byte a permutation, 4 a band, and 24."""

    def __init__(self, sketcher: Sketcher, folder: Path | None = None) -> None:
        self.count = 0
        self._signatures = np.empty((1024, sketcher.permutations), np.uint8)
        self._keys = np.empty((1024, sketcher.banding[0]), np.uint32)
        self._numbers = np.empty(1024, np.uint64)
        self._ends = np.zeros(1024 + 1, np.int64)  # of the n-grams in the file
        self.file, name = tempfile.mkstemp(prefix=".ngrams-", dir=folder)
        os.unlink(name)
        weakref.finalize(self, os.close, self.file)

    def __len__(self) -> int:
        return self.count

    @property
    def signatures(self) -> NDArray[np.uint8]:
        return self._signatures[: self.count]

    @property
    def keys(self) -> Words:
        return self._keys[: self.count]

    @property
    def numbers(self) -> NDArray[np.uint64]:
        return self._numbers[: self.count]

    @property
    def sizes(self) -> NDArray[np.int64]:
        return np.diff(self._ends[: self.count + 1])

    def grams(self, place: int) -> Words:
        begin, end = self._ends[place : place + 2].tolist()
        return np.frombuffer(os.pread(self.file, 4 * (end - begin), 4 * begin), np.uint32)

    def add(self, made: Sketches, rows: Places) -> None:
        """Put these rows (places in rising order) behind the others."""
        begin, end = self.count, self.count + len(rows)
        while end > len(self._numbers):
            self._signatures, self._keys = doubled(self._signatures), doubled(self._keys)
            self._numbers, self._ends = doubled(self._numbers), doubled(self._ends)
        self._signatures[begin:end] = made.signatures[rows]
        self._keys[begin:end] = made.keys[rows]
        self._numbers[begin:end] = made.numbers[rows]
        sizes = made.sizes[rows]
        wanted = np.zeros(len(made.sizes), bool)
        wanted[rows] = True
        grams = made.grams if wanted.all() else made.grams[np.repeat(wanted, made.sizes)]
        write(self.file, grams.data.cast("B"), 4 * int(self._ends[begin]))
        self._ends[begin + 1 : end + 1] = self._ends[begin] + np.cumsum(sizes)
        self.count = end

    def take(self, places: list[int]) -> Sketches:
        """The sketches of some rows."""
        grams = [self.grams(place) for place in places]
        return Sketches(
            np.concatenate([*grams, np.zeros(0, np.uint32)]),
            np.array([len(g) for g in grams], np.int64),
            self._signatures[places],
            self._keys[places],
            self._numbers[places],
            np.zeros(len(places), bool),
        )


class Chains:
    """Which kept rows have a key: a table of slots with the last cell (row, band) of each, and before each cell the
    one before it in its slot. Memory of a row: 4 bytes a band, and 4 to 8 a band for slots."""

    def __init__(self, bands: int) -> None:
        self.bands, self.count = bands, 0
        self.before = np.empty((1024, bands), np.int32)  # the cell before a cell, -1 for none
        self.last = np.full(size_for(1024 * bands), -1, np.int32)

    def add(self, keys: Words) -> None:
        """Take the rows that these keys of all kept rows have more than there are here."""
        first, self.count = self.count, len(keys)
        assert keys.size < 2**31, "more cells than 32 bits can tell apart"
        while self.count > len(self.before):
            self.before = doubled(self.before)
        if keys.size > len(self.last):
            self.last = np.full(size_for(2 * keys.size), -1, np.int32)
            first = 0
        for begin in range(first, self.count, LINKED):
            self.link(keys[begin : begin + LINKED], begin)

    def link(self, keys: Words, first: int) -> None:
        slots = self.slots(keys.reshape(-1))
        cells = np.arange(len(slots), dtype=np.int32) + np.int32(first * self.bands)
        order = np.argsort(slots, kind="stable")
        cells, slots = cells[order], slots[order]
        new = np.ones(len(slots), bool)
        np.not_equal(slots[1:], slots[:-1], out=new[1:])
        before = np.concatenate([cells[:1], cells[:-1]])
        before[new] = self.last[slots[new]]
        self.before.reshape(-1)[cells] = before
        ends = np.concatenate([new[1:], [True]])[: len(slots)]
        self.last[slots[ends]] = cells[ends]

    def meet(self, wanted: Words, keys: Words) -> Iterator[tuple[Places, Places]]:
        """Pairs of a wanted row and a kept one with the same key in one band; a pair may come twice."""
        flat, known, before = wanted.reshape(-1), keys.reshape(-1), self.before.reshape(-1)
        asked, cells = np.arange(len(flat)), self.last[self.slots(flat)]
        while (going := cells >= 0).any():
            asked, cells = asked[going], cells[going]
            same = known[cells] == flat[asked]
            yield asked[same] // self.bands, (cells[same] // self.bands).astype(np.intp)
            cells = before[cells]

    def slots(self, keys: Words) -> Words:
        return mixed(keys.copy()) & np.uint32(len(self.last) - 1)


def met(keys: Words) -> Iterator[tuple[Places, Places]]:
    """Pairs of rows (the later, the earlier) that have a key in common; a pair may come twice."""
    tagged = np.sort(keys.astype(np.uint64) << np.uint64(32) | np.arange(len(keys), dtype=np.uint64)[:, None], axis=0)
    for apart in range(1, len(keys)):
        same = tagged[apart:] >> np.uint64(32) == tagged[:-apart] >> np.uint64(32)
        if not same.any():
            break
        later, earlier = (part[same] & np.uint64(0xFFFFFFFF) for part in (tagged[apart:], tagged[:-apart]))
        yield later.astype(np.intp), earlier.astype(np.intp)


def lots(pairs: Iterator[tuple[Places, Places]]) -> Iterator[tuple[Places, Places]]:
    """Pairs in lots of PAIRS or a little more, so that memory does not grow with rows that all look alike."""
    held: list[tuple[Places, Places]] = []
    size = 0
    for some in pairs:
        held.append(some)
        size += len(some[0])
        if size >= PAIRS:
            yield joined(held)
            held, size = [], 0
    yield joined(held)


def joined(pairs: list[tuple[Places, Places]]) -> tuple[Places, Places]:
    none = np.zeros(0, np.intp)
    return np.concatenate([none, *(rows for rows, _ in pairs)]), np.concatenate([none, *(its for _, its in pairs)])


def jaccard(one: Words, other: Words) -> float:
    """Of two sorted sets."""
    if len(one) > len(other):
        one, other = other, one
    if not len(one):
        return 1.0 if not len(other) else 0.0
    at = np.minimum(np.searchsorted(other, one), len(other) - 1)
    common = int(np.count_nonzero(other[at] == one))
    return common / (len(one) + len(other) - common)


def doubled(rows: NDArray[T]) -> NDArray[T]:  # pages that are not written yet take no memory
    more = np.empty((2 * len(rows), *rows.shape[1:]), rows.dtype)
    more[: len(rows)] = rows
    return more


def size_for(cells: int) -> int:
    return 1 << max(cells - 1, 1).bit_length()


def write(file: int, data: memoryview, at: int) -> None:
    while len(data):
        done = os.pwrite(file, data, at)
        data, at = data[done:], at + done
