"""What is shown: the entries of one or more boards, in columns that are one only where the numbers compare."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from komainu.errors import UsageError
from komainu.store import Artifact, Store

Object = dict[str, Any]
BOARD = "board.json"


class Column(NamedTuple):
    """One metric of one bench, measured in one way: words with what each stands for, see eval/measured.py."""

    bench: str
    language: str
    metric: str
    way: tuple[tuple[str, str], ...]


class Part(NamedTuple):
    """An average: `ja`, `en` or `avg`, over these columns."""

    name: str
    of: tuple[Column, ...]


@dataclass
class Entry:
    """One model as its boards have it: a line of numbers for each column, and its averages."""

    name: str
    lines: dict[Column, Object] = field(default_factory=dict)
    headline: dict[Part, Object] = field(default_factory=dict)

    def takes(self, lines: Mapping[Column, Object]) -> bool:
        """Whether these may be lines of the same model: its weights, and no other scores in the same column."""
        weights = {line["weights"] for line in (*self.lines.values(), *lines.values()) if "weights" in line}
        same = (self.lines.get(column, line)["made_of"] == line["made_of"] for column, line in lines.items())
        return len(weights) < 2 and all(same)


@dataclass
class Boards:
    """The entries of all boards by their names, and what was decided about them."""

    entries: dict[str, Entry] = field(default_factory=dict)
    decisions: list[tuple[Column | Part, Object]] = field(default_factory=list)
    tasks: list[tuple[Column, Object]] = field(default_factory=list)
    level: float = 0.95

    @property
    def columns(self) -> list[Column]:
        """Every column, in the order of the boards."""
        return [*dict.fromkeys(column for entry in self.entries.values() for column in entry.lines)]

    @property
    def parts(self) -> list[Part]:
        """The averages that any entry has."""
        return [*dict.fromkeys(part for entry in self.entries.values() for part in entry.headline)]

    def place(self, name: str, lines: Mapping[Column, Object], where: str) -> Entry:
        """The entry these lines belong to, with them."""
        for each in (name, f"{name} ({where})"):
            entry = self.entries.setdefault(each, Entry(each))
            if entry.takes(lines):
                break
        entry.lines |= lines
        return entry


def gather(store: Store, targets: Iterable[Artifact]) -> Boards:
    """The boards that the targets are, or were made from; of scores, and of what was made from scores without a board
    (an import), their own lines.

    Another model of the same name, or the same with other scores in a column, has the board in its name. Raises
    UsageError for a target that has neither boards nor scores.
    """
    found = Boards()
    for target in targets:
        sources = boards_under(store, target) or scores_under(store, target)
        if not sources:
            raise UsageError(
                f"{target.ref} is neither a board nor scores, nor made from any: there is nothing to show"
                "; name a board (`komainu eval run` makes one) or scores"
            )
        for source in sources:
            board = source.path / BOARD
            whole = json.loads(board.read_bytes()) if board.exists() else {"rows": [*score_lines(source)]}
            add(found, store, source.ref, whole)
    return found


def inputs(store: Store, target: Artifact) -> list[Artifact]:
    """What a target was made from, as far as it is there."""
    return [each for ref in target.inputs.values() if (each := store.at(ref))]


def boards_under(store: Store, target: Artifact) -> list[Artifact]:
    """The nearest boards: the target itself, or those that it was made from, each once."""
    found, todo, seen = [], [target], {target.ref}
    for each in todo:
        if (each.path / BOARD).exists():
            found.append(each)
            continue
        new = [ref for ref in each.inputs.values() if ref not in seen]
        seen.update(new)
        todo += filter(None, map(store.at, new))
    return found


def scores_under(store: Store, target: Artifact) -> list[Artifact]:
    """The target, or what it was made from, as far as it is scores."""
    return [
        each for each in (target, *map(store.at, target.inputs.values())) if each and each.record["makes"] == "Score"
    ]


def score_lines(scores: Artifact) -> Iterator[Object]:
    """What a board would say of some scores."""
    summary = scores.summary
    for metric, numbers in summary["metrics"].items():
        yield {
            "entry": summary["model"],
            "metric": metric,
            **numbers,
            **{key: summary[key] for key in ("bench", "language", "higher_is_better", "top")},
            "bottom": summary.get("bottom", 0),
            "judges": summary.get("judges", {}).get(metric, {}).get("by", {}),
            **({"weights": summary["weights"]} if "weights" in summary else {}),
            "scores": scores.ref,
            "answers": scores.inputs["answers"],
        }


def add(boards: Boards, store: Store, where: str, found: Object) -> None:
    """Add what one board holds."""
    lines: dict[str, dict[Column, Object]] = {}
    for line in found["rows"]:
        column = Column(line["bench"], line["language"], line["metric"], way_of(store, line))
        lines.setdefault(line["entry"], {})[column] = {**line, "made_of": made_of(store, line)}
    entries = {name: boards.place(name, some, where) for name, some in lines.items()}
    columns = {column[:3]: column for some in lines.values() for column in some}
    averaged = {column for some in lines.values() for column, line in some.items() if line.get("averaged", True)}
    of = tuple(sorted(averaged))
    for each in found.get("headline", ()):
        parts = {Part(part, of): numbers for part, numbers in each.items() if part != "entry" and numbers}
        entries[each["entry"]].headline |= parts
    boards.level = found.get("level", boards.level)
    for each in (*found.get("headline_decisions", ()), *found.get("decisions", ())):
        about = Part(each["part"], of) if "part" in each else columns[each["bench"], each["language"], each["metric"]]
        ends = {end: entries[each[end]].name for end in ("from", "to")}
        boards.decisions.append((about, {**each, **ends}))
    first = {column[:2]: column for column in reversed(columns.values())}
    for each in found.get("tasks", ()):
        boards.tasks.append((first[each["bench"], each["language"]], {**each, "entry": entries[each["entry"]].name}))


def made_of(store: Store, line: Object) -> tuple[tuple[str, str], ...]:
    """The scores that a number was made of, each with its answers: of several runs one a run."""
    refs = [run["scores"] for run in line["runs"]["each"]] if "runs" in line else [line["scores"]]
    return tuple((ref, opened(store, ref).inputs["answers"]) for ref in refs)


def way_of(store: Store, line: Object) -> tuple[tuple[str, str], ...]:
    """How a number was measured; of scores that do not tell it yet, the bench's settings and the items."""
    scores, answers = opened(store, line["scores"]), opened(store, line["answers"])
    bench = json.dumps(scores.record["config"].get("bench"), ensure_ascii=False)
    found = {"bench": bench, "items": answers.inputs.get("items", answers.ref)}
    return tuple(scores.summary.get("measured", found).items())


def opened(store: Store, ref: str) -> Artifact:
    found = store.at(ref)
    if found is None:
        raise UsageError(f"{ref} is not in {store.root}, and the board was made from it; run its recipe again")
    return found


@dataclass
class AnswerSet:
    """Answers that are shown side by side, entry to an `answers/id` a run, and the numbers of the columns that look at
    them."""

    answers: dict[str, tuple[str, ...]]
    columns: list[int]


def side_by_side(boards: Boards) -> list[AnswerSet]:
    """The sets: columns that look at the same answers share one."""
    sets: list[AnswerSet] = []
    for number, column in enumerate(boards.columns):
        lines = {name: line for name, entry in boards.entries.items() if (line := entry.lines.get(column))}
        mine = {name: tuple(answers for _, answers in line["made_of"]) for name, line in lines.items()}
        for found in sets:
            shared = mine.keys() & found.answers.keys()
            if shared and all(found.answers[name] == mine[name] for name in shared):
                found.answers |= mine
                found.columns.append(number)
                break
        else:
            sets.append(AnswerSet(mine, [number]))
    return sets
