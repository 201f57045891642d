"""COMET of a translation by unbabel-comet, which is no dependency: used when it is installed and has a checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from komainu.eval.items import Source

PACKAGE = "comet"


def missing(checkpoint: Source | None) -> str:
    """Why COMET cannot be computed; "" when it can."""
    if checkpoint is None:
        return "no checkpoint of wmt22-comet-da is given (LlmJpEval.comet)"
    return "" if find_spec(PACKAGE) else "the package is not installed: pip install unbabel-comet"


@cache
def scorer(path: str) -> Callable[[str, str, str], float]:
    """The metric with the weights of a checkpoint file: of source, translation and right translation, 0 to 1."""
    model: Any = import_module(PACKAGE).load_from_checkpoint(path)

    def score(source: str, answer: str, gold: str) -> float:
        rows = [{"src": source, "mt": answer, "ref": gold}]
        (value,) = model.predict(rows, batch_size=1, gpus=0, progress_bar=False).scores
        return min(1.0, max(0.0, float(value)))

    return score
