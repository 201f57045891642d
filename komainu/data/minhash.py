"""MinHash with banding over character n-grams, every candidate verified; NumPy does the hashing."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

RECALL = 0.99  # of pairs exactly at the threshold that banding has to find
SIGMAS = 4.0  # how far below the threshold an estimate may be before the true sets are not compared

NUMBER = re.compile(r"\d+")

Words = NDArray[np.uint32]


class Index:
    """Texts that are kept so far. A text similar to one of them (`numbers`: with the same numbers) is not added.

    The estimate of n permutations has standard deviation sqrt(t (1 - t) / n); a candidate whose
    estimate is SIGMAS of them below the threshold t is not verified (one true pair in 30,000).
    """

    def __init__(self, threshold: float, ngram: int, permutations: int, seed: int, *, numbers: bool = False) -> None:
        self.threshold, self.ngram, self.numbers = threshold, ngram, numbers
        rng = random.Random(f"minhash:{seed}")
        self.factors = np.array([rng.getrandbits(32) | 1 for _ in range(permutations)], np.uint32)
        self.shifts = np.array([rng.getrandbits(32) for _ in range(permutations)], np.uint32)
        self.bands, self.rows = banding(threshold, permutations)
        self.floor = threshold - SIGMAS * (threshold * (1 - threshold) / permutations) ** 0.5
        self.buckets: dict[bytes, list[int]] = {}
        self.texts: list[str] = []
        self.signatures: Words = np.zeros((1024, permutations), np.uint32)

    def place(self, texts: Sequence[str]) -> Iterator[tuple[int | None, float]]:
        """For each text the place and similarity of the kept text it repeats, or (None, 0.0): then it is kept."""
        for text, signature in zip(texts, self.sign(texts), strict=True):
            keys = self.keys(signature)
            place, similarity = self.nearest(text, signature, keys)
            if place is None:
                self.add(text, signature, keys)
            yield place, similarity

    def nearest(self, text: str, signature: Words, keys: list[bytes]) -> tuple[int | None, float]:
        """The most similar kept text at or over the threshold, the earliest of equals."""
        candidates = sorted({i for key in keys for i in self.buckets.get(key, ())})
        if not candidates:
            return None, 0.0
        estimates = (self.signatures[candidates] == signature).mean(axis=1)
        found: tuple[int | None, float] = None, 0.0
        mine = shingles(text, self.ngram)
        for candidate, estimate in zip(candidates, estimates, strict=True):
            other = self.texts[candidate]
            if estimate < self.floor or (self.numbers and NUMBER.findall(other) != NUMBER.findall(text)):
                continue
            similarity = jaccard(mine, shingles(other, self.ngram))
            if similarity >= self.threshold and similarity > found[1]:
                found = candidate, similarity
        return found

    def add(self, text: str, signature: Words, keys: list[bytes]) -> None:
        place = len(self.texts)
        if place == len(self.signatures):
            self.signatures = np.concatenate([self.signatures, np.zeros_like(self.signatures)])
        self.signatures[place] = signature
        self.texts.append(text)
        for key in keys:
            self.buckets.setdefault(key, []).append(place)

    def keys(self, signature: Words) -> list[bytes]:
        """One bucket a band."""
        width = self.rows
        return [bytes((i,)) + signature[i * width : (i + 1) * width].tobytes() for i in range(self.bands)]

    def sign(self, texts: Sequence[str]) -> Words:
        """The MinHash signatures of texts: (texts, permutations)."""
        grams, starts = hashed(texts, self.ngram)
        signatures = np.empty((len(texts), len(self.factors)), np.uint32)
        for i, (factor, shift) in enumerate(zip(self.factors, self.shifts, strict=True)):
            signatures[:, i] = np.minimum.reduceat(grams * factor + shift, starts)
        return signatures


def hashed(texts: Sequence[str], ngram: int) -> tuple[Words, NDArray[np.intp]]:
    """Hashes of the n-grams of all texts in one array, and where each text's begin; a text has at least one."""
    codes = np.frombuffer("".join(text + "\0" * ngram for text in texts).encode("utf-32-le", "surrogatepass"), "<u4")
    lengths = np.array([len(text) for text in texts])
    state = np.zeros(len(codes) - ngram + 1, np.uint64)
    for k in range(ngram):
        state = state * np.uint64(0x100000001B3) + codes[k : len(codes) - ngram + 1 + k].astype(np.uint64)
    state ^= state >> np.uint64(30)
    state *= np.uint64(0xBF58476D1CE4E5B9)
    state ^= state >> np.uint64(27)
    state *= np.uint64(0x94D049BB133111EB)
    counts = np.maximum(lengths - ngram + 1, 1)
    begins = np.concatenate([[0], np.cumsum(lengths + ngram)[:-1]])
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    places = np.arange(counts.sum()) + np.repeat(begins - starts, counts)
    return (state[places] >> np.uint64(32)).astype(np.uint32), starts


def shingles(text: str, ngram: int) -> set[str]:
    """The set of character n-grams; a shorter text is its own."""
    return {text[i : i + ngram] for i in range(max(len(text) - ngram + 1, 1))}


def jaccard(one: set[str], other: set[str]) -> float:
    common = len(one & other)
    return common / (len(one) + len(other) - common)


def banding(threshold: float, permutations: int) -> tuple[int, int]:
    """Bands and rows a band: the most selective that finds RECALL of the pairs at the threshold."""
    for rows in range(permutations // 2, 0, -1):
        bands = min(permutations // rows, 256)
        if 1 - (1 - threshold**rows) ** bands >= RECALL:
            return bands, rows
    return min(permutations, 256), 1
