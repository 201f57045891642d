"""lm-evaluation-harness: any of its tasks that generates text, its own ones or one defined here over our items."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from komainu.environment import Environment
from komainu.errors import UsageError
from komainu.eval.external.base import LIMIT, Harness, Job, Result
from komainu.eval.external.definition import DATA, Turn, is_mean, left, problems, write_data
from komainu.files import read_objects
from komainu.rows import Chat, Message
from komainu.stage import Stage

if TYPE_CHECKING:
    from komainu.context import Context

ENVIRONMENT = Environment(
    name="lm_eval",
    steps=(("lm_eval[api]==0.4.13",),),
    pins=Path(__file__).with_suffix(".txt").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, kw_only=True)
class LmEval(Harness):
    """The items of one task (or group of tasks) of lm-evaluation-harness, asked over its `local-chat-completions`.

    `definition` is the YAML of a task that is not the harness' own; `{data}` in it is the JSON-lines file of the
    prompts of `data`, with the fields id, prompt, references, lang and task. `shots` are the examples before each
    question; None leaves the task's own number.

    Scores are kept of metrics whose total is the mean over items: each is held against the total that the harness
    reports, and what differs (BLEU over a corpus, for example) is left out and named in the summary. A task with
    several filters tells `metric,filter`.
    Not covered: tasks by log-likelihood (multiple choice without generation), several samples an item.
    Source: github.com/EleutherAI/lm-evaluation-harness, docs/interface.md and docs/task_guide.md.
    """

    task: str
    environment: Environment = ENVIRONMENT
    definition: str = ""
    data: Stage | None = None
    shots: int | None = None

    @property
    def bench(self) -> str:
        return f"lm_eval:{self.task}"

    def check(self) -> Iterator[str]:
        yield from problems(self, self.definition, self.data)

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        return None if self.data is None else rows(self.data)

    def play(self, job: Job, items: Sequence[Chat], ctx: Context) -> Iterator[Result]:
        told = job.folder / "told"
        shutil.rmtree(told, ignore_errors=True)
        arguments = ["--include_path", str(self.defined(job.folder, ctx))] if self.definition else []
        if self.shots is not None:
            arguments += ["--num_fewshot", str(self.shots)]
        asked = f"base_url={job.relay.url}/chat/completions,model=model,num_concurrent={LIMIT}"
        model = ["--model", "local-chat-completions", "--model_args", f"{asked},max_retries=1,timeout=86400"]
        logs = ["--apply_chat_template", "--log_samples", "--output_path", str(told)]
        variables = {"HF_DATASETS_CACHE": str(job.folder / "cache")} if self.data else {}
        job.run("-m", "lm_eval", "run", *model, "--tasks", self.task, *arguments, *logs, **variables)
        results, left_out = read(told, ours=self.data is not None)
        if left_out:
            job.notes["left_out"] = left_out
        yield from results

    def defined(self, folder: Path, ctx: Context) -> Path:
        """A folder with the definition, its data beside it."""
        place = folder / "task"
        place.mkdir(exist_ok=True)
        file = place / "data.jsonl"
        if self.data is not None:
            write_data(file, ctx.open(self.data).rows(), "lm_eval")
        text = self.definition.replace(DATA, json.dumps(str(file)))
        (place / "task.yaml").write_text(text, encoding="utf-8")
        return place


class Request(msgspec.Struct):
    """What was asked: the chat as JSON text, alone or first of several."""

    arg_0: str | list[str]


class Line(msgspec.Struct):
    """A line of a samples file: an item under one filter. The values of its metrics stand beside these."""

    doc_id: int
    doc: dict[str, Any]
    arguments: dict[str, Request]
    resps: list[list[str]]
    filter: str
    metrics: list[str]


class Report(msgspec.Struct):
    """The results file: task to `metric,filter` to total."""

    results: dict[str, dict[str, Any]]


class Sample(NamedTuple):
    """A line with its task, and its metrics' values as they were read."""

    task: str
    line: Line
    values: dict[str, Any]


def read(folder: Path, *, ours: bool) -> tuple[list[Result], list[str]]:
    """The results in the harness' output, and the metrics left out as no mean over items.

    `ours` says that the items' ids and languages are those of our data. Raises UsageError for output of another form.
    """
    reports, files = [*folder.rglob("results_*.json")], sorted(folder.rglob("samples_*.jsonl"))
    if len(reports) != 1 or not files:
        raise UsageError(f"{folder}: expected one results file of lm_eval and its samples, found {len(reports)}")
    try:
        totals = msgspec.json.decode(reports[0].read_bytes(), type=Report).results
    except msgspec.DecodeError as error:
        raise UsageError(
            f"{reports[0]}: not a report of lm_eval: {error}; give a folder that lm_eval itself has written"
        ) from None
    samples = [sample for file in files for sample in read_samples(file, task_of(file, totals))]
    filters = {task: len({s.line.filter for s in samples if s.task == task}) for task, *_ in samples}
    found: dict[str, Result] = {}
    values: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    left_out = set()
    for task, line, given in samples:
        name = f"{task}/{line.doc.get('id') if ours else line.doc_id}"
        result = found.setdefault(name, started(name, task, line, ours=ours))
        for metric, value in given.items():
            told = metric if filters[task] == 1 else f"{metric},{line.filter}"
            if isinstance(value, (int, float)):
                values[task, told, f"{metric},{line.filter}"].append(float(value))
                result.scores[told] = float(value)
            else:
                left_out.add(told)
    for (task, told, key), some in values.items():
        if not is_mean(totals[task].get(key), some):
            left_out.add(told)
    return left(found.values(), left_out)


def read_samples(file: Path, task: str) -> Iterator[Sample]:
    for number, value in read_objects(file):
        try:
            line = msgspec.convert(value, Line)
            yield Sample(task, line, {metric: value[metric] for metric in line.metrics})
        except (msgspec.ValidationError, KeyError) as error:
            raise UsageError(
                f"{file}:{number}: not a sample of lm_eval: {error}"
                "; give a folder that lm_eval itself has written, with --log_samples"
            ) from None


def task_of(file: Path, totals: dict[str, Any]) -> str:
    """The task of a samples file: `samples_<task>_<time>.jsonl`."""
    named = file.name.removeprefix("samples_")
    fitting = [task for task in totals if named.startswith(f"{task}_")]
    if not fitting:
        raise UsageError(f"{file}: no task of the report has this name; give the folder of one run alone")
    return max(fitting, key=len)


def started(name: str, task: str, line: Line, *, ours: bool) -> Result:
    """A line's item and answer, without scores."""
    try:
        (request,) = line.arguments.values()
        chat = request.arg_0 if isinstance(request.arg_0, str) else request.arg_0[0]
        turns = msgspec.json.decode(chat, type=list[Turn])
        reply = line.resps[0][0]
    except (ValueError, IndexError) as error:
        raise UsageError(f"lm_eval: {name} is not a task that asks one chat: {error}; leave this task out") from None
    meta = {"task": task, "source": f"lm_eval:{task}"}
    if ours and "lang" in line.doc:
        meta["lang"] = line.doc["lang"]
    return Result(name, tuple(Message(turn.role, turn.content) for turn in turns), reply, {}, meta)
