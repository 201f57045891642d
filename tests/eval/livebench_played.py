"""LiveBench's scorer in miniature, in an environment that takes no installing, and questions for it."""

from __future__ import annotations

import json
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from komainu.environment import Environment
from komainu.eval.items import Source
from komainu.sandbox.bubblewrap import bubblewrap

CONFINED = pytest.mark.skipif(not bubblewrap(), reason="LiveBench's scorer runs in bubblewrap alone (bwrap)")
JUDGE = """
import argparse, json, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--bench-name", nargs="+")
parser.add_argument("--model", nargs="+")
parser.add_argument("--question-source")
parser.add_argument("--livebench-release-option")
given = parser.parse_args()
assert given.question_source == "jsonl" and given.livebench_release_option == "2024-11-25"
for name in given.bench_name:
    place = pathlib.Path("data") / name
    read = lambda path: map(json.loads, path.read_text().splitlines())
    said = read(place / "model_answer" / f"{given.model[0]}.jsonl")
    answers = {a["question_id"]: a["choices"][0]["turns"][-1] for a in said}
    for q in read(place / "question.jsonl"):
        assert q["livebench_removal_date"] == "" or q["livebench_removal_date"] > "2024-11-25"
        answer = answers[q["question_id"]]
        try:
            box = answer[answer.index("{") : answer.index("}")] if "{" in answer else answer
        except ValueError as error:
            raise RuntimeError(f"Error occurred evaluating question {q['question_id']}") from error
        score = -1 if q["ground_truth"] == "broken" else float(q["ground_truth"] in box)
        line = {"question_id": q["question_id"], "task": q["task"], "model": given.model[0], "score": score}
        print("question:", q["question_id"], "score:", score)
        with open(place / "model_judgment" / "ground_truth_judgment.jsonl", "a") as out:
            print(json.dumps({**line, "turn": 1, "tstamp": 0.0, "category": q["category"]}), file=out)
"""


@dataclass(frozen=True, kw_only=True)
class Played(Environment):
    """A virtual environment in a folder."""

    folder: str
    name: str = "livebench"
    steps: tuple[tuple[str, ...], ...] = ()

    def python(self, root: Path) -> Path:
        return Path(self.folder) / "bin" / "python"


def played(folder: Path, first: str = "", **modules: str) -> Played:
    """An environment whose scorer does `first` and then judges; `modules` are others in it."""
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "livebench").mkdir()
    (packages / "livebench" / "__init__.py").touch()
    (packages / "livebench" / "gen_ground_truth_judgment.py").write_text(first + JUDGE)
    for name, text in modules.items():
        (packages / f"{name}.py").write_text(text)
    return Played(folder=str(folder))


def question(i: int, category: str, task: str, **more: Any) -> dict[str, Any]:
    dates = {"livebench_release_date": "2024-06-24", "livebench_removal_date": ""}
    found = {"question_id": f"{category}-{i}", "category": category, "task": task, "turns": [f"say {i}"]}
    return {**found, "ground_truth": str(i), **dates, **more}


def source(folder: Path, category: str, questions: list[dict[str, Any]]) -> Source:
    path = folder / f"{category}.jsonl"
    path.write_text("".join(f"{json.dumps(q)}\n" for q in questions))
    return Source(path=str(path))
