"""The word tables in tables/*.tsv, written for this benchmark; lines that begin with # are comments."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def rows(name: str) -> dict[str, tuple[str, ...]]:
    """The first cell of each row to its other cells."""
    text = files("komainu.eval.bench.jp_ifeval").joinpath("tables", f"{name}.tsv").read_text(encoding="utf-8")
    cells = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    found = {first: tuple(others) for first, *others in cells}
    assert len(found) == len(cells), f"tables/{name}.tsv has a row twice"
    return found


@cache
def words(name: str, row: str) -> tuple[str, ...]:
    """The words of a row's second cell, divided by spaces."""
    return tuple(rows(name)[row][0].split())
