"""gaoya: its index of strings, character n-grams in Rust; matches are compared by signatures."""

from __future__ import annotations

from gaoya.minhash import MinHashStringIndex

from bench.dedup.common import BANDS, NGRAM, ROWS, THRESHOLD, measured


def find(texts: list[str]) -> list[int]:
    index = MinHashStringIndex(
        hash_size=32,
        jaccard_threshold=THRESHOLD,
        num_bands=BANDS,
        band_size=ROWS,
        analyzer="char",
        lowercase=True,
        ngram_range=(NGRAM, NGRAM),
        id_container="vec",
    )
    removed: set[int] = set()
    index.par_bulk_insert_docs(list(range(len(texts))), texts)
    for begin in range(0, len(texts), 1000):
        found = index.par_bulk_query(texts[begin : begin + 1000])
        for place, others in enumerate(found, begin):
            if any(other < place and other not in removed for other in others):
                removed.add(place)
    return sorted(removed)


if __name__ == "__main__":
    measured(find)
