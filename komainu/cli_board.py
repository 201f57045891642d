"""What `komainu eval board` does: the family's table over the results of a store."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from itertools import chain
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
    if sheet.page:
        raise UsageError("--page goes with --sweep NAME")
    store, older, filters = Store(settings.load().root), list[str](), sheet.filter or []
    numbers = [*found.numbers(store, sheet.targets or (), older)]
    if not numbers:
        beside = f". {told(older)}" if older else ""
        raise UsageError(f"{store.root} has no named result with scores; `komainu eval run` makes one{beside}")
    licence = partial(found.licence, store)
    league = table.league(numbers, sheet.sort, pick.wanted(filters), sheet.accept_missing, licence)
    if not league.rows:
        raise UsageError(
            f"none of the models is as --filter wants: {'; '.join(filters)}"
            "; `komainu eval board` without --filter shows them all"
        )
    code = Incomplete.code if league.withheld else 0
    if as_json:
        return Outcome({**write.json(league), "older": older}, (), code)
    if sheet.csv:
        return Outcome({}, write.comma_separated(league), code)
    lines = as_markdown(league) if sheet.markdown else write.text(league, shutil.get_terminal_size((0, 0)).columns)
    return Outcome({}, chain(lines, filter(None, [told(older)])), code)


def told(older: list[str]) -> str:
    """The named results that are left out; "" when there are none."""
    why = "made by an older version of komainu; run them again, which asks nothing"
    return f"left out: {', '.join(older)} ({why})" if older else ""


def as_markdown(league: League) -> Iterator[str]:
    from komainu.eval.league import write

    header, rows = write.lines(league)
    yield markdown.table(header, [*rows], left=2 if header[1:2] == ["Group"] else 1)
    told = [*write.notes(league)]
    yield from ("", *(f"- {markdown.escape(note)}" for note in told)) if told else ()
