"""What is shown: the entries of one or more boards, in columns that are one only where the numbers compare."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from komainu.errors import UsageError
from komainu.store import Artifact, Store

Object = dict[str, Any]


class Column(NamedTuple):
    """One metric of one bench, measured alike: `how` is the items, the bench's settings and the judges, as JSON."""

    bench: str
    language: str
    metric: str
    how: str


@dataclass
class Entry:
    """One model as a board has it: a line of numbers for each column, and its averages."""

    name: str
    lines: dict[Column, Object] = field(default_factory=dict)
    headline: Object = field(default_factory=dict)


@dataclass
class Boards:
    """The entries of all boards by their names, and what was decided about them."""

    entries: dict[str, Entry] = field(default_factory=dict)
    decisions: list[tuple[Column | str, Object]] = field(default_factory=list)  # of a column, or of an average
    tasks: list[tuple[Column, Object]] = field(default_factory=list)
    level: float = 0.95

    @property
    def columns(self) -> list[Column]:
        """Every column, in the order of the boards."""
        return [*dict.fromkeys(column for entry in self.entries.values() for column in entry.lines)]

    @property
    def parts(self) -> list[str]:
        """The averages that any entry has."""
        return [*dict.fromkeys(part for entry in self.entries.values() for part in entry.headline)]

    def place(self, name: str, lines: Mapping[Column, Object], where: str) -> Entry:
        """The entry these lines belong to: one of that name without other scores in the same columns."""
        for each in (name, f"{name} ({where})"):
            entry = self.entries.setdefault(each, Entry(each))
            if all(entry.lines.get(column, line)["scores"] == line["scores"] for column, line in lines.items()):
                break
        entry.lines |= lines
        return entry


def gather(store: Store, targets: Iterable[Artifact]) -> Boards:
    """The boards that the targets are, or were made from; of scores without a board, their own line.

    A model that stands on two boards under one name with other scores is there twice, the second time with the board
    in its name. Raises UsageError for a target that has neither boards nor scores.
    """
    found = Boards()
    for target in targets:
        sources = boards_under(store, target)
        for source in sources:
            add(found, store, source.ref, json.loads((source.path / "board.json").read_bytes()))
        if not sources and target.record["makes"] != "Score":
            raise UsageError(
                f"{target.ref} is no board, was made from none, and is no scores: there is nothing to show"
            )
        if not sources:
            add(found, store, target.ref, {"rows": [*score_lines(target)]})
    return found


def boards_under(store: Store, target: Artifact) -> list[Artifact]:
    """The nearest boards: the target itself, or those that it was made from, each once."""
    found, todo, seen = [], [target], {target.ref}
    for each in todo:
        if (each.path / "board.json").exists():
            found.append(each)
            continue
        new = [ref for ref in each.inputs.values() if ref not in seen]
        seen.update(new)
        todo += filter(None, map(store.at, new))
    return found


def score_lines(scores: Artifact) -> Iterator[Object]:
    """What a board would say of some scores."""
    summary = scores.summary
    for metric, numbers in summary["metrics"].items():
        yield {
            "entry": summary["model"],
            "metric": metric,
            **numbers,
            **{key: summary[key] for key in ("bench", "language", "higher_is_better", "top", "sampling")},
            "scores": scores.ref,
            "answers": scores.inputs["answers"],
        }


def add(boards: Boards, store: Store, where: str, found: Object) -> None:
    """Add what one board holds."""
    lines: dict[str, dict[Column, Object]] = {}
    for line in found["rows"]:
        column = Column(line["bench"], line["language"], line["metric"], instrument(store, line))
        lines.setdefault(line["entry"], {})[column] = line
    entries = {name: boards.place(name, some, where) for name, some in lines.items()}
    for each in found.get("headline", ()):
        parts = {part: numbers for part, numbers in each.items() if part != "entry" and numbers}
        entries[each["entry"]].headline = parts | entries[each["entry"]].headline
    boards.level = found.get("level", boards.level)
    columns = {column[:3]: column for some in lines.values() for column in some}
    for each in (*found.get("headline_decisions", ()), *found.get("decisions", ())):
        column = each.get("part") or columns[each["bench"], each["language"], each["metric"]]
        ends = {end: entries[each[end]].name for end in ("from", "to")}
        boards.decisions.append((column, {**each, **ends}))
    first = {column[:2]: column for column in reversed(columns.values())}
    for each in found.get("tasks", ()):
        boards.tasks.append((first[each["bench"], each["language"]], {**each, "entry": entries[each["entry"]].name}))


def instrument(store: Store, line: Object) -> str:
    """What must be equal for two scores to stand in one column.

    From records alone, so that it holds for any stage that makes scores: the items; the config of the scores; and of
    the stages they were made from beside the answers (verdicts, duels) what is not the answers or the bench again.
    """
    made, answers = opened(store, line["scores"]), opened(store, line["answers"])
    inputs = {path: ref for path, ref in made.inputs.items() if path != "answers"}
    fields = {"answers", *(path.partition("[")[0] for path in inputs)}
    own = {key: value for key, value in made.record["config"].items() if key not in fields}
    configs = (opened(store, ref).record["config"] for ref in inputs.values())
    beside = [{key: value for key, value in each.items() if key not in ("answers", "bench")} for each in configs]
    return json.dumps(
        [answers.inputs.get("items", answers.ref), own, beside], sort_keys=True, ensure_ascii=False, indent=1
    )


def opened(store: Store, ref: str) -> Artifact:
    found = store.at(ref)
    if found is None:
        raise UsageError(f"{ref} is not in {store.root}, and the board was made from it; run its recipe again")
    return found


@dataclass
class AnswerSet:
    """Answers that are shown side by side, entry to `answers/id`, and the numbers of the columns that look at them."""

    answers: dict[str, str]
    columns: list[int]


def side_by_side(boards: Boards) -> list[AnswerSet]:
    """The sets: columns that look at the same answers share one."""
    sets: list[AnswerSet] = []
    for number, column in enumerate(boards.columns):
        mine = {name: line["answers"] for name, entry in boards.entries.items() if (line := entry.lines.get(column))}
        for found in sets:
            shared = mine.keys() & found.answers.keys()
            if shared and all(found.answers[name] == mine[name] for name in shared):
                found.answers |= mine
                found.columns.append(number)
                break
        else:
            sets.append(AnswerSet(mine, [number]))
    return sets
