"""What `eval rank` does; nothing here prints."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from komainu.cli_verbs import Outcome

COLUMNS = ("model", "strength", "95 % interval", "LT", "95 % interval", "won", "of")


def rank(file: Path) -> Outcome:
    """The Bradley-Terry ranking of a file of comparisons."""
    from komainu.eval.rank import ranking, read

    found = ranking(read(file))
    return Outcome(found, rank_lines(found))


def rank_lines(found: Mapping[str, Any]) -> Iterator[str]:
    for part in range(1, found["parts"] + 1):
        rows = [COLUMNS, *(cells(row) for row in found["rows"] if row["part"] == part)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        for name, *numbers in rows:
            right = (f"{cell:>{width}}" for cell, width in zip(numbers, widths[1:], strict=True))
            yield "  ".join((f"{name:<{widths[0]}}", *right))
        yield ""
    yield from (f"not distinguishable: {', '.join(group)}" for group in found["groups"] if len(group) > 1)
    yield from found["notes"]


def cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    low, high = ("-" if row[side] is None else f"{row[side]:.3f}" for side in ("low", "high"))
    strength, lt = f"{row['strength']:.3f}", f"{row['lt']:.3f}"
    scale = f"[{row['lt_low']:.3f}, {row['lt_high']:.3f}]"
    return (row["model"], strength, f"[{low}, {high}]", lt, scale, f"{row['wins']:g}", f"{row['games']:g}")
