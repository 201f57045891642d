"""LiveBench: its questions of one release, asked by us, scored by its own program."""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.environment import Environment
from komainu.errors import NoSandbox, UsageError, nearest
from komainu.eval.base import Lang
from komainu.eval.external.base import Harness, Job, Result, Told
from komainu.eval.external.livebench_means import CATEGORIES, averages, totals
from komainu.eval.items import Items, Source
from komainu.files import read_objects, write_objects
from komainu.program import LOG
from komainu.rows import Chat, Message, Score

if TYPE_CHECKING:
    from komainu.context import Context

log = logging.getLogger("komainu")
RELEASES = ("2024-06-24", "2024-07-26", "2024-08-31", "2024-11-25")  # up to the one this is for
FILE = "data/test-00000-of-00001.parquet"  # of a category's set on the hub
COMMIT = "0289a4569a8a384b83201e9bfcb2b590c7b50ce6"
ENVIRONMENT = Environment(
    name="livebench",
    steps=(("torch==2.13.0",), (f"livebench @ git+https://github.com/LiveBench/LiveBench@{COMMIT}",)),
    pins=Path(__file__).with_suffix(".txt").read_text(encoding="utf-8"),
)
MODEL = "model"
VERDICTS = "model_judgment/ground_truth_judgment.jsonl"  # of a task
SENTENCES = ("punkt", "punkt_tab")  # data of NLTK, which the scorer would fetch itself
FETCH = "import nltk, sys; sys.exit(not all(nltk.download(name, sys.argv[1]) for name in sys.argv[2:]))"
BROKE = re.compile(r"Error occurred evaluating question (\S+)")  # upstream's words, the last ones of its log
BECAUSE = "\n\nThe above exception was the direct cause"  # Python's words after the error behind that one


@dataclass(frozen=True, kw_only=True)
class LiveBench(Harness, Items):
    """The questions of one LiveBench release, a category for each source; `limit` takes so many of each task.

    `sources` maps a category to its set: the hub's `livebench/<category>` at a commit, or a local file of the same
    schema (Parquet or JSON lines; in a folder, the hub's file name). A question belongs to a release when it came out
    with it or an earlier one and was not removed by it, as upstream selects them.
    The model is asked here, one turn, and upstream's `gen_ground_truth_judgment` scores the answers. A score of -1 is
    no verdict. Nor has an answer one on which upstream's scorer breaks (`\\boxed{` without its end, for example): there
    upstream stops for good; here it goes on without that question, and the summary says under `broken` what it said.
    As the scorer runs the model's programs, it is cut off from this machine and from any network.

    The summary has the mean of each task, the mean over the tasks of each category, and `average`, the mean over the
    six categories; where a category is missing it is named, and `average` is None. Scores are 0 to 1, LiveBench shows
    them times 100.
    Not covered: questions of several turns, releases after 2024-11-25.
    Source: White et al. 2024, arXiv:2406.19314; github.com/LiveBench/LiveBench at `COMMIT`.
    """

    confined: ClassVar[bool] = True
    sources: dict[str, Source]
    release: str = "2024-11-25"
    environment: Environment = ENVIRONMENT
    language: Lang = "en"

    @property
    def bench(self) -> str:
        return f"livebench:{self.release}"

    @property
    def here(self) -> bool:
        return not any(source.repo for source in self.sources.values())

    def check(self) -> Iterator[str]:
        yield from super().check()
        if not self.sources:
            yield f"LiveBench.sources is empty; give a source for each of {', '.join(CATEGORIES)}"
        if self.release not in RELEASES:
            yield f"LiveBench.release is {self.release!r}{nearest(self.release, RELEASES)}"
        for category in sorted(self.sources.keys() - set(CATEGORIES)):
            yield f"LiveBench.sources[{category!r}]: no such category{nearest(category, CATEGORIES)}"
        for category, source in self.sources.items():
            yield from (f"LiveBench.sources[{category!r}]: {problem}" for problem in source.problems())

    def entries(self) -> Iterator[dict[str, Any]]:
        """The release's questions, as upstream's own loader would hand them to its scorer."""
        for category, source in sorted(self.sources.items()):
            path = source.file(FILE)
            for line, found in read_objects(path):
                question = dated(found)
                if wrong := problem(question, category):
                    raise UsageError(f"{path}:{line}: {wrong}")
                if released(question, self.release):
                    yield question

    def read(self) -> Iterator[Chat]:
        for question in self.entries():
            meta = {"bench": self.bench, "lang": self.language, "source": f"livebench/{question['category']}"}
            told = {"category": question["category"], "task": question["task"], "set": named(question)}
            yield Chat(question["question_id"], (Message("user", question["turns"][0]),), {**meta, **told})

    def listed(self, out: Path, ctx: Context) -> Iterator[Chat]:
        return iter(self.rows())

    def prepare(self, job: Job) -> None:
        place = job.python.parents[1] / "nltk_data"  # one of those where NLTK looks
        if "instruction_following" not in self.sources or (place / "tokenizers" / SENTENCES[-1]).is_dir():
            return
        try:
            job.run("-c", FETCH, str(place), *SENTENCES)
        except UsageError:
            log.warning("no NLTK data for %s: instructions that count sentences end the scorer; put it there", place)

    def play(self, job: Job, items: Sequence[Chat], ctx: Context) -> Iterator[Result]:
        answers = {item.id: job.relay.ask(item.messages).text for item in items}
        questions = [question for question in self.entries() if question["question_id"] in answers]
        verdicts = judged(job, questions, answers, self.release)
        for item in items:
            if (score := verdicts.get(item.id, -1.0)) != -1:
                yield Result(item.id, item.messages, answers[item.id], {"score": score}, {})

    def summary(self, items: Sequence[Chat], results: Mapping[str, Result]) -> dict[str, Any]:
        return totals(items, {i: result.scores["score"] for i, result in results.items()})


@dataclass(frozen=True, kw_only=True)
class LiveBenchTold(Told):
    """What LiveBench said of each answer, by category and task; its own average is over tasks, then categories."""

    name: str = f"livebench:{RELEASES[-1]}"  # type: ignore[misc]  # as of Told
    metrics: tuple[str, ...] = ("score",)  # type: ignore[misc]
    language: Lang = "en"

    def group(self, chat: Chat) -> str:
        return named(chat.meta)

    def overall(self, chats: Sequence[Chat], scores: Sequence[Score]) -> dict[str, Any]:
        from komainu.eval.totals import by_group

        return averages(by_group(self, [*scores], {chat.id: self.group(chat) for chat in chats}))

    def own(self, summary: Mapping[str, Any]) -> dict[str, Any]:
        """The mean over the categories; it is whole when all six are there."""
        average: dict[str, Any] = averages(summary["by"])["average"]
        return average


def problem(question: dict[str, Any], category: str) -> str:
    """What is wrong with a question; "" when nothing is."""
    for name in ("question_id", "task", "livebench_release_date"):
        if not isinstance(question.get(name), str) or not question[name]:
            return f"a question needs a text {name!r}"
    if question.get("category") != category:
        return f"the question is of the category {question.get('category')!r}, its source is given for {category!r}"
    turns = question.get("turns")
    if not isinstance(turns, list) or len(turns) != 1 or not isinstance(turns[0], str):
        return "a question has `turns` with one text"
    return ""


def dated(question: dict[str, Any]) -> dict[str, Any]:
    """A question with its dates as upstream writes them: days as YYYY-MM-DD, a contest's time with a blank."""
    days = ("livebench_release_date", "livebench_removal_date", "release_date")
    found = {"livebench_removal_date": "", **question}
    found |= {day: (found[day] or "")[:10] for day in days if isinstance(found.get(day, 0), str | None)}
    if isinstance(original := found.get("original_json"), dict) and isinstance(original.get("contest_date"), str):
        found["original_json"] = {**original, "contest_date": original["contest_date"].replace("T", " ")}
    return found


def released(question: dict[str, Any], release: str) -> bool:
    """Whether a question belongs to a release: it came out with it or one before, and was not removed by it."""
    out, removed = question["livebench_release_date"], question.get("livebench_removal_date") or ""
    return out in RELEASES and out <= release and (not removed or removed > release)


def named(question: Mapping[str, Any]) -> str:
    """The category and the task of a question, or of its item's meta."""
    return f"{question['category']}/{question['task']}"


def judged(job: Job, questions: Sequence[dict[str, Any]], answers: Mapping[str, str], release: str) -> dict[str, float]:
    """Question id to the score that upstream's scorer gives the answer; none of an answer on which it breaks.

    It ends at the first such answer, with no verdict on what comes after it. So it is started again for the rest.
    Raises UsageError when it fails in another way.
    """
    data, left = job.folder / "data", [*questions]
    broken: dict[str, str] = job.notes.setdefault("broken", {})
    shutil.rmtree(data, ignore_errors=True)  # of a run that was interrupted
    scorer = ("-u", "-m", "livebench.gen_ground_truth_judgment")  # unbuffered, so that an error comes last
    arguments = ("--model", MODEL, "--question-source", "jsonl", "--livebench-release-option", release)
    while left:
        tasks, verdicts = laid_out(data, left, answers)
        try:
            job.run_confined(*scorer, "--bench-name", *tasks, *arguments, see=data, write=verdicts)
        except NoSandbox:
            raise
        except UsageError:
            said = (job.folder / LOG).read_text(encoding="utf-8", errors="replace")
            (on,) = BROKE.findall(said)[-1:] or ("",)
            if on not in {question["question_id"] for question in left}:
                raise
            broken[on] = said.rpartition(BECAUSE)[0].rpartition("\n")[2]
            log.warning("LiveBench's scorer breaks on the answer to %s and goes on without it: %s", on, broken[on])
            left = [q for q in left if q["question_id"] not in {*judgments(data), *broken}]
        else:
            break
    return judgments(data)


def laid_out(
    data: Path, questions: Sequence[dict[str, Any]], answers: Mapping[str, str]
) -> tuple[list[str], list[Path]]:
    """Questions and answers in the files where upstream looks for them.

    Returns its names of the tasks they are of, and the files in which it will write verdicts.
    """
    verdicts: list[Path] = []
    tasks: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for question in questions:
        tasks[f"live_bench/{named(question)}"].append(question)
    for name, some in tasks.items():
        place = data / name / "model_answer" / f"{MODEL}.jsonl"
        place.parent.mkdir(parents=True, exist_ok=True)
        write_objects(data / name / "question.jsonl", some)
        write_objects(place, (written(q["question_id"], answers[q["question_id"]]) for q in some))
        verdicts.append(data / name / VERDICTS)
        verdicts[-1].parent.mkdir(exist_ok=True)
        verdicts[-1].touch()
    return [*tasks], verdicts


def written(question_id: str, answer: str) -> dict[str, Any]:
    """An answer as upstream's own asking would have left it."""
    choices = [{"index": 0, "turns": [answer]}]
    return {"question_id": question_id, "answer_id": question_id, "model_id": MODEL, "choices": choices, "tstamp": 0}


def judgments(folder: Path) -> dict[str, float]:
    """Question id to score, from upstream's files."""
    found = {}
    for file in sorted(folder.rglob(VERDICTS)):
        for line, verdict in read_objects(file) if file.stat().st_size else ():
            try:
                found[str(verdict["question_id"])] = score = float(verdict["score"])
                if score != -1 and not 0 <= score <= 1:  # nor is it what is no number
                    raise ValueError
            except (KeyError, TypeError, ValueError):
                raise UsageError(
                    f"{file}:{line}: not a judgment of LiveBench: {json.dumps(verdict)[:200]}"
                    "; give a folder that LiveBench itself has written"
                ) from None
    return found
