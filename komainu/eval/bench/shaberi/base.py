"""What the four sets of Shaberi have in common: their files, how a model is asked, how a judge's mark is read."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from komainu.errors import UsageError
from komainu.eval.items import Source
from komainu.eval.judge.verdict import Marked, Rule
from komainu.files import read_objects
from komainu.rows import Chat, Message

# The published runs (shisa-ai/shaberi, llm_functions.py) ask so, after a system prompt that says what this one says.
TEMPERATURE, MAX_TOKENS = 0.2, 6000
JUDGE_TOKENS = 1024  # and their judges, greedy
SYSTEM = "公平な立場から、話題を制限せずに、相手の役に立つように答えてください。"
Row = Mapping[str, Any]


class Asked(NamedTuple):
    """A question of a set, and what its judges need beside it."""

    question: str
    task: str = ""
    reference: str = ""
    rubric: str = ""


class QuestionsOf:
    """What the items of the four sets share: a local file of the set's columns, and the whole of it.

    Row ids are `<bench>-<number>`, counted from 1. `system` goes before each question; "" leaves it out, for a model
    whose chat template has no place for it.
    """

    bench: ClassVar[str]
    size: ClassVar[int]
    home: ClassVar[str]  # the hub's dataset
    licence: ClassVar[str]
    source: Source
    system: str

    def asked(self, row: Row) -> Asked:
        """What a row of the file asks; raises UsageError for one that is not as the schema says."""
        raise NotImplementedError(f"{type(self).__name__} needs asked(row)")

    def read(self) -> Iterator[Chat]:
        path = self.source.file(f"{self.bench}.jsonl")
        rows = [*objects(path)]
        self.whole(path, [row for _, row in rows])
        for number, (line, row) in enumerate(rows, 1):
            try:
                asked = self.asked(row)
            except UsageError as error:
                raise UsageError(f"{path}:{line}: {error}") from None
            yield self.item(number, asked)

    def whole(self, path: Path, rows: Sequence[Row]) -> None:
        """UsageError unless these are all the rows of the set."""
        if len(rows) != self.size:
            raise UsageError(f"{path} holds {len(rows)} questions; {self.home} has {self.size}: give the whole set")

    def item(self, number: int, asked: Asked) -> Chat:
        system = (Message("system", self.system),) if self.system else ()
        there = {name: text for name, text in asked._asdict().items() if text and name != "question"}
        meta = {"bench": self.bench, "lang": "ja", "source": self.home, "licence": self.licence, **there}
        return Chat(f"{self.bench.replace('_', '-')}-{number}", (*system, Message("user", asked.question)), meta)


class MarksOf:
    """What the four benches share: whole marks (a judge's half goes to the even number, as in the published tables),
    reported by the category of the question, too."""

    @property
    def rule(self) -> Rule:
        return Marked(rounding="half_even")

    def group(self, chat: Chat) -> str:
        return str(chat.meta.get("task", ""))


def objects(path: Path) -> Iterator[tuple[int, Row]]:
    """The rows of a file with their lines; a .csv has its columns in the first line."""
    if path.suffix.lower() != ".csv":
        yield from read_objects(path)
        return
    with open(path, encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        try:
            yield from ((reader.line_num, row) for row in reader)
        except (csv.Error, UnicodeDecodeError) as error:
            raise UsageError(
                f"{path}:{reader.line_num}: not CSV in UTF-8: {error}"
                "; save it as UTF-8, or give the set as it is published"
            ) from None


def text(row: Row, *names: str) -> str:
    """The text of a column that goes by one of some names; UsageError when there is none."""
    found = next((row[name] for name in names if name in row), None)
    if isinstance(found, str) and found.strip():
        return found
    raise UsageError(f"there is no text in the column {' or '.join(map(repr, names))}; give the set as it is published")


def optional(row: Row, *names: str) -> str:
    """The same for a column that may be empty or left out."""
    return text(row, *names) if any(row.get(name) for name in names) else ""
