"""A table of many models as text, as CSV and as JSON, with what is to be told under it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from komainu.eval.league.cells import Cell
from komainu.eval.league.columns import Column, valued
from komainu.eval.league.table import League, Row
from komainu.terminal import cells, printable

NOTHING = "–"
NAME, LEAST = 40, 12  # cells of a name where the width is limited: at most, and at least so many are left of it
FEW = 5  # models that are named in a note; --json has them all
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # what a spreadsheet takes for the start of one


def header(columns: Sequence[Column], *, grouped: bool) -> list[str]:
    return ["Model", *(["Group"] if grouped else []), *(printable(column.name) for column in columns)]


def lines(league: League) -> tuple[list[str], Iterator[list[str]]]:
    """Heading and rows as texts; columns without any number are left out."""
    columns = valued(league.columns)
    grouped = any(row.groups for row in league.rows)

    def texts(row: Row) -> list[str]:
        cells = [shown(column, column.cells.get(row.entrant)) for column in columns]
        return [printable(row.name), *([letters(row)] if grouped else []), *cells]

    return header(columns, grouped=grouped), map(texts, league.rows)


def shown(column: Column, cell: Cell | None) -> str:
    """`8.45 [8.21, 8.66]`; a `*` after what lacks verdicts and is shown all the same."""
    if cell is None or cell.state == "partial":
        return NOTHING
    if cell.value is None:
        known = [f"{end:.{column.digits}f}" for end in (cell.worst, cell.best) if end is not None]
        return f"withheld ({' to '.join(known)})" if known else "withheld"
    value, star = f"{cell.value:.{column.digits}f}", "*" if cell.why else ""
    if cell.low is None or cell.high is None:
        return value + star
    return f"{value} [{cell.low:.{column.digits}f}, {cell.high:.{column.digits}f}]{star}"


def letters(row: Row) -> str:
    """The groups of a row: `ab`, with commas from the 27th on."""
    found = [letter(n) for n in row.groups]
    return ("" if all(len(each) == 1 for each in found) else ",").join(found)


def letter(n: int) -> str:
    """1 is a, 26 z, 27 aa."""
    rest, last = divmod(n - 1, 26)
    return (letter(rest) if rest else "") + chr(ord("a") + last)


def text(league: League, width: int) -> Iterator[str]:
    """The table in lines of at most `width` cells (0: any): as many columns as fit beside the names, the others under
    them. Then what is to be told of it."""
    head, rows = lines(league)
    every = [head, *rows]
    if width:
        every = [[cut(line[0], min(NAME, max(LEAST, width // 3))), *line[1:]] for line in every]
    sizes = [max(map(cells, column)) for column in zip(*every, strict=True)]
    for at, block in enumerate(blocks(sizes, width)):
        if at:
            yield ""
        for line in every:
            rest = (" " * (sizes[i] - cells(line[i])) + line[i] for i in block)
            yield "  ".join((line[0] + " " * (sizes[0] - cells(line[0])), *rest)).rstrip()
    told = [*notes(league)]
    yield from ("", *told) if told else ()


def blocks(sizes: Sequence[int], width: int) -> Iterator[list[int]]:
    """The columns that stand beside each other; each block has at least one."""
    block: list[int] = []
    used = sizes[0]
    for i, size in enumerate(sizes[1:], 1):
        if block and width and used + 2 + size > width:
            yield block
            block, used = [], sizes[0]
        block.append(i)
        used += 2 + size
    yield block


def cut(text: str, width: int) -> str:
    if cells(text) <= width:
        return text
    while text and cells(text) > width - 1:
        text = text[:-1]
    return f"{text}…"


def notes(league: League) -> Iterator[str]:
    """What the table cannot say itself."""
    same: dict[str, list[str]] = {}
    for column in valued(league.columns):
        for said in filter(None, (column.way, f"without {', '.join(column.without)}" if column.without else "")):
            same.setdefault(said, []).append(column.name)
    yield from (f"{', '.join(names)}: {said}" for said, names in same.items())
    for column in league.columns:
        partial = Counter(c.why for r in league.rows if (c := column.cells.get(r.entrant)) and c.state == "partial")
        yield from (f"{column.name}: not for {n} of {len(league.rows)}: {why}" for why, n in partial.most_common())
    scaled: dict[int, list[str]] = {}
    for row in league.rows:
        scaled.setdefault(row.rope, []).append(row.name)
    yield from (f"RoPE scaling {n}: {', '.join(names)}" for n, names in sorted(scaled.items()) if n)
    for word, every in (("withheld", league.withheld), ("*", league.accepted)):
        some = [each for each in every if not each[1].of]  # an average lacks what its parts lack
        yield from (f"{word} {row.name}, {column.name}: {told(cell)}" for row, column, cell in some[:FEW])
        if len(some) > FEW:
            yield f"{word} {len(some) - FEW} more"
    if league.by and any(row.groups for row in league.rows):
        yield f"Group: models that share a letter are not told apart by their {league.by.name} (docs/board.md)"


def told(cell: Cell) -> str:
    judges = cell.more.get("judges", {})
    each = ", ".join(f"{name} {found['missing']}" for name, found in judges.items())
    return f"{cell.why} (missing: {each})" if each else cell.why


def comma_separated(league: League) -> Iterator[str]:
    """A line a model: the numbers of each column with both ends of the interval, empty where there is none; in
    `notes` why. No text begins as a formula would."""
    columns = valued(league.columns)
    ends = [(column, end) for column in columns for end in ("value", "low", "high")]
    yield record(["model", "group", *(c.key if end == "value" else f"{c.key} {end}" for c, end in ends), "notes"])
    for row in league.rows:
        found = [(column.name, column.cells.get(row.entrant)) for column in columns]
        numbers = [getattr(column.cells.get(row.entrant), end, None) for column, end in ends]
        why = [f"RoPE scaling {row.rope}"] if row.rope else []
        why += (f"{name} {cell.state}: {told(cell)}" for name, cell in found if cell and cell.why)
        yield record([row.name, letters(row), *("" if x is None else f"{x:.6g}" for x in numbers), "; ".join(why)])


def record(texts: Iterable[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([harmless(printable(each)) for each in texts])
    return out.getvalue()


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula; numbers stay numbers."""
    try:
        float(text)
    except ValueError:
        return f"'{text}" if text.lstrip().startswith(FORMULA) else text
    return text


def json(league: League) -> dict[str, Any]:
    """rows: `model`, the value of each column by its key (None where there is none), `group`, `results`, and under
    `cells` all that is known of each; columns: what each is; sorted_by; withheld: what lacks verdicts."""
    return {
        "rows": [
            {
                "model": row.name,
                **{column.key: cell.json()["value"] if cell else None for column, cell in league.cells(row)},
                "group": [letter(n) for n in row.groups],
                "results": [*row.results],
                "weights": row.entrant.weights,
                "rope": row.rope,
                "cells": {column.key: cell.json() for column, cell in league.cells(row) if cell},
            }
            for row in league.rows
        ],
        "columns": [
            {
                "key": column.key,
                "name": column.name,
                "unit": column.unit,
                "higher_is_better": column.better_up,
                "measured": column.way,
                **({"of": column.of, "without": column.without} if column.of else {}),
            }
            for column in league.columns
        ],
        "sorted_by": league.by.key if league.by else "model",
        "withheld": [f"{row.name} {column.key}: {told(cell)}" for row, column, cell in league.withheld],
    }
