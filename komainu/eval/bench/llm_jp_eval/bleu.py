"""BLEU of one translation by sacrebleu; apart from the bench, so that a recipe does not load sacrebleu."""

from __future__ import annotations

from functools import cache

from sacrebleu.metrics import BLEU

from komainu.eval.bench.llm_jp_eval.metrics import words


@cache
def metric(tokenize: str) -> BLEU:
    return BLEU(effective_order=True, tokenize=tokenize)


def bleu(answer: str, gold: str, lang: str) -> float:
    """BLEU of one sentence with effective order, from 0 to 1; Japanese words as Janome's IPADIC cuts them."""
    if lang == "ja":
        answer, gold = " ".join(words(answer)), " ".join(words(gold))
    score: float = metric("none" if lang == "ja" else "13a").corpus_score([answer], [[gold]]).score
    return min(1.0, score / 100)
