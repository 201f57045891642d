"""Columns of a table of many models: one for each way in which a bench, or what an average is of, was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import NamedTuple

from komainu.eval.family import MEANS, PARTS, Mean, Shown
from komainu.eval.league import ways
from komainu.eval.league.cells import Cell, cell, mean
from komainu.eval.league.found import Number

FAMILY = {(shown.bench, shown.metric): shown for shown in PARTS}
BENCHES = {shown.bench for shown in PARTS}


class Entrant(NamedTuple):
    """A model; `result` is set where a second result has another number for it in the same column."""

    model: str
    weights: str
    result: str = ""


@dataclass(frozen=True)
class Column:
    """`way` is what tells it from the other columns of this name, "" when there is none; `of` names an average's
    parts, `without` those that a part of an average leaves out."""

    key: str
    name: str
    unit: float
    digits: int
    better_up: bool
    cells: Mapping[Entrant, Cell]
    way: str = ""
    of: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


Cells = dict[ways.Key, dict[Entrant, Cell]]  # of one bench, by the way it was measured


class Board(NamedTuple):
    """All numbers as cells: by what is shown, by way, by model; and which of them are better when lower."""

    cells: dict[Shown, Cells]
    lower: set[Shown]


def placed(numbers: Iterable[Number], accept: float) -> Board:
    """Numbers by column. A bench that the family's table does not show has a column for its first metric."""
    found = Board({}, set())
    first: dict[tuple[str, str], str] = {}
    for number in numbers:
        shown = FAMILY.get((number.bench, number.metric))
        if shown is None:
            what = (number.bench, number.language)
            if number.bench in BENCHES or first.setdefault(what, number.metric) != number.metric:
                continue
            name = f"{number.bench} ({number.language})"
            shown = Shown("_".join(what), name, number.bench, number.metric, number.row["top"])
        if not number.row["higher_is_better"]:
            found.lower.add(shown)
        there = found.cells.setdefault(shown, {}).setdefault(ways.key(number.way), {})
        new = cell(number, shown, accept)
        entrant = Entrant(number.model, number.weights)
        if entrant in there and there[entrant].more["scores"] != new.more["scores"]:
            entrant = entrant._replace(result=number.result)
        there[entrant] = new
    return found


def columns(numbers: Iterable[Number], accept: float = 0.0) -> list[Column]:
    """Averages first, then the family's benches in its order, then the others by name."""
    board = placed(numbers, accept)
    others = sorted((s for s in board.cells if s not in PARTS), key=lambda s: s.name)
    averages = chain.from_iterable(beside(each) for mean in MEANS for each in of_mean(mean, board))
    shown = [each for each in (*PARTS, *others) if each in board.cells]
    return [*averages, *chain.from_iterable(split(s, board.cells[s], better_up=s not in board.lower) for s in shown)]


def split(shown: Shown | Mean, cells: Cells, *, better_up: bool = True, **more: tuple[str, ...]) -> Iterator[Column]:
    """One column for each way, the one with the most models first; more than one are numbered."""
    order = sorted(cells, key=lambda way: (-len(cells[way]), ways.panel(way), way))
    for n, (way, told) in enumerate(zip(order, ways.apart(order), strict=True), 1):
        name, key = (shown.name, shown.key) if len(order) == 1 else (f"{shown.name} ({n})", f"{shown.key}@{n}")
        yield Column(key, name, shown.unit, shown.digits, better_up, cells[way], told, **more)


def of_mean(wanted: Mean, board: Board) -> Iterator[Column]:
    """The columns of an average, and where some model lacks a part, those of the parts that all models have."""
    there = {part: {e for some in board.cells.get(part, {}).values() for e in some} for part in wanted.of}
    every = set[Entrant]().union(*there.values())
    if not every:
        return
    yield from split(wanted, averaged(wanted, every, board), of=names(wanted.of))
    common = tuple(part for part in wanted.of if there[part] == every)
    if 1 < len(common) < len(wanted.of):
        title = f"{wanted.name.removesuffix(' AVG')} {len(common)} of {len(wanted.of)}"
        some = wanted._replace(key=f"{wanted.key}_{len(common)}_of_{len(wanted.of)}", name=title, of=common)
        left = names(part for part in wanted.of if part not in common)
        yield from split(some, averaged(some, every, board), of=names(common), without=left)


def beside(column: Column) -> Iterator[Column]:
    """An average, and where several judges marked, the same with each judge weighing alike, without intervals."""
    yield column
    alike = {e: c.more["balanced"] for e, c in column.cells.items() if c.more.get("balanced") is not None}
    if alike:
        cells = {entrant: Cell("whole", value) for entrant, value in alike.items()}
        key, name = f"{column.key}_balanced", f"{column.name} balanced"
        yield replace(column, key=key, name=name, cells=cells, without=(), way="")


def names(parts: Iterable[Shown]) -> tuple[str, ...]:
    return tuple(part.name for part in parts)


def averaged(wanted: Mean, every: set[Entrant], board: Board) -> Cells:
    """The average of each model, by how its parts were measured: one for each panel of judges that a model had.

    An average that is not whole stands where its parts would, beside whole ones that were measured alike.
    """
    found: Cells = {}
    rest: list[tuple[ways.Key, Entrant, Cell]] = []
    for entrant in sorted(every):
        for choice in choices(wanted, entrant, board):
            way, made = one(wanted, entrant, choice, board)
            if made.state == "partial":
                rest.append((way, entrant, made))
            else:
                found.setdefault(way, {})[entrant] = made
    for way, entrant, made in rest:
        alike = next((each for each in found if set(way) <= set(each)), next(iter(found), ()))
        found.setdefault(alike, {}).setdefault(entrant, made)
    return found


Choice = dict[Shown, list[ways.Key]]


def choices(wanted: Mean, entrant: Entrant, board: Board) -> Iterator[Choice]:
    """For each panel of judges, the ways in which the model has each part."""
    has = {p: [w for w, some in board.cells.get(p, {}).items() if entrant in some] for p in wanted.of}
    panels = sorted({ways.panel(way) for some in has.values() for way in some if ways.panel(way)}) or [()]
    for panel in panels:
        yield {part: [way for way in some if ways.panel(way) in ((), panel)] for part, some in has.items()}


def one(wanted: Mean, entrant: Entrant, choice: Choice, board: Board) -> tuple[ways.Key, Cell]:
    """The average of one model, and how it was measured."""
    taken = {part: some[0] for part, some in choice.items() if some}
    way = ways.joined({part.name: each for part, each in taken.items()})
    without = names(part for part in wanted.of if part not in taken)
    if without:
        there = f"{len(taken)} of {len(wanted.of)}"
        return way, Cell("partial", why=f"{there}, without {', '.join(without)}")
    if several := names(part for part, some in choice.items() if len(some) > 1):
        return way, Cell("partial", why=f"measured in several ways: {', '.join(several)}")
    parts = [(part.name, part.unit, board.cells[part][at][entrant]) for part, at in taken.items()]
    return way, mean(parts, wanted.unit)


def valued(some: Sequence[Column]) -> list[Column]:
    """The columns that have a number for any model, or bounds of one."""
    return [column for column in some if any(c.state != "partial" for c in column.cells.values())]
