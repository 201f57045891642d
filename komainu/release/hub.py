"""What a card tells machines: the model-index of its metadata, and `.eval_results/*.yaml`.

Formats: the hub's documentation, model cards and evaluation results. Both hold the numbers that the card shows, on
0 to 100 with one decimal; a score that is withheld, or that a board shows beside its averages, is in neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from komainu.release.markdown import yaml
from komainu.release.numbers import one
from komainu.release.results import Line, Results
from komainu.store import Store

FOLDER = ".eval_results"
TASK = "default"  # the task that the hub takes where a benchmark has one


class Published(NamedTuple):
    """A set of items as the hub has it."""

    repo: str
    revision: str
    limit: int  # so many items of each part were asked; 0: all


def published(results: Results, store: Store) -> dict[str, Published]:
    """By answers (`answers/<id>`): the set of the hub that their items are."""
    found: dict[str, Published] = {}
    for ref in dict.fromkeys(str(row["answers"]) for row in results.found["rows"]):
        answers = store.at(ref)
        items = store.at(answers.inputs["items"]) if answers and "items" in answers.inputs else None
        config = items.record["config"] if items else {}
        source = config.get("source")
        if isinstance(source, dict) and source.get("repo"):
            limit = config.get("limit", 0)
            found[ref] = Published(str(source["repo"]), str(source["revision"]), int(limit))
    return found


def told(results: Results, entry: str) -> Iterator[tuple[Line, dict[str, Any]]]:
    """Each line that an average counts, with the entry's numbers."""
    for line in results.lines:
        cell = line.cells.get(entry)
        if line.averaged and cell is not None and cell["mean"] is not None:
            yield line, cell


def value(line: Line, cell: dict[str, Any], number: str = "mean") -> float:
    return float(one(line.scale * cell[number]))


def index(name: str, results: Results, entry: str, sets: dict[str, Published]) -> list[dict[str, Any]]:
    """The model-index: one result a benchmark and language, with its metrics."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for line, cell in told(results, entry):
        where = sets.get(cell["answers"])
        dataset = {"name": f"{line.bench} ({line.language})", "type": where.repo if where else line.bench}
        dataset |= {"revision": where.revision} if where else {}
        result = found.setdefault(
            (line.bench, line.language), {"task": {"type": "text-generation"}, "dataset": dataset, "metrics": []}
        )
        interval = f"{results.level} interval {value(line, cell, 'low')} to {value(line, cell, 'high')}"
        title = f"{line.metric}, {interval}, {cell['n']} verdicts"
        result["metrics"].append({"type": line.metric, "name": title, "value": value(line, cell)})
    return [{"name": name, "results": [*found.values()]}] if found else []


def eval_results(results: Results, entry: str, sets: dict[str, Published]) -> dict[str, str]:
    """The files of `.eval_results/`, name to text: one a benchmark of which all items are a set of the hub.

    The value is that of the benchmark's first metric. No date: the hub takes that of the commit.
    """
    files: dict[str, str] = {}
    for line, cell in told(results, entry):
        where = sets.get(cell["answers"])
        name = f"{FOLDER}/{line.bench.replace(':', '-')}.{line.language}.yaml"
        if where is None or where.limit or name in files:
            continue
        about = {
            "dataset": {"id": where.repo, "task_id": TASK, "revision": where.revision},
            "value": value(line, cell),
            "notes": "; ".join(notes(line, cell, results)),
        }
        files[name] = "\n".join(yaml([about])) + "\n"
    return files


def notes(line: Line, cell: dict[str, Any], results: Results) -> Iterator[str]:
    yield f"{line.metric} in {line.language} on 0 to 100"
    yield f"{results.level} interval {value(line, cell, 'low')} to {value(line, cell, 'high')}"
    yield f"{cell['n']} verdicts, {cell['missing']} missing"
    if cell.get("judges"):
        yield f"judged by {', '.join(cell['judges'])}"
    yield "komainu"
