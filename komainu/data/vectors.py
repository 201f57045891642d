"""Vectors of rows that are kept, compared by brute force in blocks; NumPy."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from komainu.errors import UsageError

BLOCK = 4096  # kept vectors compared at once
Vectors = NDArray[np.float32]


class Kept:
    """Rows whose cosine with every earlier one of them is under `threshold`. Memory: 2 bytes a dimension and row.

    A row costs two operations a dimension and kept row: with 1,024 dimensions 100,000 rows are 10^13 operations.
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self.blocks: list[NDArray[np.float16]] = []
        self.count = 0

    def place(self, vectors: Vectors) -> list[tuple[int | None, float]]:
        """For each row the place of the most similar kept row, the earliest of equals, or None: then it is kept."""
        best, at = np.full(len(vectors), -1.0, np.float32), np.full(len(vectors), -1)
        for number, block in enumerate(self.blocks):
            inside = block[: self.count - number * BLOCK].astype(np.float32)
            if len(inside):
                found = cosines(vectors, inside)
                where = found.argmax(axis=1)
                value = found[np.arange(len(found)), where]
                better = value > best
                best[better], at[better] = value[better], where[better] + number * BLOCK
        own = cosines(vectors, vectors)
        placed: list[tuple[int | None, float]] = []
        fresh: list[int] = []  # of these rows, those that stay
        for row in range(len(vectors)):
            value, place = float(best[row]), int(at[row])
            for other, similarity in zip(fresh, own[row, fresh].tolist(), strict=True):
                if similarity > value:
                    value, place = similarity, self.count + fresh.index(other)
            if value >= self.threshold:
                placed.append((place, value))
            else:
                placed.append((None, 0.0))
                fresh.append(row)
        self.add(vectors[fresh])
        return placed

    def add(self, vectors: Vectors) -> None:
        for vector in vectors.astype(np.float16):
            if self.count % BLOCK == 0:
                self.blocks.append(np.zeros((BLOCK, len(vector)), np.float16))
            self.blocks[-1][self.count % BLOCK] = vector
            self.count += 1


def cosines(one: Vectors, other: Vectors) -> Vectors:
    """[one, other], to four decimals: the last bits depend on how many are multiplied at once."""
    return np.asarray((one @ other.T).round(4))


def read(texts: Sequence[str], dimensions: int | None) -> Vectors:
    """Vectors of length 1 written by `models/embeddings.py`; UsageError when not all have the same dimensions."""
    found = [np.frombuffer(base64.b64decode(text), "<f2").astype(np.float32) for text in texts]
    sizes = {len(vector) for vector in found} | ({dimensions} if dimensions else set())
    if len(sizes) > 1:
        raise UsageError(
            f"the embedder gives vectors of {' and '.join(map(str, sorted(sizes)))} dimensions"
            ": its server has changed. Set another `name` for the Embedder, or serve the model as before"
        )
    matrix = np.stack(found)
    return np.asarray(matrix / np.linalg.norm(matrix, axis=1, keepdims=True), np.float32)
