"""rensa: its deduplicator on sets of n-grams; matches are compared by signatures."""

from __future__ import annotations

from rensa import RMinHashDeduplicator

from bench.dedup.common import BANDS, PERMUTATIONS, THRESHOLD, measured, shingles


def find(texts: list[str]) -> list[int]:
    index = RMinHashDeduplicator(threshold=THRESHOLD, num_perm=PERMUTATIONS, use_lsh=True, num_bands=BANDS)
    removed = []
    for begin in range(0, len(texts), 1000):
        some = texts[begin : begin + 1000]
        kept = index.add_pairs((str(begin + i), shingles(text.lower())) for i, text in enumerate(some))
        removed += [begin + i for i, stays in enumerate(kept) if not stays]
    return removed


if __name__ == "__main__":
    measured(find)
