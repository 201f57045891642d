"""datatrove: the four stages of its MinHash pipeline on local files, characters as words; nothing is verified."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

from datatrove.data import Document
from datatrove.pipeline.dedup import minhash

from bench.dedup.common import BANDS, NGRAM, ROWS, measured


class Characters:
    """Every character is a word: one tokenizer for both languages."""

    def word_tokenize(self, text: str) -> list[str]:
        return list(text.replace(" ", ""))


def find(texts: list[str]) -> list[int]:
    config = minhash.MinhashConfig(n_grams=NGRAM, num_buckets=BANDS, hashes_per_bucket=ROWS)

    def documents() -> Iterator[Document]:
        return (Document(text=text, id=str(i)) for i, text in enumerate(texts))

    with tempfile.TemporaryDirectory() as folder:
        signatures, buckets, removed = (os.path.join(folder, name) for name in ("signatures", "buckets", "removed"))
        minhash.MinhashDedupSignature(signatures, config).run(documents(), 0, 1)
        for bucket in range(BANDS):
            minhash.MinhashDedupBuckets(signatures, buckets, config=config).run(None, bucket, BANDS)
        minhash.MinhashDedupCluster(buckets, removed, config).run(None, 0, 1)
        kept = {int(document.id) for document in minhash.MinhashDedupFilter(removed).run(documents(), 0, 1)}
    return [i for i in range(len(texts)) if i not in kept]


minhash.load_word_tokenizer = lambda language: Characters()


if __name__ == "__main__":
    measured(find)
