"""data-juicer: its MinHash operator on a Hugging Face dataset in memory, characters; nothing is verified."""

from __future__ import annotations

import datasets
from data_juicer.ops.deduplicator.document_minhash_deduplicator import DocumentMinhashDeduplicator

from bench.dedup.common import BANDS, NGRAM, PERMUTATIONS, ROWS, THRESHOLD, measured


def find(texts: list[str]) -> list[int]:
    operator = DocumentMinhashDeduplicator(
        tokenization="character",
        window_size=NGRAM,
        num_permutations=PERMUTATIONS,
        jaccard_threshold=THRESHOLD,
        num_bands=BANDS,
        num_rows_per_band=ROWS,
    )
    made = datasets.Dataset.from_dict({"text": texts, "place": [*range(len(texts))]})
    kept, _ = operator.process(made.map(operator.compute_hash))
    return sorted({*range(len(texts))} - {*kept["place"]})


datasets.disable_caching()
datasets.disable_progress_bars()


if __name__ == "__main__":
    measured(find)
