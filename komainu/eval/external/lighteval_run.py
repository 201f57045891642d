"""Run inside lighteval's own environment: its tasks asked of a relay, and what it made of each answer as lines of JSON.

`lighteval_run.py URL LIMIT FOLDER TASKS [DEFINITION]`. lighteval's own client for servers keeps answers in a cache of
its own and asks an empty answer again, up to eight times; here each question is asked once. When its tasks are loaded,
all of them, it fetches a pickle of tinyBenchmarks from a code host and looks for the judges of other tasks on the hub,
by an argument that the hub's client has no more: both are told that there is nothing.
"""

from __future__ import annotations

import json
import math
import numbers
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.request import ProxyHandler, Request, build_opener

import requests


def nothing_while_loading() -> None:
    """No pickle is fetched and read, and no judge is looked for."""
    from huggingface_hub import HfApi

    fetch = requests.get

    def get(url: str, *given: Any, **more: Any) -> Any:
        return SimpleNamespace(status_code=404) if url.endswith("/tinyBenchmarks.pkl") else fetch(url, *given, **more)

    requests.get = get  # type: ignore[assignment]
    HfApi.list_models = lambda *given, **more: iter(())


def ask(url: str, prompts: Any, doc: Any) -> Any:
    """The relay's answer to one document, and what was asked."""
    from lighteval.models.model_output import ModelResponse

    if doc.num_samples > 1:
        raise SystemExit(f"{doc.task_name} wants {doc.num_samples} answers to a question, and here it gets one")
    messages = prompts.prepare_prompt_api(doc)
    body = {"model": "model", "messages": messages, "stop": list(doc.stop_sequences or ())}
    if doc.generation_size:
        body["max_tokens"] = doc.generation_size
    sent = Request(f"{url}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"})
    with build_opener(ProxyHandler({})).open(sent) as response:
        said = json.load(response)
    return ModelResponse(input=messages, text=[said["choices"][0]["message"]["content"]])


def model_at(url: str, limit: int) -> Any:
    """The model behind the relay, as lighteval wants one."""
    from lighteval.models.abstract_model import LightevalModel, ModelConfig
    from lighteval.tasks.prompt_manager import PromptManager

    class Relayed(LightevalModel):  # type: ignore[misc]
        tokenizer = None
        add_special_tokens = False
        max_length = sys.maxsize
        config = ModelConfig(model_name="model")
        _cache = SimpleNamespace(_init_registry=lambda registry: None)  # the answers are in ours

        def greedy_until(self, docs: Sequence[Any]) -> list[Any]:
            prompts = PromptManager(use_chat_template=True, tokenizer=None)
            with ThreadPoolExecutor(limit) as pool:
                return [*pool.map(partial(ask, url, prompts), docs)]

        def loglikelihood(self, docs: Sequence[Any]) -> list[Any]:
            raise SystemExit(f"{docs[0].task_name} goes by log-likelihood, which a chat does not tell")

        loglikelihood_rolling = loglikelihood

    return Relayed()


def number(value: Any) -> float | None:
    """A score as JSON has it; None for what is none, such as the parts of a metric of the whole set."""
    return float(value) if isinstance(value, numbers.Real) and math.isfinite(value) else None


def numbered(found: dict[str, Any]) -> dict[str, float | None]:
    return {name: number(value) for name, value in found.items()}


def main(url: str, limit: str, folder: str, tasks: str, definition: str | None = None) -> None:
    """Write `items.jsonl` and, when all is there, `totals.json` into the folder."""
    nothing_while_loading()
    from lighteval.logging.evaluation_tracker import EvaluationTracker
    from lighteval.pipeline import ParallelismManager, Pipeline, PipelineParameters

    tracker = EvaluationTracker(output_dir=folder, save_details=False)
    parameters = PipelineParameters(
        launcher_type=ParallelismManager.CUSTOM,
        custom_tasks_directory=definition,
        remove_reasoning_tags=False,  # the relay's answers have no thinking
        bootstrap_iters=0,
    )
    Pipeline(tasks, parameters, tracker, model=model_at(url, int(limit))).evaluate()
    with open(Path(folder) / "items.jsonl", "w", encoding="utf-8") as file:
        for task, details in tracker.details_logger.details.items():
            for detail in details:
                known = detail.doc.specific or {}
                line = {
                    "task": task,
                    "id": detail.doc.id,
                    "item": {name: known[name] for name in ("id", "lang") if isinstance(known.get(name), str)},
                    "asked": detail.model_response.input,
                    "reply": detail.model_response.text[0],
                    "scores": numbered(detail.metric),
                }
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
    totals = {task: numbered(found) for task, found in tracker.metrics_logger.metric_aggregated.items()}
    (Path(folder) / "totals.json").write_text(json.dumps(totals), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
