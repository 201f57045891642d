"""datasketch: MinHash objects in an LSH index; matches are compared by signatures."""

from __future__ import annotations

from datasketch import MinHash, MinHashLSH

from bench.dedup.common import BANDS, PERMUTATIONS, ROWS, THRESHOLD, measured, shingles


def find(texts: list[str]) -> list[int]:
    index = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, params=(BANDS, ROWS))
    kept: dict[int, MinHash] = {}
    removed = []
    for place, text in enumerate(texts):
        made = MinHash(num_perm=PERMUTATIONS)
        made.update_batch([gram.encode() for gram in set(shingles(text.lower()))])
        if any(kept[other].jaccard(made) >= THRESHOLD for other in index.query(made)):
            removed.append(place)
        else:
            index.insert(place, made)
            kept[place] = made
    return removed


if __name__ == "__main__":
    measured(find)
