"""What a model is asked, and what of its answer counts, in the words and by the rules of llm-jp-eval v1.4.1."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from komainu.checks.text import visible
from komainu.eval.bench.llm_jp_eval.schema import Sample

INTRO = "以下は、タスクを説明する指示と、文脈のある入力の組み合わせです。要求を適切に満たす応答を書きなさい。"


def prompt(instruction: str, shots: Iterable[Sample], asked: str) -> str:
    """The default template: the task, the worked examples, the input. It is one user turn of a chat model."""
    worked = "".join(f"\n\n### 入力:\n{shot.input}\n\n### 応答:\n{shot.output}" for shot in shots)
    return f"{INTRO}\n\n### 指示:\n{instruction}{worked}\n\n### 入力:\n{asked}\n\n### 応答:\n"


def counted(answer: str) -> str:
    """What counts of an answer: what is visible of it, up to the first blank line, normalised."""
    return normalised(visible(answer).strip().split("\n\n")[0])


def normalised(text: str) -> str:
    """NFKC, without white space around it; for answers and right answers alike."""
    return unicodedata.normalize("NFKC", text).strip()
