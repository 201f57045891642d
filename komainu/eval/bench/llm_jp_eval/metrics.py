"""The metrics that count, each from 0 to 1, of one answer against the right one. Both texts are normalised before."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import pairwise

Metric = Callable[[str, str], float]
_LATIN_1 = dict.fromkeys(range(0x80, 0x100))
_NUMBER = re.compile(r"[^0-9.]")


def exact_match(answer: str, gold: str) -> float:
    return float(answer == gold)


def char_f1(answer: str, gold: str) -> float:
    """The token-sort ratio over 100, in whole per cents, as fuzzywuzzy 0.18 with python-Levenshtein gives it: the
    indel similarity of the texts, in lower case, without Latin-1 letters and punctuation, their words sorted."""
    from rapidfuzz.distance import Indel

    return round(100 * Indel.normalized_similarity(sorted_words(answer), sorted_words(gold))) / 100


def sorted_words(text: str) -> str:
    return " ".join(sorted(re.sub(r"\W", " ", text.translate(_LATIN_1)).lower().split()))


def set_f1(answer: str, gold: str) -> float:
    """F1 of the answer's different lines; the right lines count as often as they are there."""
    said, right = {line.strip() for line in answer.split("\n")}, [line.strip() for line in gold.split("\n")]
    hits = len(said.intersection(right))
    return 2 * hits / (len(said) + len(right))


def rouge2(answer: str, gold: str) -> float:
    """F1 of the word pairs (ROUGE-2, Lin 2004), words as Janome's IPADIC cuts them."""
    said, right = Counter(pairwise(words(answer))), Counter(pairwise(words(gold)))
    return 2 * (said & right).total() / max(1, said.total() + right.total())


def words(text: str) -> list[str]:
    from komainu.checks.instructions.tokens import tokens

    return [token.surface for token in tokens(text) if token.surface.strip()]


def similarity(answer: str) -> float | None:
    """The number in an answer, from its digits and points; None when they make no number."""
    try:
        return float(_NUMBER.sub("", answer))
    except ValueError:
        return None


METRICS: Mapping[str, Metric] = {
    "exact_match": exact_match,
    "char_f1": char_f1,
    "set_f1": set_f1,
    "rouge2": rouge2,
}
