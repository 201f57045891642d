"""Standings: the family's table over the models of several boards, for a card or a page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.errors import UsageError
from komainu.files import write_json
from komainu.stage import Stage, Table, needs

if TYPE_CHECKING:
    from komainu.context import Context

FILE = "standings.json"


@dataclass(frozen=True, kw_only=True)
class Standings(Stage):
    """Writes `standings.json`: `header` and `rows` of the table that `komainu eval board --markdown` prints for
    `boards`, `notes` on it, and under `table` what `--json` prints.

    Columns, units, averages and what is never mixed: docs/board.md. `sort` and `filters` are the words of `--sort` and
    `--filter` (`size<=14` is a size class), `accept` the share of verdicts that may be missing.
    """

    makes: ClassVar[type] = Table
    boards: tuple[Stage, ...]
    sort: str = ""
    filters: tuple[str, ...] = ()
    accept: float = 0.0

    def check(self) -> Iterator[str]:
        if not self.boards:
            yield "Standings.boards is empty; give it the boards whose models are to be compared"
        if not 0 <= self.accept < 1:
            yield f"Standings.accept is {self.accept}; it is a share of missing verdicts, 0.01 for one in a hundred"
        for i, board in enumerate(self.boards):
            yield from needs(self, f"boards[{i}]", board, Table)

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from komainu.eval.league.found import BOARD
        from komainu.eval.league.standings import standings

        if wrong := list(self.check()):
            raise UsageError("; ".join(wrong))
        found = {}
        for board in map(ctx.open, self.boards):
            if not (board.path / BOARD).is_file():
                raise UsageError(f"{board.ref} has no {BOARD}; Standings.boards are stages of a board")
            found[board.ref] = json.loads((board.path / BOARD).read_bytes())
        made = standings(self, found, ctx.store)
        write_json(out / FILE, made)
        summary: dict[str, Any] = {"rows": len(made["rows"]), "columns": made["header"][1:]}
        return summary | ({"incomplete": made["table"]["withheld"]} if made["table"]["withheld"] else {})
