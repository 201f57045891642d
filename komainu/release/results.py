"""A board's numbers as a card and a report show them: read from board.json, never computed again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from komainu.errors import UsageError, nearest
from komainu.release.numbers import estimate, one, plain, signed
from komainu.release.words import en
from komainu.release.words.base import Words
from komainu.store import Artifact

PARTS = {"ja": "JA avg", "en": "EN avg", "avg": "Average"}
WHOLE = {"ja": "Japanese average", "en": "English average", "avg": "average of Japanese and English"}
NUMBERS = ("mean", "low", "high", "n", "missing")
Cells = dict[str, dict[str, Any]]


class Line(NamedTuple):
    """One bench, language and metric, or one task of it, for every entry. Scores lie between 0 and `top`."""

    bench: str
    language: str
    metric: str
    task: str  # "" for the whole bench
    better_up: bool
    top: float
    averaged: bool  # whether the averages count it
    cells: Cells  # by entry

    @property
    def name(self) -> str:
        """`exact`, or `translation: chrf` where the metric has another name."""
        name = self.bench if self.metric == self.bench else f"{self.bench}: {self.metric}"
        return name if self.better_up else f"{name} ↓"

    @property
    def scale(self) -> float:
        """What a score is multiplied with to lie on 0-100."""
        return 100 / self.top

    def shown(self, entry: str, words: Words = en) -> str:
        return estimate(self.cells.get(entry), self.scale, words.bounded)

    def counts(self, key: str) -> str:
        """n or missing: one number where all entries have the same, else one an entry."""
        found = [str(cell[key]) for cell in self.cells.values()]
        return found[0] if len(set(found)) == 1 else " / ".join(found)


class Decision(NamedTuple):
    """One paired comparison, `second` minus `first`; differences in points of 0-100, None when withheld, as are p and
    the word."""

    first: str
    second: str
    what: str
    better_up: bool
    word: str | None
    withheld: str
    n: int
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    detectable: float | None

    @property
    def shown(self) -> str:
        """The word, or that there is none."""
        return self.word or "withheld"

    @property
    def interval(self) -> str:
        return "withheld" if self.low is None or self.high is None else f"[{signed(self.low)}, {signed(self.high)}]"

    @property
    def change(self) -> str:
        return "withheld" if self.difference is None else signed(self.difference)

    def sentence(self, level: str) -> str:
        """The decision spelled out in English; `level` is `95 %`."""
        return en.verdict(self, level)


@dataclass(frozen=True)
class Results:
    """`found` is what board.json holds."""

    found: dict[str, Any]

    @property
    def entries(self) -> list[str]:
        return list(self.found["entries"])

    @property
    def level(self) -> str:
        return f"{100 * self.found['level']:g} %"

    @cached_property
    def headline(self) -> dict[str, dict[str, Any]]:
        """Entry to part to its estimate on 0-100 (None for a part without benches)."""
        return {line["entry"]: {k: v for k, v in line.items() if k != "entry"} for line in self.found["headline"]}

    @cached_property
    def parts(self) -> list[str]:
        """The averages the board has, in the order shown."""
        return [part for part in PARTS if any(line.get(part) for line in self.headline.values())]

    @property
    def lead(self) -> str:
        """The average that speaks for the whole: of both languages, or of the only one."""
        if not self.parts:
            raise UsageError("the board has no average: give it a bench")
        return self.parts[-1]

    @cached_property
    def lines(self) -> list[Line]:
        return [*self._lines(self.found["rows"])]

    @cached_property
    def tasks(self) -> list[Line]:
        return [*self._lines([{**row, **self.of(row)} for row in self.found["tasks"]])]

    def of(self, task: dict[str, Any]) -> dict[str, Any]:
        """What a task's row does not say itself: its bench's first metric and settings, and the answers."""
        same = ("entry", "bench", "language")
        whole = next(row for row in self.found["rows"] if all(row[k] == task[k] for k in same))
        return {k: whole[k] for k in ("metric", "higher_is_better", "top", "averaged", "answers")}

    def _lines(self, rows: list[dict[str, Any]]) -> Iterator[Line]:
        groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for row in rows:
            groups.setdefault((row["bench"], row["language"], row["metric"], row.get("task", "")), []).append(row)
        for (bench, language, metric, task), some in groups.items():
            up, top, averaged = some[0]["higher_is_better"], float(some[0]["top"]), some[0]["averaged"]
            yield Line(bench, language, metric, task, up, top, averaged, {row["entry"]: row for row in some})

    @property
    def counted(self) -> list[str]:
        """The benchmarks that the averages count, each once: `exact (ja)`."""
        return list(dict.fromkeys(f"{line.bench} ({line.language})" for line in self.lines if line.averaged))

    @property
    def languages(self) -> list[str]:
        """The languages that were measured, Japanese first."""
        return sorted({line.language for line in self.lines}, key=list(PARTS).index)

    @property
    def beside(self) -> list[str]:
        """The benchmarks that no average counts."""
        return [f"{line.name} ({line.language})" for line in self.lines if not line.averaged]

    @cached_property
    def decisions(self) -> list[Decision]:
        """Bench by bench, on 0-100."""
        scales = {(line.bench, line.language, line.metric): line for line in self.lines}
        found = []
        for each in self.found["decisions"]:
            line = scales[each["bench"], each["language"], each["metric"]]
            found.append(decision(each, f"{line.name} ({line.language})", line.scale))
        return found

    @cached_property
    def headline_decisions(self) -> list[Decision]:
        return [decision(each, PARTS[each["part"]], 1.0) for each in self.found["headline_decisions"]]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The pairs of entries that were compared, each once."""
        return list(dict.fromkeys((d.first, d.second) for d in self.decisions))

    def means(self, words: Words = en) -> str:
        """`base 1.2 → SFT 84.0 → DPO 88.1`."""
        return " → ".join(f"{entry} {self.mean(entry, words)}" for entry in self.entries)

    def mean(self, entry: str, words: Words = en) -> str:
        found = self.headline[entry][self.lead]
        held = found is None or found["mean"] is None
        return estimate(found, bounded=words.bounded) if held else one(found["mean"])

    @property
    def leading(self) -> list[Decision]:
        """What the leading average decides, one a pair."""
        return [d for d in self.headline_decisions if d.what == PARTS[self.lead]]

    def verdicts(self, words: Words = en) -> list[str]:
        """The same spelled out."""
        return [words.verdict(d, words.level(self.level)) for d in self.leading]

    def sampling(self, entry: str) -> list[str]:
        """How the entry was asked, each way once: `temperature 0, top_p 1, min_p 0, max_tokens 2048, seed 0`."""
        ways = [row["sampling"] for row in self.found["rows"] if row["entry"] == entry]
        return list(dict.fromkeys(", ".join(f"{k} {plain(v)}" for k, v in way.items()) for way in ways if way))

    def answers(self, entry: str) -> list[str]:
        """The artifacts that hold the entry's answers, `answers/<id>`."""
        return list(dict.fromkeys(row["answers"] for row in self.found["rows"] if row["entry"] == entry))

    def sizes(self, entry: str) -> tuple[int, int]:
        """The fewest and the most items of a bench."""
        counts = [line.cells[entry]["items"] for line in self.lines if entry in line.cells]
        return min(counts), max(counts)

    def known(self, entry: str) -> None:
        """Raises UsageError unless the board has the entry."""
        if entry not in self.entries:
            raise UsageError(f"the board has no entry {entry!r}{nearest(entry, self.entries)}")

    def cells(self) -> dict[str, dict[str, Any]]:
        """Every score shown, by `entry/bench/language/metric`, with the artifacts it comes from.

        A task's score has the task as a fifth part; an average is at `entry/headline/<part>` and names its cells.
        """
        found: dict[str, dict[str, Any]] = {}
        for line in (*self.lines, *self.tasks):
            for entry, row in line.cells.items():
                key = "/".join(filter(None, (entry, line.bench, line.language, line.metric, line.task)))
                numbers = {k: row[k] for k in (*NUMBERS, "balanced") if k in row}
                found[key] = {**numbers, "scores": row["scores"], "answers": row["answers"]}
        for entry, parts in self.headline.items():
            for part, numbers in parts.items():
                of = [x for x in self.lines if x.averaged and part in ("avg", x.language) and entry in x.cells]
                names = ["/".join((entry, line.bench, line.language, line.metric)) for line in of]
                if numbers is not None:
                    found[f"{entry}/headline/{part}"] = {**numbers, "cells": names}
        return found


def decision(found: dict[str, Any], what: str, scale: float) -> Decision:
    numbers = {k: None if found[k] is None else scale * found[k] for k in ("difference", "low", "high", "detectable")}
    return Decision(
        found["from"],
        found["to"],
        what,
        found["higher_is_better"],
        found["word"],
        found["withheld"],
        found["n"],
        numbers["difference"],
        numbers["low"],
        numbers["high"],
        found["p_holm"],
        numbers["detectable"],
    )


def read_results(board: Artifact) -> Results:
    """The numbers of a board's artifact; raises UsageError when it has no board.json."""
    file = board.path / "board.json"
    if not file.exists():
        raise UsageError(f"{board.ref} has no board.json; give the stage of a board")
    return Results(json.loads(file.read_bytes()))
