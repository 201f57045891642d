"""What standings.json holds, from the numbers of boards."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from komainu.errors import UsageError
from komainu.eval.league import pick, write
from komainu.eval.league.found import OLDER, licence, of_board
from komainu.eval.league.table import league
from komainu.store import Store

if TYPE_CHECKING:
    from komainu.eval.standings import Standings


def standings(stage: Standings, boards: Mapping[str, dict[str, Any]], store: Store) -> dict[str, Any]:
    """The table over `boards`, what board.json holds by `board/<id>`. Raises UsageError where no model is left."""
    if older := [ref for ref, found in boards.items() if "measured" not in found]:
        raise UsageError(f"{older[0]} {OLDER}")
    numbers = [number for ref, found in boards.items() for number in of_board(ref, found)]
    made = league(numbers, stage.sort, pick.wanted(stage.filters), stage.accept, partial(licence, store))
    if not made.rows:
        raise UsageError(f"none of the models is as Standings.filters wants: {'; '.join(stage.filters)}")
    header, rows = write.lines(made)
    return {"header": header, "rows": [*rows], "notes": [*write.notes(made)], "table": write.json(made)}
