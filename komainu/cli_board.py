"""What `komainu eval board` does: the family's table over the results of a store."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

from komainu import settings
from komainu.cli_verbs import Outcome
from komainu.errors import Incomplete, UsageError
from komainu.release import markdown
from komainu.store import Store

if TYPE_CHECKING:
    from komainu.cli_eval import Sheet
    from komainu.eval.league.table import League


def board(sheet: Sheet, as_json: bool) -> Outcome:
    """The table; code 4 when a number in it is withheld."""
    from komainu.eval.league import found, pick, table, write

    if sheet.csv + sheet.markdown + as_json > 1:
        raise UsageError("--json, --csv and --markdown are one output each; say one of them")
    store = Store(settings.load().root)
    numbers = [*found.numbers(store, sheet.targets or ())]
    if not numbers:
        raise UsageError(
            f"{store.root} has no named result with scores; `komainu eval run` and `eval import` make some"
        )
    filters = sheet.filter or []
    wanted = pick.wanted(filters)
    league = table.league(
        numbers, sheet.sort, wanted, sheet.accept_missing, lambda number: found.licence(store, number)
    )
    if not league.rows:
        raise UsageError(f"none of the models is as --filter wants: {'; '.join(filters)}")
    code = Incomplete.code if league.withheld else 0
    if sheet.csv:
        return Outcome({}, write.comma_separated(league), code)
    lines = as_markdown(league) if sheet.markdown else write.text(league, shutil.get_terminal_size((0, 0)).columns)
    return Outcome(write.json(league) if as_json else {}, lines, code)


def as_markdown(league: League) -> Iterator[str]:
    from komainu.eval.league import write

    header, rows = write.lines(league)
    yield markdown.table(header, [*rows], left=2 if header[1:2] == ["Group"] else 1)
    told = [*write.notes(league)]
    yield from ("", *(f"- {markdown.escape(note)}" for note in told)) if told else ()
