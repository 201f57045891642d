"""A small `evaluation` folder as the preprocessing of llm-jp-eval v1.4.1 leaves it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from komainu.eval.bench.llm_jp_eval.datasets import DATASETS
from komainu.eval.bench.llm_jp_eval.items import LlmJpEvalItems
from komainu.eval.items import Source
from komainu.rows import Chat

GOLD = {"code_exec": "assert f(1) == 2", "pearson": "2.5"}


def prepared(name: str, n: int = 3, **changed: Any) -> dict[str, Any]:
    """The content of a file: samples `in 0` ..., each with the output `out 0` ... where the metric allows it."""
    metric = DATASETS[name].metric if name in DATASETS else "exact_match"
    samples = [{"input": f"in {i}", "output": GOLD.get(metric, f"out {i}")} for i in range(n)]
    whole = {"instruction": f"do {name}", "output_length": 9, "metrics": [metric], "few_shots": [], "samples": samples}
    return whole | changed


def write(root: Path, split: str, name: str, n: int = 3, **changed: Any) -> Path:
    path = root / split / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(prepared(name, n, **changed), ensure_ascii=False), encoding="utf-8")
    return path


def folder(root: Path, *names: str, n: int = 3, shots: int = 5) -> Path:
    """The folder with the named datasets, all of them when none is named."""
    for name in names or DATASETS:
        write(root, "test", name, n)
        write(root, "train", name, shots)
    return root


def items(root: Path, **fields: Any) -> LlmJpEvalItems:
    return LlmJpEvalItems(source=Source(path=str(root)), **fields)


def right(chat: Chat) -> Chat:
    """The item with the answer its dataset has."""
    return chat.with_reply(chat.meta["gold"])
