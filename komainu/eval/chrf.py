"""chrF of one sentence by sacrebleu; apart from the bench, so that a recipe does not load sacrebleu."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sacrebleu.metrics import CHRF


@cache
def metric() -> CHRF:
    return CHRF()


def chrf(answer: str, references: Sequence[str]) -> float:
    """The best sentence chrF over the references, from 0 to 1."""
    best: float = max(metric().sentence_score(answer, [reference]).score for reference in references)
    return min(1.0, best / 100)
