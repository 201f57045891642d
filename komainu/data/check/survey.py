"""What a file holds and what is wrong with it, counted, with samples."""

from __future__ import annotations

import hashlib
from array import array
from bisect import insort
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from komainu.data.base import windows
from komainu.data.check.lookers import Looker, Problem
from komainu.data.check.reading import Line
from komainu.rows import Chat, Pair

SCHEMA, AGAIN = "schema", "repeated_id"
SAMPLES = 5  # of each problem, drawn by row id, so that they do not all stand at the file's beginning
SHOWN = 600  # characters of a text
QUANTILES = (0, 50, 90, 99, 100)


class Sample(NamedTuple):
    """A row with a problem, as it is shown."""

    draw: bytes
    at: str
    id: str
    what: str
    question: str
    answer: str
    item: str  # of a benchmark, and what the row has of it; "" for other problems
    passage: str

    def json(self) -> dict[str, str]:
        beside = ("item", "passage")
        return {key: text for key, text in self._asdict().items() if key != "draw" and (text or key not in beside)}


@dataclass
class Survey:
    """Counts of one file. `rows` counts every object: as Chat or Pair, or as broken."""

    rows: Counter[str] = field(default_factory=Counter)
    counts: dict[str, Counter[str]] = field(default_factory=dict)  # by what: layout, source, licence, ...
    lengths: dict[str, array[int]] = field(default_factory=dict)  # by what is measured, a number a row
    problems: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.rows.total()

    def share(self, name: str) -> float:
        """Of all objects of the file, broken ones too; 0 for an empty file."""
        return self.problems[name] / self.total if self.total else 0.0

    def look(self, lines: Iterable[Line], lookers: Sequence[Looker]) -> Survey:
        """Count all lines, and what each looker finds in those that are rows."""
        for window in windows(iter(lines)):
            good = [line for line in window if line.row is not None]
            for line in window:
                self.count(line)
            for looker in lookers:
                for problem in looker(good):
                    self.add(problem)
        return self

    def count(self, line: Line) -> None:
        row = line.row
        self.rows["broken" if row is None else type(row).__name__] += 1
        self.counts.setdefault("layout", Counter())[line.layout or "none"] += 1
        if row is None:
            self.add(Problem(line, SCHEMA, line.problem))
            return
        if line.again:
            self.add(Problem(line, AGAIN, "an earlier row has the same id"))
        for key in ("source", "licence"):
            self.counts.setdefault(key, Counter())[shown(str(row.meta.get(key, "not said")))] += 1
        self.measure("turns", len(row.messages) if isinstance(row, Chat) else len(row.prompt) + 1)
        self.measure("characters of the prompt", sum(len(m.content) for m in row.prompt))
        said = {"answer": row.reply} if isinstance(row, Chat) else {"chosen": row.chosen, "rejected": row.rejected}
        for name, text in said.items():
            self.measure(f"characters of the {name}", len(text))

    def measure(self, what: str, number: int) -> None:
        self.lengths.setdefault(what, array("q")).append(number)

    def add(self, problem: Problem) -> None:
        self.problems[problem.name] += 1
        kept = self.samples.setdefault(problem.name, [])
        insort(kept, sample(problem))
        del kept[SAMPLES:]

    def json(self, names: Iterable[str]) -> dict[str, Any]:
        """As JSON; `names` are the problems that were looked for, those with none of them too."""
        return {
            "objects": self.total,
            "rows": dict(sorted(self.rows.items())),
            "counts": {what: dict(found.most_common()) for what, found in self.counts.items()},
            "lengths": {what: quantiles(found) for what, found in self.lengths.items()},
            "problems": {
                name: {
                    "rows": self.problems[name],
                    "share": self.share(name),
                    "samples": [each.json() for each in self.samples.get(name, [])],
                }
                for name in names
            },
        }


def sample(problem: Problem) -> Sample:
    line, question, answer = problem.line, "", ""
    if isinstance(line.row, Chat):
        question, answer = line.row.prompt[-1].content if line.row.prompt else "", line.row.reply
    elif isinstance(line.row, Pair):
        question, answer = line.row.prompt[-1].content, line.row.chosen
    told = (line.at, line.id, problem.what, question, answer, problem.item, problem.passage)
    return Sample(drawn(problem.name, line), *map(shown, told))


def drawn(name: str, line: Line) -> bytes:
    """Rows with the least of these are shown for a name: those of all the file, and the same ones next time."""
    return hashlib.sha256(f"{name}:{line.id or line.at}".encode("utf-8", "surrogatepass")).digest()[:8]


def shown(text: str) -> str:
    """A text as it may be printed: cut, and what is no valid Unicode (half a surrogate pair) as ?."""
    return (text if len(text) <= SHOWN else text[: SHOWN - 1] + "…").encode("utf-8", "replace").decode()


def quantiles(numbers: Sequence[int]) -> dict[str, int]:
    """The least, the middle, the 90th and 99th in a hundred, the most, and the sum."""
    order = sorted(numbers)
    found = {str(q): order[min(len(order) - 1, q * len(order) // 100)] for q in QUANTILES}
    return {**found, "sum": sum(order)}


def histogram(numbers: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """From, below, and how many: 0, 1, then each bin twice as wide as the one before; none left out between."""
    bins = Counter(number.bit_length() for number in numbers)
    for bit in range(min(bins), max(bins) + 1):
        yield (1 << bit) >> 1, 1 << bit, bins[bit]
