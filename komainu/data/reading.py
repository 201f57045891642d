"""The rows of files, one after the other, with what is wrong with each; and the count of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from komainu.data.part import part_of
from komainu.data.places import digest, hub_ref, name_of, stamps
from komainu.errors import UsageError
from komainu.files import TABLES, Found, count, form, scan
from komainu.layouts import detect, to_row
from komainu.rows import Chat, Pair, Row
from komainu.votes import NoPair, is_vote

if TYPE_CHECKING:
    from komainu.data.files import RowFile

SHOWN = 20  # problems of one set that are spelled out
CUT = "cut"  # the reason where a file cannot be read any further
META: dict[str, type] = {  # what steps and benches rely on, where a file's own meta has it
    **{"source": str, "licence": str, "task": str, "lang": str, "register": str},
    **{"references": list, "from": list, "format": dict, "hidden": dict},
}


class Seen(NamedTuple):
    """One object of a file: its row; for a broken one also its place, one word for the reason, and what is wrong."""

    row: Row | None
    at: str = ""  # file:line
    reason: str = ""
    why: str = ""
    id: str = ""
    aside: bool = False  # not broken: a vote that is no pair, by its own word

    @property
    def problem(self) -> str:
        """file:line, the row's id and what is wrong; "" for a good row."""
        if not self.reason:
            return ""
        return ": ".join(filter(None, (self.at, self.id and f"row {self.id}", self.why)))


class Survey:
    """What was seen of a set: how many good rows and broken ones, how many votes that are no pairs by their reason, and
    the first problems."""

    def __init__(self, path: str, broken: float) -> None:
        self.path, self.broken = path, broken
        self.rows, self.problems, self.cut = 0, 0, False
        self.aside = Counter[str]()
        self.shown: list[str] = []

    def add(self, seen: Seen) -> bool:
        """Count one object; whether it is a good row."""
        if seen.aside:
            self.aside[seen.reason] += 1
            return False
        self.rows += not seen.reason
        self.problems += bool(seen.reason)
        self.cut |= seen.reason == CUT
        if seen.reason and len(self.shown) < SHOWN:
            self.shown.append(seen.problem)
        return not seen.reason

    @property
    def fails(self) -> bool:
        """Whether more is broken than may be. A set without a good row always fails."""
        return self.cut or self.problems > self.broken * (self.rows + self.problems) or not self.rows

    def said(self) -> Iterator[str]:
        """The first problems, and how many there are in all."""
        yield from self.shown
        if self.aside and not self.rows + self.problems:
            told = ", ".join(f"{n} {reason}" for reason, n in sorted(self.aside.items()))
            yield f"{self.path}: none of its {self.aside.total()} votes prefers an answer: {told}"
        if self.problems > len(self.shown):
            yield f"{self.path}: {self.problems} problems in all; the first {len(self.shown)} are shown"
        if self.broken and not self.cut:
            total = self.rows + self.problems
            yield f"{self.path}: {self.problems} of {total} rows are broken; `broken` allows {self.broken:g} of them"


class Reader:
    """Reads the files of a stage once."""

    def __init__(self, stage: RowFile) -> None:
        self.stage, self.layout = stage, stage.layout
        self.taken = set[str]()
        self.source = ""
        self.votes = False  # whether a vote was among the objects

    def part(self) -> Iterator[Seen]:
        """Every object of the stage's part of the rows, with what is wrong with each."""
        stage, number = self.stage, -1
        try:
            files = stage.files()
            ref = hub_ref(stage.hub)
            self.source = stage.source or (ref.repo if ref else name_of(stage.path, files))
            part = part_of(stage.part)
            first, last = part.span(sum(map(count, files)) if part.counted else 1 << 62)
        except UsageError as error:
            yield Seen(None, "", CUT, str(error))
            return
        for number, seen in enumerate(self.every(files)):
            if number >= last:
                break
            if number >= first or seen.reason == CUT:
                yield seen
        if min(number, last - 1) < first:
            where, has = stage.hub or stage.path, f"the part {stage.part} holds no rows"
            yield Seen(None, where, CUT, has if stage.part else "the file is empty")

    def every(self, files: list[Path]) -> Iterator[Seen]:
        """Every object of the files."""
        for file in files:
            empty, prefix = True, digest(*stamps([file])[0])[:8]
            try:
                for found in scan(file):
                    empty = False
                    yield self.judged(f"{file}:{found.line}", found, prefix)
            except UsageError as error:
                yield Seen(None, "", CUT, str(error))
                return
            if empty and len(files) > 1 and form(file) not in TABLES:
                yield Seen(None, str(file), CUT, "the file is empty; take it away if it has to be")
                return

    def judged(self, at: str, found: Found, prefix: str) -> Seen:
        """An object as a row, with what is wrong with it."""
        if found.value is None:
            if found.torn and self.votes:
                return Seen(None, at, "torn", "the file ends in the middle of this vote", aside=True)
            return Seen(None, at, "unreadable", found.problem)
        id = self.row_id(found, prefix)
        self.votes |= is_vote(found.value) and self.stage.makes is Pair
        try:
            self.layout = self.layout or detect(found.value)
            row = to_row(found.value, id, self.layout)
        except NoPair as error:
            return Seen(None, at, error.reason, str(error), id, aside=self.votes)
        except UsageError as error:
            return Seen(None, at, "layout", str(error), id)
        if not isinstance(row, self.stage.makes):
            return Seen(self.labelled(row), at, "type", self.misplaced(row), id)
        wrong = self.stage.wrong(row)
        why = wrong or meta_problem(row.meta)
        return Seen(self.labelled(row), at, "turns" if wrong else "meta" if why else "", why, id)

    def row_id(self, found: Found, prefix: str) -> str:
        """The object's own id where it is the first of that name, else one made of the file's hash and the line."""
        assert found.value is not None, "a broken line has no id"
        own = found.value.get("id")
        id = str(own) if isinstance(own, (str, int)) and not isinstance(own, bool) else ""
        if not id or id in self.taken:
            id = f"{prefix}-{found.line}"
        copy, base = 1, id
        while id in self.taken:  # the same file twice
            copy += 1
            id = f"{base}-{copy}"
        self.taken.add(id)
        return id

    def misplaced(self, row: Row) -> str:
        other = "PairFile" if isinstance(row, Pair) else "ChatFile"
        return f"this is a {type(row).__name__}, not a {self.stage.makes.__name__}; read the file with {other}"

    def labelled(self, row: Chat | Pair) -> Row:
        return row.with_meta(**{"source": self.source, "licence": self.stage.licence, **row.meta})


def meta_problem(meta: dict[str, Any]) -> str:
    """What is wrong with a meta object that a file brought, in a sentence; "" when nothing is."""
    for key, wanted in META.items():
        if key in meta and not isinstance(meta[key], wanted):
            return f"meta.{key} is of type {type(meta[key]).__name__}; expected {wanted.__name__}"
    if meta.get("lang", "ja") not in ("ja", "en"):
        return f"meta.lang is {meta['lang']!r}; expected 'ja' or 'en', or none"
    return ""
