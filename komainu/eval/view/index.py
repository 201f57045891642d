"""What a site's first page shows: every entry's numbers in every column, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from komainu.eval.league.cells import Cell
from komainu.eval.league.table import alike
from komainu.eval.league.ways import apart
from komainu.eval.view.boards import AnswerSet, Boards, Column, Object, Part

DECIDED = ("difference", "low", "high", "p_holm", "word", "withheld")


def index(boards: Boards, sets: Sequence[AnswerSet]) -> Object:
    """The names of the entries, the columns of benches and then of averages, and decisions: from, to, column, and
    DECIDED. Entries and columns stand for their numbers."""
    entries = {name: number for number, name in enumerate(boards.entries)}
    benches = [bench(boards, number, sets) for number in range(len(boards.columns))]
    every: list[Column | Part] = [*boards.columns, *boards.parts]
    place = {each: number for number, each in enumerate(every)}
    return {
        "level": boards.level,
        "entries": [*boards.entries],
        "columns": [*benches, *(average(boards, number) for number in range(len(boards.parts)))],
        "decisions": [
            [entries[d["from"]], entries[d["to"]], place[column], *(d[key] for key in DECIDED)]
            for column, d in boards.decisions
            if column in place
        ],
    }


def bench(boards: Boards, number: int, sets: Sequence[AnswerSet]) -> Object:
    """A column of a bench; of several of one name, measured in different ways, `apart` tells what is different."""
    column = boards.columns[number]
    lines = [entry.lines.get(column) for entry in boards.entries.values()]
    first = next(line for line in lines if line)
    twins = [other for other in boards.columns if other[:3] == column[:3]]
    return {
        "bench": column.bench,
        "twin": twins.index(column),
        "apart": apart([other.way for other in twins])[twins.index(column)],
        "language": column.language,
        "metric": column.metric,
        "bottom": first.get("bottom", 0),
        "top": first["top"],
        "set": next(n for n, each in enumerate(sets) if number in each.columns),
        "items": first.get("items"),
        **cells(lines, up=first["higher_is_better"]),
    }


def average(boards: Boards, number: int) -> Object:
    """A column of an average."""
    part = boards.parts[number]
    twins = sum(other.name == part.name for other in boards.parts[:number])
    found = cells([entry.headline.get(part) for entry in boards.entries.values()], up=True)
    return {"part": part.name, "twin": twins, "bottom": 0, "top": 100, **found}


def cells(lines: Sequence[Object | None], *, up: bool) -> Object:
    """A cell an entry, and groups of those that no test tells apart, best first, as `komainu eval board` has them."""
    made = [cell(line) if line else None for line in lines]
    whole = {
        i: Cell("whole", *each[:3]) for i, each in enumerate(made) if each and len(each) == 5 and each[0] is not None
    }
    order = sorted(whole, key=lambda i: whole[i].value or 0.0, reverse=up)
    return {
        "up": up,
        "cells": made,
        "groups": [[order[i] for i in group] for group in alike([whole[i] for i in order])],
    }


def cell(numbers: Object) -> list[Any]:
    """Mean, low, high, n, missing; of what is withheld its bounds for low and high, and why at the end."""
    why = numbers.get("withheld", "")
    ends = ("worst", "best") if why else ("low", "high")
    return [
        numbers["mean"],
        *(numbers[end] for end in ends),
        numbers.get("n"),
        numbers.get("missing"),
        *([why] if why else []),
    ]
