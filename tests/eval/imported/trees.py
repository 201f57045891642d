"""Trees of judgements as they are published, small ones."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ELYZA, MT = "elyza__ELYZA-tasks-100", "shisa-ai__ja-mt-bench-1shot"
RAKUDA, TENGU = "yuzuai__rakuda-questions", "lightblue__tengu_bench"
PANEL = ("llmjudge-athenev2", "llmjudge-llama33", "llmjudge-tulu405")
Row = dict[str, Any]


def row(number: int, score: Any, answer: str = "", **more: Any) -> Row:
    return {"Question": f"質問{number}", "ModelAnswer": answer or f"答え{number}", "score": score, **more}


def write(root: Path, judge: str, folder: str, model: str, rows: Iterable[Row | str]) -> Path:
    """One file; a row that is a text stands there as it is."""
    path = root / "judgements" / f"judge_{judge}" / folder / f"{model.replace('/', '__')}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in rows))
    return path


def small(root: Path, models: Iterable[str] = ("a/one", "a/two"), n: int = 6) -> Path:
    """Two models, all four sets, three judges: every mark is 4 but where a judge gives one more."""
    for model in models:
        for folder in (ELYZA, MT, RAKUDA, TENGU):
            for more, judge in enumerate(PANEL):
                write(root, judge, folder, model, (row(i, 3 + more, rubric="r") for i in range(n)))
    return root
