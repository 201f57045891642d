"""Runs and items of a board in the schema of Every Eval Ever (github.com/evaleval/every_eval_ever, version 0.2.1).

One JSON file a model and benchmark with the numbers of its metrics, and beside it one of JSON lines with every answer
and verdict. Not covered: a score that is withheld, and verdicts of pairs of answers (their numbers are there, their
items are not).
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import komainu
from komainu.checks.text import visible
from komainu.errors import UsageError
from komainu.files import whole, write_json
from komainu.rows import Chat, Message, Score
from komainu.store import Artifact, Store

VERSION, ITEM_VERSION = "0.2.1", "instance_level_eval_0.2.1"
SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://github.com/evaleval/every_eval_ever")
ARGUMENTS = ("temperature", "top_p", "max_tokens")


class Run(NamedTuple):
    """One model on one benchmark: the lines of its metrics on the board, and the artifacts they come from."""

    entry: str
    bench: str
    language: str
    lines: list[dict[str, Any]]
    way: dict[str, str]  # how it was measured
    level: float
    scores: Artifact
    answers: Artifact
    items: Artifact | None

    @property
    def name(self) -> str:
        return f"{self.bench} ({self.language})"

    @property
    def time(self) -> str:
        """When the scores were made, in seconds of Unix time."""
        return str(self.scores.record["started"])

    def id(self, model: str) -> str:
        return f"{folder(self.bench)}.{self.language}/{model}/{self.time}"


def export(board: Artifact, store: Store, out: Path, developer: str) -> list[Path]:
    """Write the files of a board under `out`/data, and tell their paths; `developer` is whose the models are."""
    written = []
    for run in runs(board, store):
        model = model_id(run, developer)
        at = out / "data" / f"{folder(run.bench)}.{run.language}" / Path(*map(folder, model.split("/")))
        at.mkdir(parents=True, exist_ok=True)
        name = str(uuid.uuid5(SPACE, run.scores.ref))
        rows = 0
        digest = hashlib.sha256()
        with whole(at / f"{name}.jsonl") as handle:
            for item in instances(run, model):
                line = json.dumps(item, ensure_ascii=False, sort_keys=True).encode() + b"\n"
                digest.update(line)
                handle.write(line)
                rows += 1
        detailed: dict[str, Any] = {"format": "jsonl", "file_path": f"{name}.jsonl", "hash_algorithm": "sha256"}
        detailed |= {"checksum": digest.hexdigest(), "total_rows": rows}
        write_json(at / f"{name}.json", {**aggregate(run, model, developer), "detailed_evaluation_results": detailed})
        written += [at / f"{name}.json", at / f"{name}.jsonl"]
    return written


def runs(board: Artifact, store: Store) -> Iterator[Run]:
    """What a board holds, by model and benchmark; withheld numbers are left out."""
    file = board.path / "board.json"
    if not file.exists():
        raise UsageError(f"{board.ref} has no board.json; name a board, the result of `komainu eval run`")
    found = json.loads(file.read_bytes())
    key = ("entry", "bench", "language")
    for (entry, bench, language), some in groupby(found["rows"], lambda row: tuple(row[k] for k in key)):
        lines = [line for line in some if line["mean"] is not None]
        if not lines:
            continue
        scores, answers = (needed(store, lines[0][k]) for k in ("scores", "answers"))
        items = store.at(answers.inputs.get("items", ""))
        way = found.get("measured", {}).get(f"{bench} ({language})", {})
        yield Run(entry, bench, language, lines, way, found["level"], scores, answers, items)


def needed(store: Store, ref: str) -> Artifact:
    found = store.at(ref)
    if found is None:
        raise UsageError(
            f"{ref} is not in the store, and the board's items cannot be told without it; run its recipe again"
        )
    return found


def folder(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip(".-") or "unnamed"


def model_id(run: Run, developer: str) -> str:
    return run.entry if re.fullmatch(r"[\w.-]+/[\w.-]+", run.entry) else f"{developer}/{folder(run.entry)}"


def aggregate(run: Run, model: str, developer: str) -> dict[str, Any]:
    """The numbers of one model on one benchmark."""
    return {
        "schema_version": VERSION,
        "evaluation_id": run.id(model),
        "evaluation_timestamp": run.time,
        "retrieved_timestamp": run.time,
        "source_metadata": {
            "source_name": "komainu",
            "source_type": "evaluation_run",
            "source_organization_name": developer,
            "evaluator_relationship": "first_party",
        },
        "eval_library": {"name": "komainu", "version": komainu.__version__},
        "model_info": {"name": run.entry, "id": model, "developer": model.split("/")[0]},
        "evaluation_results": [result(run, line) for line in run.lines],
    }


def result(run: Run, line: dict[str, Any]) -> dict[str, Any]:
    """One metric."""
    sampling = {k: v for k, v in line["sampling"].items() if isinstance(v, (int, float))}
    config = {
        "evaluation_description": f"{line['metric']} of {run.name}",
        "lower_is_better": not line["higher_is_better"],
        "score_type": "continuous",
        "min_score": line["bottom"],
        "max_score": line["top"],
    }
    if line.get("judges"):
        config["llm_scoring"] = judged(run, line["judges"])
    interval = {"lower": line["low"], "upper": line["high"], "confidence_level": run.level}
    return {
        "evaluation_name": f"{run.name}: {line['metric']}",
        "source_data": source(run),
        "metric_config": config,
        "score_details": {
            "score": line["mean"],
            "details": {"missing": str(line["missing"]), "scores": run.scores.ref, "answers": run.answers.ref},
            "uncertainty": {"confidence_interval": interval, "num_samples": line["n"]},
        },
        "generation_config": {
            "generation_args": {k: sampling[k] for k in ARGUMENTS if k in sampling},
            "additional_details": {k: str(v) for k, v in line["sampling"].items() if k not in ARGUMENTS},
        },
    }


def judged(run: Run, judges: dict[str, Any]) -> dict[str, Any]:
    return {
        "judges": [{"model_info": {"name": name, "id": name}} for name in judges],
        "input_prompt": f"komainu's template for {run.bench}, hash {run.way.get('prompt', 'not recorded')}",
        "aggregation_method": "average",
        "additional_details": {word: text for word in ("judged with", "read by") if (text := run.way.get(word))},
    }


def source(run: Run) -> dict[str, Any]:
    """Where the items are from: a set of the hub at its commit, or what their stage is called."""
    config = run.items.record["config"] if run.items else {}
    given = config.get("source")
    name = run.items.ref if run.items else run.bench
    if isinstance(given, dict) and given.get("repo"):
        commit = {"revision": str(given["revision"]), "items": name}
        return {
            "dataset_name": run.bench,
            "source_type": "hf_dataset",
            "hf_repo": given["repo"],
            "samples_number": run.lines[0]["items"],
            "additional_details": commit,
        }
    return {"dataset_name": run.bench, "source_type": "other", "additional_details": {"items": name}}


def instances(run: Run, model: str) -> Iterator[dict[str, Any]]:
    """Every verdict with its item and answer, in the order of the answers; a missing one is no line."""
    lines = {line["metric"]: line for line in run.lines}
    chats: dict[str, list[Chat]] = {}  # of an item one a sample
    for row in run.answers.rows():
        if isinstance(row, Chat):
            chats.setdefault(row.id, []).append(row)
    scores = [row for row in run.scores.rows() if isinstance(row, Score)]
    of = Counter((score.id, score.metric, score.by) for score in scores)
    seen: Counter[tuple[str, str, str]] = Counter()
    for score in scores:
        key = (score.id, score.metric, score.by)
        place, line = seen[key], lines.get(score.metric)
        seen[key] += 1
        if score.id in chats and line is not None and score.value is not None:
            samples = chats[score.id]
            yield instance(run, model, line, samples[place * len(samples) // of[key]], score)


def instance(run: Run, model: str, line: dict[str, Any], chat: Chat, score: Score) -> dict[str, Any]:
    best = line["top"] if line["higher_is_better"] else line["bottom"]
    references = [str(text) for text in chat.meta.get("references") or ()]
    asked = [m for m in chat.prompt if m.role == "user"]
    raw = asked[-1].content if asked else ""
    several = len(chat.prompt) > 1
    turn = len(chat.messages) - 1 if several else 0
    thinking = chat.meta.get("thinking")
    return {
        "schema_version": ITEM_VERSION,
        "evaluation_id": run.id(model),
        "model_id": model,
        "evaluation_name": f"{run.name}: {score.metric}",
        "sample_id": score.id,
        "sample_hash": hashlib.sha256("\0".join([raw, *references]).encode("utf-8", "surrogatepass")).hexdigest(),
        "interaction_type": "multi_turn" if several else "single_turn",
        "input": {"raw": raw, "reference": references},
        "output": None if several else {"raw": [chat.reply], **({"reasoning_trace": [thinking]} if thinking else {})},
        "messages": [turned(i, m) for i, m in enumerate(chat.messages)] if several else None,
        "answer_attribution": [
            {
                "turn_idx": turn,
                "source": f"messages[{turn}].content" if several else "output.raw",
                "extracted_value": visible(chat.reply),
                "extraction_method": "custom" if score.by == "rule" else "llm_judge",
                "is_terminal": True,
            }
        ],
        "evaluation": {"score": score.value, "is_correct": score.value == best, "num_turns": max(1, len(asked))},
        "metadata": {"by": score.by, **({"why": score.why} if score.why else {})},
    }


def turned(index: int, message: Message) -> dict[str, Any]:
    return {"turn_idx": index, "role": message.role, "content": message.content}
