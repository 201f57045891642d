"""What near-duplicate search keeps of a text: hashed n-grams, a MinHash signature, the keys of its bands; NumPy."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from komainu.data.folding import BREAK, CODE, DIGIT, JAPANESE, LATIN, Folded, fold, parts_of

RECALL = 0.99  # of pairs exactly at the threshold that banding has to find
ROUNDS = 8  # in which all n-grams are dealt to bins; a bin empty after them takes a permutation of its own
OTHERS = 9  # a text in words may hold a Japanese letter in ten: those stand without spaces
PAD = np.uint32(CODE)  # stands after a text shorter than an n-gram
PRIME = np.uint32(0x9E3779B1)
EMPTY = np.uint32(0xFFFFFFFF)

Words = NDArray[np.uint32]
Places = NDArray[np.intp]


class Sketches(NamedTuple):
    """Of n rows: `sizes` [n] n-grams each, all sorted in `grams`; the low bytes of the signatures [n, permutations];
    keys [n, bands]; the hash of the numbers in it [n]; whether it was taken in words [n]."""

    grams: Words
    sizes: NDArray[np.int64]
    signatures: NDArray[np.uint8]
    keys: Words
    numbers: NDArray[np.uint64]
    worded: NDArray[np.bool_]

    def spans(self) -> list[slice]:
        """Where each row's n-grams stand in `grams`."""
        ends = np.cumsum(self.sizes)
        return list(map(slice, (ends - self.sizes).tolist(), ends.tolist()))


class Sketched(NamedTuple):
    """Some rows as they are compared: ids, sketches, and where it counts what each is ranked by."""

    ids: list[str]
    sketches: Sketches
    ranks: list[float]


@dataclass(frozen=True)
class Sketcher:
    """Makes sketches; what it makes of a row depends on nothing but the row and these values.

    Signatures are one-permutation MinHash (Li, Owen, Zhang 2012): an n-gram's hash says its bin, and a bin keeps its
    least hash. While bins are empty all n-grams are dealt again with another hash (fast similarity sketching,
    Dahlgaard, Knudsen, Thorup 2017), so that short texts are estimated as well as with independent permutations.
    `words`: n-grams of so many words where for a Japanese letter there are more than OTHERS Latin ones; 0 is characters
    everywhere.
    """

    threshold: float
    ngram: int = 5
    words: int = 0
    permutations: int = 128
    seed: int = 0

    @cached_property
    def banding(self) -> tuple[int, int]:
        return banding(self.threshold, self.permutations)

    @cached_property
    def salts(self) -> Words:
        """One for the hash of an n-gram, one a round after the first, one a bin."""
        rng = random.Random(f"sketch:{self.seed}")
        return np.array([rng.getrandbits(32) for _ in range(ROUNDS + self.permutations)], np.uint32)

    def __call__(self, rows: Sequence[Sequence[str]]) -> Sketches:
        """The sketches of rows, each given as its turns."""
        return joined([self.some(part) for part in parts_of(rows)])

    def some(self, rows: Sequence[Sequence[str]]) -> Sketches:
        folded = fold(rows)
        worded = self.worded(folded)
        grams, owners = self.grams(folded, worded)
        sizes = np.bincount(owners, minlength=len(rows))
        signatures = self.sign(grams, owners, len(rows))
        return Sketches(grams, sizes, signatures.astype(np.uint8), self.keys(signatures), numbers(folded), worded)

    def worded(self, folded: Folded) -> NDArray[np.bool_]:
        """Which rows are compared by words."""
        if not self.words or not len(folded.starts):
            return np.zeros(len(folded.starts), bool)
        latin, japanese = (
            np.add.reduceat((folded.packed & np.uint32(flag)) != 0, folded.starts, dtype=np.int64)
            for flag in (LATIN, JAPANESE)
        )
        return np.asarray(latin > OTHERS * japanese)

    def grams(self, folded: Folded, worded: NDArray[np.bool_]) -> tuple[Words, Places]:
        """The set of hashed n-grams of every row, sorted, and whose each is."""
        counts = np.zeros(len(worded), np.intp)
        parts: list[tuple[Words, Places]] = []
        for rows, of_words in ((np.flatnonzero(~worded), False), (np.flatnonzero(worded), True)):
            if len(rows):
                packed, lengths = together(folded, rows), folded.lengths[rows]
                codes, lengths = words(packed, lengths) if of_words else (packed & np.uint32(CODE), lengths)
                n = self.words if of_words else self.ngram
                parts.append((ngrams(codes, np.cumsum(lengths) - lengths, lengths, n), rows))
                counts[rows] = grams_in(lengths, n)
        ends = np.cumsum(counts)
        every = np.empty(counts.sum(), np.uint32)
        for found, rows in parts:
            taken = 0
            for end, count in zip(ends[rows].tolist(), counts[rows].tolist(), strict=True):
                every[end - count : end] = found[taken : taken + count]
                taken += count
        every = mixed(every ^ self.salts[0])
        for begin, end in zip((ends - counts).tolist(), ends.tolist(), strict=True):
            every[begin:end].sort()
        new = np.ones(len(every), bool)
        np.not_equal(every[1:], every[:-1], out=new[1:])
        new[ends - counts] = True
        at = np.flatnonzero(new)
        return every[at], np.repeat(np.arange(len(worded)), np.diff(np.searchsorted(at, ends), prepend=0))

    def sign(self, grams: Words, owners: Places, rows: int) -> Words:
        """The signatures: [rows, permutations]."""
        bins = self.permutations
        signatures = np.full((rows, bins), EMPTY)
        empty = np.ones((rows, bins), bool)
        cells = cells_of(grams, owners, bins)
        first = np.ones(len(cells), bool)
        np.not_equal(cells[1:], cells[:-1], out=first[1:])  # sorted: the least of a bin comes first
        signatures.reshape(-1)[cells[first]] = grams[first]
        empty.reshape(-1)[cells[first]] = False
        for salt in self.salts[1:ROUNDS]:
            keep = np.asarray(empty.any(axis=1))[owners]
            if not keep.all():
                grams, owners = grams[keep], owners[keep]
            if not len(grams):
                return signatures
            values = mixed(grams ^ salt)
            cells = cells_of(values, owners, bins)
            wanted = empty.reshape(-1)[cells]
            np.minimum.at(signatures.reshape(-1), cells[wanted], values[wanted])
            empty.reshape(-1)[cells[wanted]] = False
        self.fill(signatures, empty, grams, owners)
        return signatures

    def fill(self, signatures: Words, empty: NDArray[np.bool_], grams: Words, owners: Places) -> None:
        """Give each bin that is still empty the least hash of a permutation of its own."""
        rows, bins = np.nonzero(empty)
        if not len(rows):
            return
        starts, ends = np.searchsorted(owners, rows), np.searchsorted(owners, rows, "right")
        at, begins = spread(starts, ends - starts)
        values = mixed(grams[at] ^ np.repeat(self.salts[ROUNDS:][bins], ends - starts))
        signatures[rows, bins] = np.minimum.reduceat(values, begins)

    def keys(self, signatures: Words) -> Words:
        """One key a band: [rows, bands]."""
        bands, rows = self.banding
        parts = signatures[:, : bands * rows].reshape(len(signatures), bands, rows)
        keys = np.broadcast_to(np.arange(1, bands + 1, dtype=np.uint32), parts.shape[:2]).copy()
        for i in range(rows):
            keys = mixed(keys * PRIME + parts[:, :, i])
        return keys


def joined(parts: Sequence[Sketches]) -> Sketches:
    return parts[0] if len(parts) == 1 else Sketches(*map(np.concatenate, zip(*parts, strict=True)))


def mixed(values: Words) -> Words:
    """A bijection of 32-bit numbers that scatters their bits (MurmurHash3's finalizer). Changes its argument."""
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35), (16, 0)):
        values ^= values >> np.uint32(shift)
        if factor:
            values *= np.uint32(factor)
    return values


def ngrams(codes: Words, starts: Places, lengths: Places, n: int) -> Words:
    """Hashes of the n-grams of every text; one shorter than n is a single n-gram of its own."""
    scattered = mixed(codes + np.uint32(1))
    state = scattered[: max(len(codes) - n + 1, 0)].copy()
    for k in range(1, n):
        state *= PRIME
        state += scattered[k : k + len(state)]
    at, begins = spread(starts, grams_in(lengths, n))
    found = state.take(at, mode="clip") if len(state) else np.zeros(len(at), np.uint32)
    short = np.flatnonzero(lengths < n)
    if len(short):
        inside = np.arange(n) < lengths[short, None]
        place = np.minimum(starts[short, None] + np.arange(n), max(len(codes) - 1, 0))
        window = np.where(inside, codes[place] if len(codes) else PAD, PAD)
        scattered = mixed(window + np.uint32(1))
        state = scattered[:, 0].copy()
        for k in range(1, n):
            state = state * PRIME + scattered[:, k]
        found[begins[short]] = state
    return found


def together(folded: Folded, rows: Places) -> Words:
    """The packed characters of some rows, one after another."""
    if len(rows) == len(folded.starts) == 1:
        return folded.packed[: folded.lengths[0]]
    spans = zip(folded.starts[rows].tolist(), folded.lengths[rows].tolist(), strict=True)
    return np.concatenate([folded.packed[start : start + length] for start, length in spans])


def words(packed: Words, lengths: Places) -> tuple[Words, Places]:
    """Hashes of the words of rows, one row after another, and how many each has."""
    ends = np.cumsum(lengths)
    begin = (packed & np.uint32(BREAK)) != 0
    begin[(ends - lengths)[lengths > 0]] = True
    firsts = np.flatnonzero(begin)
    if not len(firsts):
        return np.zeros(0, np.uint32), np.zeros(len(lengths), np.intp)
    sizes = np.diff(firsts, append=len(packed))
    within = np.arange(len(packed), dtype=np.uint32) - np.repeat(firsts.astype(np.uint32), sizes)
    values = mixed((packed & np.uint32(CODE)) * PRIME + within * np.uint32(0x85EBCA77))
    sums = np.cumsum(values, dtype=np.uint32)[firsts + sizes - 1]
    sums[1:] -= sums[:-1].copy()  # each word's own, modulo 2^32
    return mixed(sums), np.diff(np.searchsorted(firsts, ends), prepend=0)


def numbers(folded: Folded) -> NDArray[np.uint64]:
    """A hash of the numbers of each row in their order; 0 where there are none."""
    found = np.zeros(len(folded.starts), np.uint64)
    at = np.flatnonzero(folded.kinds() == DIGIT)
    if not len(at):
        return found
    fresh = (np.diff(at, prepend=-2) != 1).astype(np.uint32)
    rows = np.searchsorted(folded.starts, at, "right") - 1
    firsts = np.flatnonzero(np.diff(rows, prepend=-1))
    rank = np.arange(len(at)) - np.repeat(firsts, np.diff(firsts, append=len(at)))
    digits = (folded.packed[at] & np.uint32(CODE)) | (fresh << np.uint32(22))
    halves = [mixed(digits * PRIME ^ mixed(rank.astype(np.uint32) + np.uint32(salt))) for salt in (1, 0x51ED270B)]
    values = halves[0].astype(np.uint64) << np.uint64(32) | halves[1]
    found[rows[firsts]] = np.add.reduceat(values, firsts)
    return found


def grams_in(lengths: Places, n: int) -> Places:
    return np.maximum(lengths - n + 1, 1)


def spread(starts: Any, counts: Any) -> tuple[Places, Places]:
    """The places start, start + 1, ... of each span one after another, and where each span begins among them."""
    begins = np.cumsum(counts) - counts
    return np.arange(counts.sum()) + np.repeat(starts - begins, counts), begins


def cells_of(values: Words, owners: Places, bins: int) -> Places:
    """The bin of each value in the signatures of all rows laid out flat."""
    return owners * bins + (values.astype(np.uint64) * np.uint64(bins) >> np.uint64(32)).astype(np.intp)


def banding(threshold: float, permutations: int) -> tuple[int, int]:
    """Bands and rows a band: the most selective that finds RECALL of the pairs at the threshold."""
    for rows in range(permutations // 2, 0, -1):
        bands = min(permutations // rows, 256)
        if 1 - (1 - threshold**rows) ** bands >= RECALL:
            return bands, rows
    return min(permutations, 256), 1
