"""lighteval: any of its tasks that generates text, its own ones or one defined here over our items."""

from __future__ import annotations

import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

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
    name="lighteval",
    steps=(("torch==2.13.0",), ("torch==2.13.0", "lighteval==0.13.0")),
    pins=Path(__file__).with_suffix(".txt").read_text(encoding="utf-8"),
)
SCRIPT = str(Path(__file__).with_name("lighteval_run.py"))


@dataclass(frozen=True, kw_only=True)
class LightEval(Harness):
    """The items of one task of lighteval, or of several with commas between: `gsm8k|5` has five examples a question.

    `definition` is the Python text of a module with `TASKS_TABLE`, for a task that is not lighteval's own; `{data}` in
    it is a folder, as a Python string, with the prompts of `data` in `test.jsonl`: the fields id, prompt, references,
    lang and task. Its prompt function gives `specific={"id": line["id"], "lang": line["lang"]}`, so that an item keeps
    its name and language.

    Scores are kept of metrics whose total is the mean over items, as with `LmEval`.
    Not covered: tasks by log-likelihood, several answers to a question, metrics that ask a judge.
    Source: github.com/huggingface/lighteval 0.13.0, `pipeline.py` and `models/abstract_model.py`.
    """

    task: str
    environment: Environment = ENVIRONMENT
    definition: str = ""
    data: Stage | None = None

    @property
    def bench(self) -> str:
        return f"lighteval:{self.task}"

    def check(self) -> Iterator[str]:
        yield from problems(self, self.definition, self.data)

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        return None if self.data is None else rows(self.data)

    def play(self, job: Job, items: Sequence[Chat], ctx: Context) -> Iterator[Result]:
        told = job.folder / "told"
        shutil.rmtree(told, ignore_errors=True)
        told.mkdir()
        defined = [str(self.defined(job.folder, ctx))] if self.definition else []
        variables = {"GIT_PYTHON_REFRESH": "quiet"}  # it looks for its own repository, and git may be absent
        if self.data:
            variables["HF_DATASETS_CACHE"] = str(job.folder / "cache")
        # -P: the folder of the script has a module of the name lighteval, ours
        job.run("-P", SCRIPT, job.relay.url, str(LIMIT), str(told), self.task, *defined, **variables)
        results, left_out = read(told, ours=self.data is not None)
        if left_out:
            job.notes["left_out"] = left_out
        yield from results

    def defined(self, folder: Path, ctx: Context) -> Path:
        """The module with the definition, its data in a folder beside it."""
        place = folder / "task"
        place.mkdir(exist_ok=True)
        if self.data is not None:
            (place / "data").mkdir(exist_ok=True)
            write_data(place / "data" / "test.jsonl", ctx.open(self.data).rows(), "lighteval")
        text = self.definition.replace(DATA, json.dumps(str(place / "data")))
        file = place / "komainu_task.py"
        file.write_text(text, encoding="utf-8")
        return file


class Known(msgspec.Struct):
    """What a definition tells of an item of ours."""

    id: str = ""
    lang: str = ""


class Line(msgspec.Struct):
    """An item as `lighteval_run.py` writes it; a score is None where lighteval has none for one item."""

    task: str
    id: str
    item: Known
    asked: list[Turn]
    reply: str
    scores: dict[str, float | None]


def read(folder: Path, *, ours: bool) -> tuple[list[Result], list[str]]:
    """The results that `lighteval_run.py` wrote, and the metrics left out as no mean over items.

    `ours` says that the items' ids and languages are those of our data. Raises UsageError for files of another form.
    """
    totals = msgspec.json.decode((folder / "totals.json").read_bytes(), type=dict[str, dict[str, float | None]])
    results: dict[str, Result] = {}
    values: dict[tuple[str, str], list[float]] = defaultdict(list)
    out = set()
    for number, value in read_objects(folder / "items.jsonl"):
        try:
            line = msgspec.convert(value, Line)
        except msgspec.ValidationError as error:
            raise UsageError(
                f"{folder / 'items.jsonl'}:{number}: not an item of lighteval: {error}"
                "; give a folder that lighteval_run.py has written"
            ) from None
        name = f"{line.task.rsplit('|', 1)[0]}/{line.item.id if ours else line.id}"
        if name in results or (ours and not line.item.id):
            raise UsageError(
                f"lighteval: item {number} is called {name!r}, as another one or as none; let the task's prompt "
                'function give each document specific={"id": ..., "lang": ...} of its line, and ask one split'
            )
        result = results.setdefault(name, started(name, line, ours=ours))
        for metric, score in line.scores.items():
            if score is None:
                out.add(metric)
            else:
                values[line.task, metric].append(score)
                result.scores[metric] = score
    out |= {metric for (task, metric), some in values.items() if not is_mean(totals.get(task, {}).get(metric), some)}
    return left(results.values(), out)


def started(name: str, line: Line, *, ours: bool) -> Result:
    """A line's item and answer, without scores."""
    task = line.task.rsplit("|", 1)[0]
    meta = {"task": task, "source": f"lighteval:{task}"}
    if ours and line.item.lang:
        meta["lang"] = line.item.lang
    return Result(name, tuple(Message(turn.role, turn.content) for turn in line.asked), line.reply, {}, meta)
