"""Answers made elsewhere: read from a file, matched with the items they answer, scored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from textwrap import shorten
from typing import Any, get_args

from komainu.errors import UsageError
from komainu.eval.base import Lang
from komainu.eval.bench.habits import habits
from komainu.eval.external.base import Told
from komainu.eval.items import Published
from komainu.eval.ruling import all_scored
from komainu.eval.shelf import Shelf
from komainu.eval.suites import Benchmark, Task
from komainu.files import read_objects
from komainu.rows import Chat, Score

IDS = ("id", "key", "task_id", "question_id")  # how a row may name its item
RESPONSES = ("response", "output", "solution", "completion")  # how a row may call its answer
WHICH = ("sample", "temperature")  # which of several answers to an item a row has
Row = dict[str, Any]


@dataclass
class Answered:
    """An item with the answer of a row, without one when that is null; and what is told of it."""

    chat: Chat
    told: dict[str, Any]


def score(file: Path, benchmark: Benchmark, shelf: Shelf) -> dict[str, Any]:
    """The verdicts on the answers of a file, and their totals.

    items    one a row, in the file's order: `id` as the row has it (its item's, when it has none) and the verdicts
    totals   metric to mean, n, items, missing, low, high, reasons; an item without a row is missing
    by       the same by task, for a bench that reports by task
    habits   language to metric, as in totals: rates of all answers in a language, whatever was asked
    overall  what a bench tells of its whole set, for a bench that does
    source   where the items came from
    incomplete  which benches lack more verdicts than a headline may, items without a row among them

    Of a benchmark with several benches, totals, by and overall are by their names.
    Raises UsageError with file:line for a row that cannot be matched with one item, and for a second one of an item.
    """
    from komainu.eval.columns import lacks
    from komainu.eval.totals import summary

    rows = [*read_objects(file)]
    tasks = own(file, [row for _, row in rows], benchmark) or by_rule(benchmark(shelf))
    items = {item.id: item for asked in dict.fromkeys(task.items for task in tasks) for item in asked.rows()}
    answers = [*matched(file, rows, items)]
    given: dict[str, list[Answered]] = {}
    for answer in answers:
        given.setdefault(answer.chat.id, []).append(answer)
    heats = temperatures(given.values())
    benches = [b for task in tasks for b in (task.bench, *task.beside) if isinstance(b, Published)]
    parts: dict[str, dict[str, Any]] = {}
    incomplete = []
    for bench in benches:
        asked = [a for i, item in items.items() if bench.applies(item) for a in whole_of(item, given.get(i, []), heats)]
        if not asked:
            continue
        scores: list[Score] = []
        for each, found in zip(asked, all_scored(bench, [each.chat for each in asked]), strict=True):
            each.told |= bench.told(each.chat, found)
            scores += found
        whole = summary(bench, [each.chat for each in asked], scores)
        share = max(m["missing"] / max(1, m["n"] + m["missing"]) for m in whole["metrics"].values())
        if bench.averaged and (told_of := lacks(f"{bench.title} ({bench.language})", share)):
            incomplete.append(told_of)
        for part, told in whole.items():
            parts.setdefault("totals" if part == "metrics" else part, {})[bench.name] = told
    alone = {part: each for part, found in parts.items() for each in found.values()} if len(benches) == 1 else parts
    return {
        "items": [each.told for each in answers],
        **alone,
        "habits": {language: rates for language in get_args(Lang) if (rates := rates_of(language, answers))},
        "source": sorted({*map(origin, tasks)}),
        "incomplete": incomplete,
    }


def temperatures(given: Iterable[Sequence[Answered]]) -> list[float]:
    """All temperatures of a file in which some item is answered at several; [] of any other file."""
    each = [{a.chat.meta["temperature"] for a in found if "temperature" in a.chat.meta} for found in given]
    return sorted({*chain.from_iterable(each)}) if any(len(some) > 1 for some in each) else []


def whole_of(item: Chat, found: Sequence[Answered], temperatures: Sequence[float]) -> list[Answered]:
    """The answers to an item, and a missing one for each temperature without one; one in all where there are none."""
    there = {a.chat.meta.get("temperature") for a in found}
    missing = [Answered(item.with_meta(temperature=t), {}) for t in temperatures if t not in there]
    return [*found, *missing] or [Answered(item, {})]


def rates_of(language: Lang, answers: Sequence[Answered]) -> dict[str, Any]:
    """The habits of all answers in a language; {} when there are none."""
    from komainu.eval.totals import totals

    found: dict[str, Any] = {}
    for habit in habits(language):
        chats = [each.chat for each in answers if habit.applies(each.chat)]
        found |= totals(habit, [score for scores in all_scored(habit, chats) for score in scores]) if chats else {}
    return found


def own(file: Path, rows: Sequence[Row], benchmark: Benchmark) -> tuple[Task, ...]:
    """The tasks of a file whose rows carry their own items: the set is then the file. () when they do not."""
    tasks = by_rule(benchmark(Shelf(given=file)))
    carried = {name for task in tasks if isinstance(task.bench, Published) for name in task.bench.carried}
    return tasks if carried and all(carried <= row.keys() for row in rows) else ()


def by_rule(tasks: Sequence[Task]) -> tuple[Task, ...]:
    """What of some tasks is scored here without a judge; UsageError when that is nothing."""
    if all(isinstance(task.bench, Told) for task in tasks):
        raise UsageError(
            f"the answers to {tasks[0].bench.title} are scored by its own program, which this verb does not run; let "
            "`komainu eval run` have them"
        )
    found = tuple(each for task in tasks for each in task.without_judges())
    if not found:
        raise UsageError(
            f"the answers to {tasks[0].bench.title} need judges, which this verb never asks: komainu eval judge"
        )
    return found


def origin(task: Task) -> str:
    """Where the items of a task come from: a path, `owner/name@revision` of the hub, or this package."""
    source = getattr(task.items, "source", None)
    return (source.path or f"{source.repo}@{source.revision}") if source else "the package"


def matched(file: Path, rows: Sequence[tuple[int, Row]], items: dict[str, Chat]) -> Iterator[Answered]:
    """Each row with its item; a second answer to an item needs another `sample`, or `temperature`."""
    index = Index(items)
    lines: dict[tuple[object, ...], int] = {}
    for line, row in rows:
        try:
            item = index.find(row)
            which = told_apart(row)
            if (before := lines.setdefault((item.id, *which.items()), line)) != line:
                advice = "number the answers to one item by `sample`"
                raise UsageError(f"the item {item.id} is answered on line {before} too; {advice}")
            text = response(row)
        except UsageError as error:
            raise UsageError(f"{file}:{line}: {error}") from None
        chat = (item if text is None else item.with_reply(text)).with_meta(**which)
        yield Answered(chat, {"id": row.get("id", item.id)})


def told_apart(row: Row) -> dict[str, float]:
    """What of a row tells several answers to an item apart; null is none."""
    which = {name: row[name] for name in WHICH if row.get(name) is not None}
    for name, number in which.items():
        if isinstance(number, bool) or not isinstance(number, int | float):
            raise UsageError(f"{name} is {number!r}; it must be a number, or null")
    return which


def response(row: Row) -> str | None:
    for name in RESPONSES:
        if name in row:
            text = row[name]
            if text is None or isinstance(text, str):
                return text
            raise UsageError(f"{name} is {text!r}; it must be a text, or null for a missing answer")
    raise UsageError("the row has no `response`; give it one, null for a missing answer")


class Index:
    """Finds the item that a row answers by its id, by an end of its id that no other has (1000 of `ifeval-1000`), or
    by its prompt: all that is asked, or whole lines of it that no other has, as where the set's own text is set among
    instructions."""

    def __init__(self, items: dict[str, Chat]) -> None:
        self.items = items
        self.keys: dict[str, set[str]] = {}
        self.prompts: dict[str, set[str]] = {}
        for id, item in items.items():
            parts = id.split("-")
            for n in range(len(parts)):
                self.keys.setdefault("-".join(parts[n:]), set()).add(id)
            self.prompts.setdefault(plain(item.prompt[-1].content), set()).add(id)

    def find(self, row: Row) -> Chat:
        """The one item that fits. A prompt must be an item's; an id that is no item's is passed over beside one."""
        said = {name: self.keys.get(key(row[name]), set()) for name in IDS if name in row}
        found = {name: ids for name, ids in said.items() if ids}
        if isinstance(prompt := row.get("prompt"), str):
            said["prompt"] = found["prompt"] = self.asked(plain(prompt))
        fitting = set.intersection(*found.values()) if found else set()
        if len(fitting) == 1:
            return self.items[fitting.pop()]
        if fitting:
            few = ", ".join(sorted(fitting)[:3])
            raise UsageError(f"it fits {len(fitting)} items, {few} among them; say which by `id`")
        if len(found) > 1:
            each = (f"by its {name} {', '.join(sorted(ids)) or 'no item'}" for name, ids in found.items())
            raise UsageError(f"the row does not agree with itself: {', '.join(each)}; leave out what is wrong")
        what = ", ".join(f"{name} {shorten(str(row[name]), 60, placeholder='...')!r}" for name in said)
        raise UsageError(f"no item has {what}" if what else "the row names no item; give it `id` or `prompt`")

    def asked(self, text: str) -> set[str]:
        """The ids of the items whose prompt is a text, or else of those that have it on lines of its own."""
        if not text or text in self.prompts:
            return self.prompts.get(text, set())
        lines = f"\n{text}\n"
        return {id for asked, ids in self.prompts.items() if lines in f"\n{asked}\n" for id in ids}


def key(id: object) -> str:
    """An id as text; 1000.0 is 1000, as tables with gaps write whole numbers."""
    return str(int(id) if isinstance(id, float) and id.is_integer() else id).strip()


def plain(prompt: str) -> str:
    """A prompt without what editors change of it: white space around it, and how its lines end."""
    return prompt.replace("\r\n", "\n").replace("\r", "\n").strip()
