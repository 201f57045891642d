"""What a site's first page shows: every entry's numbers in every column, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from komainu.eval.view.boards import AnswerSet, Boards, Column, Object


def index(boards: Boards, sets: Sequence[AnswerSet], sizes: Sequence[int]) -> Object:
    """Entries and columns stand for their numbers: the columns of benches, then the averages. `columns[i].cells` has
    a cell an entry (see `cell`), `decisions` is from, to, column, difference, low, high, corrected p, word, and why it
    is withheld."""
    entries = {name: number for number, name in enumerate(boards.entries)}
    columns = [bench(boards, number, sets) for number in range(len(boards.columns))]
    columns += [average(boards, part) for part in boards.parts]
    place: dict[Column | str, int] = {each: number for number, each in enumerate([*boards.columns, *boards.parts])}
    return {
        "level": boards.level,
        "entries": [*boards.entries],
        "columns": columns,
        "decisions": [
            [
                entries[d["from"]],
                entries[d["to"]],
                place[column],
                *(d[k] for k in ("difference", "low", "high", "p_holm", "word", "withheld")),
            ]
            for column, d in boards.decisions
            if column in place
        ],
        "sets": [{"items": size, "columns": each.columns} for each, size in zip(sets, sizes, strict=True)],
    }


def bench(boards: Boards, number: int, sets: Sequence[AnswerSet]) -> Object:
    """A column of a bench."""
    column = boards.columns[number]
    lines = [entry.lines.get(column) for entry in boards.entries.values()]
    first = next(line for line in lines if line)
    twins = [other for other in boards.columns[:number] if other[:3] == column[:3]]
    return {
        "bench": column.bench + (f" #{len(twins) + 1}" if twins else ""),
        "language": column.language,
        "metric": column.metric,
        "up": first["higher_is_better"],
        "top": first["top"],
        "set": next(n for n, each in enumerate(sets) if number in each.columns),
        "items": first.get("items"),
        "cells": [*map(cell, lines)],
    }


def average(boards: Boards, part: str) -> Object:
    """A column of an average."""
    return {
        "part": part,
        "up": True,
        "top": 100,
        "cells": [cell(e.headline.get(part)) for e in boards.entries.values()],
    }


def cell(numbers: Object | None) -> list[Any] | None:
    """Mean, low, high, n, missing; of what is withheld its bounds for low and high, and why at the end."""
    if numbers is None:
        return None
    why = numbers.get("withheld", "")
    ends = ("worst", "best") if why else ("low", "high")
    found = [numbers["mean"], *(numbers[end] for end in ends), numbers.get("n"), numbers.get("missing")]
    return [*found, why] if why else found
