"""The demo's models, asked and scored by lm-evaluation-harness, beside our own bench on the same items.

komainu run recipes/external.py:harness size=s seed=0
"""

from __future__ import annotations

from typing import Literal

from komainu.data.textbook.prompts import Prompts
from komainu.data.textbook.tasks import TASKS
from komainu.eval.base import Answers, Scores
from komainu.eval.board import Board, Entry
from komainu.eval.external.base import External, Told
from komainu.eval.external.lm_eval import LmEval
from komainu.models.base import Model
from komainu.stage import Stage
from recipes.demo import EXACT, family, unseen

TASK = """
task: textbook
dataset_path: json
dataset_kwargs:
  data_files:
    test: {data}
test_split: test
output_type: generate_until
doc_to_text: "{{prompt}}"
doc_to_target: references
generation_kwargs:
  until: []
  max_gen_toks: 96
metric_list:
  - metric: exact_match
    aggregation: mean
    higher_is_better: true
metadata:
  version: 1.0
"""
SINGLE = tuple(task.name for task in TASKS if task.name != "followup")  # what asks in one turn
TOLD = tuple(Told(name="lm_eval:textbook", metrics=("exact_match",), language=x) for x in ("ja", "en"))


def harness(
    size: Literal["xs", "s", "m"] = "s", seed: int = 0, effort: Literal["full", "smoke"] = "full", n: int = 200
) -> Board:
    """Two benches that should agree: theirs through the relay, ours through the engine."""
    items = unseen(Prompts(side="test", n=n, seed=seed + 3, tasks=SINGLE))
    theirs = LmEval(task="textbook", language="ja", definition=TASK, data=items)

    def entry(name: str, weights: Stage) -> Entry:
        model = Model(name=name, weights=weights, max_tokens=96)
        told = External(model=model, items=theirs)
        ours = Answers(model=model, items=items)
        both = (*(Scores(answers=told, bench=b) for b in TOLD), *(Scores(answers=ours, bench=b) for b in EXACT))
        return Entry(name=name, scores=both)

    _, sft, dpo = family(size, seed, effort).training
    return Board(entries=(entry("sft", sft), entry("dpo", dpo)))
