"""A table of many models: its columns, its rows in order, and which of them no test tells apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import combinations
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple

from komainu.errors import UsageError, nearest
from komainu.eval.league.cells import Cell
from komainu.eval.league.columns import Column, Entrant, columns
from komainu.eval.league.found import Number
from komainu.eval.league.pick import Wanted, matches, size
from komainu.eval.stats.family import holm
from komainu.eval.stats.groups import groups
from komainu.eval.stats.intervals import LEVEL, normal_quantile

MOST = 200  # models up to which all pairs are compared


class Row(NamedTuple):
    """A model under the name it is shown by; `groups` are the numbers of those it belongs to."""

    name: str
    entrant: Entrant
    results: tuple[str, ...]
    rope: int = 0  # the factor of its RoPE scaling; 0 without
    groups: tuple[int, ...] = ()


Place = tuple[Row, Column, Cell]


@dataclass(frozen=True)
class League:
    """Columns and rows; `by` is the column that the rows are sorted and grouped by, None when they are by name."""

    columns: list[Column]
    rows: list[Row]
    by: Column | None

    def cells(self, row: Row) -> Iterator[tuple[Column, Cell | None]]:
        return ((column, column.cells.get(row.entrant)) for column in self.columns)

    @cached_property
    def withheld(self) -> list[Place]:
        """The cells that lack too many verdicts."""
        return [each for each in self.places() if each[2].state == "withheld"]

    @cached_property
    def accepted(self) -> list[Place]:
        """The cells that lack verdicts and are shown all the same."""
        return [each for each in self.places() if each[2].why and each[2].state == "whole"]

    def places(self) -> Iterator[Place]:
        """Every cell that there is."""
        for row in self.rows:
            yield from ((row, column, cell) for column, cell in self.cells(row) if cell)


def league(
    numbers: Sequence[Number], sort: str, wanted: Wanted, accept: float, licence: Callable[[Number], str]
) -> League:
    """The table of some numbers. `sort` is the key or the name of a column, best first, or `model`; with a `-` before
    it the other way round; "" for the average that most models have, or the first column that has numbers. Raises
    UsageError for an unknown column."""
    every = columns(numbers, accept)
    by = sorted_by(every, sort.removeprefix("-"))
    rows = [*kept(listed(numbers, every), every, numbers, wanted, licence)]
    return League(every, grouped(ordered(rows, by, turned=sort.startswith("-")), by), by)


def value(column: Column, row: Row) -> float | None:
    cell = column.cells.get(row.entrant)
    return cell.value if cell else None


def sorted_by(every: Sequence[Column], sort: str) -> Column | None:
    """The column meant; None for the models' names."""
    if not sort:
        counts = [(sum(cell.value is not None for cell in c.cells.values()), c) for c in every]
        averages, others = ([(n, c) for n, c in counts if n and bool(c.of) == of] for of in (True, False))
        return max(averages, key=lambda each: each[0])[1] if averages else others[0][1] if others else None
    if sort.casefold() == "model":
        return None
    return found(every, sort)


def found(every: Sequence[Column], word: str) -> Column:
    """The column of a key or a name."""
    for column in every:
        if word.casefold() in (column.key.casefold(), column.name.casefold()):
            return column
    several = [f"{c.key} ({c.way})" for c in every if c.key.startswith(f"{word.casefold()}@")]
    if several:
        raise UsageError(f"{word!r} was measured in several ways, which are not mixed: say {' or '.join(several)}")
    raise UsageError(f"there is no column {word!r}{nearest(word, [*(c.key for c in every), 'model'])}")


def listed(numbers: Sequence[Number], every: Sequence[Column]) -> list[Row]:
    """One row a model. Two of one name are told apart by a result of each."""
    results: dict[tuple[str, str], list[str]] = {}
    for number in numbers:
        there = results.setdefault((number.model, number.weights), [])
        if number.result not in there:
            there.append(number.result)
    ropes = {(number.model, number.weights): number.rope for number in numbers}
    entrants = sorted({entrant for column in every for entrant in column.cells})
    same = Counter(entrant.model for entrant in entrants)
    rows = []
    for entrant in entrants:
        of = results[entrant.model, entrant.weights]
        told = f"{entrant.model} ({entrant.result or of[0]})" if same[entrant.model] > 1 else entrant.model
        rows.append(Row(told, entrant, tuple(of), ropes[entrant.model, entrant.weights]))
    return rows


def kept(
    rows: Iterable[Row],
    every: Sequence[Column],
    numbers: Sequence[Number],
    wanted: Wanted,
    licence: Callable[[Number], str],
) -> Iterator[Row]:
    """The rows that have all that is wanted."""
    bounds = [(b, None if b.key == "size" else found(every, b.key)) for b in wanted.bounds]
    first = {(n.model, n.weights): n for n in reversed(numbers)} if wanted.words else {}
    for row in rows:
        held = all(b.holds(size(row.entrant.model) if c is None else value(c, row)) for b, c in bounds)
        number = first.get(row.entrant[:2])
        if held and (number is None or matches(wanted.words, (row.name, *row.results), partial(licence, number))):
            yield row


def ordered(rows: Sequence[Row], by: Column | None, *, turned: bool) -> list[Row]:
    """By a column, best first, what has no number last; equal ones, and all without a column, by name."""
    names = sorted(rows, key=lambda row: (row.name.casefold(), row.entrant))
    if by is None:
        return names[::-1] if turned else names
    there = [(v, row) for row in names if (v := value(by, row)) is not None]
    there.sort(key=lambda each: each[0], reverse=by.better_up != turned)
    return [*(row for _, row in there), *(row for row in names if value(by, row) is None)]


def grouped(rows: list[Row], by: Column | None) -> list[Row]:
    """The rows with their groups in the column they are sorted by; see `alike`."""
    found = alike([by.cells.get(row.entrant) if by else None for row in rows])
    return [row._replace(groups=tuple(n for n, g in enumerate(found, 1) if i in g)) for i, row in enumerate(rows)]


def alike(cells: Sequence[Cell | None]) -> list[list[int]]:
    """Groups of the places of numbers, best first, that no test tells apart; none where there are more than MOST.

    The numbers are compared two by two as independent ones, by their intervals, and p is corrected over all pairs
    (Holm). Models that answered the same items can be told apart sooner: `komainu eval compare` pairs the items.
    """
    there = {str(i): cell for i, cell in enumerate(cells) if cell and cell.value is not None and cell.low is not None}
    if not 2 <= len(there) <= MOST:
        return []
    pairs = [*combinations(there, 2)]
    adjusted = holm([p_value(there[a], there[b]) for a, b in pairs])
    near = {frozenset(pair) for pair, p in zip(pairs, adjusted, strict=True) if p > 1 - LEVEL}
    return [[int(i) for i in group] for group in groups([*there], lambda a, b: frozenset((a, b)) not in near)]


def p_value(a: Cell, b: Cell) -> float:
    """Two-sided p of no difference between two independent numbers, from the sides of their intervals that face."""
    assert a.value is not None and b.value is not None
    upper, lower = (a, b) if a.value >= b.value else (b, a)
    assert upper.value is not None and upper.low is not None and lower.value is not None and lower.high is not None
    reach = sqrt((upper.value - upper.low) ** 2 + (lower.high - lower.value) ** 2) / normal_quantile()
    gap = upper.value - lower.value
    return 2 * (1 - NormalDist().cdf(gap / reach)) if reach > 0 else float(gap == 0)
