"""A new version of tl-bench's anchors, from models that komainu.toml serves.

komainu run recipes/anchors.py:anchors models=small,middle,large judge=judge
"""

from __future__ import annotations

from komainu.eval.base import Answers
from komainu.eval.bench.tl_bench.items import TlBenchItems
from komainu.eval.bench.tl_bench.judged import JudgedAnchors
from komainu.models.base import Model


def anchors(models: tuple[str, ...], judge: str, limit: int = 0, max_tokens: int = 2048) -> JudgedAnchors:
    """The translations of some models, every two compared on every text by `judge`. The two files of the result,
    `rows.jsonl` and `duels.jsonl`, in a folder `tl_bench_anchors` of the items are the anchors of `komainu eval run`.

    n models and 84 texts are n(n - 1) 84 questions to the judge. `limit` takes so many texts of each kind, for a try.
    """
    items = TlBenchItems(limit=limit)
    answers = tuple(Answers(model=Model(name=name, max_tokens=max_tokens), items=items) for name in models)
    return JudgedAnchors(answers=answers, judge=Model(name=judge, max_tokens=max_tokens))
