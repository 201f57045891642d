"""Two READMEs of a card against each other, cell by cell: what is shown, and what the evidence gives."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Literal, NamedTuple

from komainu.release.words.choice import WORDS

State = Literal["OK", "differs", "no evidence"]
CELLS = re.compile(r"(?<!\\)\|")
RULE = re.compile(r"[|\s:-]+")  # the line under a table's header
SECTIONS = {heading: part for words in WORDS.values() for heading, part in words.SECTIONS.items()}


class Line(NamedTuple):
    """A line of a README: the headings above it, of a table's row the header and the cells."""

    headings: tuple[str, ...]
    text: str
    header: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()

    @property
    def part(self) -> str:
        """What it rests on: `data`, `sweep`, `training`, or else the `board`. The metadata names data sets."""
        if not self.headings:
            return "data"
        return next((SECTIONS[h] for h in reversed(self.headings) if h in SECTIONS), "board")

    @property
    def named(self) -> str:
        """Where it stands: `What was decided > base and sft > exact (ja)`."""
        first = self.cells[0] if self.cells and self.cells[0] else self.text
        return " > ".join([*self.headings[1:], first.strip()[:60]])


class Cell(NamedTuple):
    """A table cell, or a line that is none, and whether the evidence gives it. `given` is None for one too many."""

    where: str
    state: State
    shown: str | None
    given: str | None
    why: str = ""

    def sentence(self) -> str:
        if self.state == "differs":
            shown, given = ("nothing" if each is None else repr(each) for each in (self.shown, self.given))
            return f"{self.where}: differs: the card shows {shown}, the evidence gives {given}"
        return f"{self.where}: {self.state}{': ' if self.why else ''}{self.why}"


def lines(text: str) -> list[Line]:
    """The lines of a README. A form feed or another odd line end is a part of its line."""
    found: list[Line] = []
    headings: list[str] = []
    header: tuple[str, ...] = ()
    fenced = False
    for line in text.split("\n"):
        fenced ^= line.startswith("```")
        if not headings and line == "model-index:":  # scores in the metadata
            headings = ["", "model-index"]
        elif headings[1:] == ["model-index"] and line == "---":
            headings = []
        if not fenced and (match := re.match(r"(#{1,6}) (.*)", line)):
            depth = len(match[1])
            headings = [*headings[: depth - 1], match[2]]
        if line.startswith("|") and not fenced:
            cells = tuple(each.strip(" ") for each in CELLS.split(line)[1:-1])
            header = header or cells
            found.append(Line(tuple(headings), line, header, cells))
        else:
            header = ()
            found.append(Line(tuple(headings), line))
    return found


def audit(shown: str, given: str, lacking: Mapping[str, str]) -> Iterator[Cell]:
    """Every cell of every table, and every other line, of both texts; `given` is what the evidence gives.

    Lines are aligned, so a row too many or too few, or two that changed places, are named as such and the rest still
    stands. `lacking` has the parts for which there is no evidence, and why; of these nothing can be OK.
    """
    for part in dict.fromkeys(line.part for line in lines(shown)):
        if part in lacking:
            some = [line for line in lines(shown) if line.part == part]
            yield from (c._replace(state="no evidence", why=lacking[part]) for a in some for c in compared(a, a))
    a, b = ([line for line in lines(text) if line.part not in lacking] for text in (given, shown))
    mine, theirs = ([(line.headings, line.text) for line in side] for side in (a, b))
    for tag, a0, a1, b0, b1 in SequenceMatcher(a=mine, b=theirs, autojunk=False).get_opcodes():
        if tag == "equal":
            yield from (cell for line in a[a0:a1] for cell in compared(line, line))
        else:
            for one, other in zip_longest(a[a0:a1], b[b0:b1]):
                yield from compared(one, other)


def compared(given: Line | None, shown: Line | None) -> Iterator[Cell]:
    """The cells of one line; a line that only one side has is one cell."""
    if given is None or shown is None or given.header != shown.header or len(given.cells) != len(shown.cells):
        there = given or shown
        assert there is not None, "a line of neither side"
        yield Cell(there.named, "differs", shown and shown.text, given and given.text)
    elif not given.cells or RULE.fullmatch(given.text) or given.cells == given.header:
        same = given.text == shown.text and given.headings == shown.headings
        yield Cell(given.named, "OK" if same else "differs", shown.text, given.text)
    else:
        yield from in_row(given, shown)


def in_row(given: Line, shown: Line) -> Iterator[Cell]:
    """Cell by cell; what stands between cells counts too."""
    same: Sequence[bool] = [a == b for a, b in zip(given.cells, shown.cells, strict=True)]
    for column, a, b, fine in zip(given.header, given.cells, shown.cells, same, strict=True):
        yield Cell(f"{given.named} > {column or '(first column)'}", "OK" if fine else "differs", b, a)
    if all(same) and (given.text, given.headings) != (shown.text, shown.headings):
        yield Cell(given.named, "differs", shown.text, given.text)


def counted(cells: Sequence[Cell]) -> dict[str, int]:
    """How many are OK, differ, and have no evidence; empty lines left out."""
    found = Counter(cell.state for cell in cells if (cell.shown or "").strip() or (cell.given or "").strip())
    return {state: found[state] for state in ("OK", "differs", "no evidence")}
