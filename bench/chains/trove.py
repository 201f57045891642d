"""datatrove: the same work as its examples do it, tasks of a local executor; prints the ids of the documents that stay.

python -m bench.chains.trove FOLDER PROCESSES

Read, told in languages, GopherRepetition as FineWeb and FineWeb-2 set it, n-grams of the benchmark, written; then the
four stages of MinHash with characters as words, the last one written. It has no check for words of another language.
Its index of n-grams is made from the items by its own filter's tokenizer and hash: the indexer itself wants lighteval.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.base import PipelineStep
from datatrove.pipeline.decont.n_grams import NGramsDecontConfig, NGramsDecontFilter
from datatrove.pipeline.dedup import minhash
from datatrove.pipeline.filters import LanguageFilter
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers.jsonl import JsonlWriter
from datatrove.utils.text import ngrams, simplify_text
from datatrove.utils.typeshelper import Languages

import bench.dedup.trove  # noqa: F401 - characters as words for MinHash
from bench.dedup.common import NGRAM
from bench.filtering.trove import JA, repetition

LANGUAGES = {"ja": JA, "en": Languages.english}


class ByLanguage(BaseFilter):  # type: ignore[misc]  # datatrove is not in this environment
    """The filter of each document's language, which LanguageFilter has written to its metadata."""

    def __init__(self, filters: dict[str, BaseFilter]) -> None:
        super().__init__()
        self.filters = filters

    def filter(self, doc: Document) -> bool | tuple[bool, str]:
        found: bool | tuple[bool, str] = self.filters[doc.metadata["language"]].filter(doc)
        return found


def text_of(reader: Any, data: dict[str, Any], path: str, place: int | str) -> dict[str, Any]:
    return {"text": "\n\n".join(message["content"] for message in data["messages"]), "id": data["id"], "metadata": {}}


def index(items: list[str], folder: Path, language: str) -> NGramsDecontFilter:
    """The filter for one language, and the n-grams of the items that it looks for."""
    made = NGramsDecontFilter(str(folder), NGramsDecontConfig(find_query_ngrams=True), language=language)
    hashes = set()
    for item in items:
        tokens = made.tokenizer.word_tokenize(simplify_text(item, made.config.norm_config))
        hashes |= {made.hash_func(" ".join(gram)) for gram in ngrams(tokens, made.config.n_grams)}
    folder.mkdir()
    found = np.array([*hashes], dtype=made.config.hash_config.np_descr)
    found.tofile(folder / "items.index.hashes")
    return made


def main(folder: Path, processes: int) -> None:
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:

        def at(name: str) -> str:
            return str(Path(place) / name)

        items = [json.loads(line)["text"] for line in (folder / "items.jsonl").read_text().splitlines()]
        apart = {lang: index(items, Path(at(f"index-{lang}")), name) for lang, name in LANGUAGES.items()}
        config = minhash.MinhashConfig(n_grams=NGRAM)  # its own 14 bands of 8: it verifies nothing

        def run(*steps: PipelineStep, tasks: int = processes) -> None:
            logs = tempfile.mkdtemp(dir=place)
            LocalPipelineExecutor([*steps], tasks, processes, logging_dir=logs, start_method="fork").run()

        run(
            JsonlReader(str(folder / "rows"), adapter=text_of),
            LanguageFilter(languages=[*LANGUAGES]),
            ByLanguage(repetition()),
            ByLanguage(apart),
            JsonlWriter(at("filtered"), compression=None),
        )
        filtered = JsonlReader(at("filtered"))
        run(filtered, minhash.MinhashDedupSignature(at("signatures"), config))
        run(minhash.MinhashDedupBuckets(at("signatures"), at("buckets"), config=config), tasks=config.num_buckets)
        run(minhash.MinhashDedupCluster(at("buckets"), at("removed"), config), tasks=1)
        run(filtered, minhash.MinhashDedupFilter(at("removed")), JsonlWriter(at("out"), compression=None))
        wall = time.perf_counter() - began
        kept = [
            json.loads(line)["id"]
            for path in Path(at("out")).glob("**/*.jsonl")
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
    print("\n" + json.dumps({"wall": wall, "kept": kept}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
