"""komainu: the step Filter over chats, as a dataset runs it, with the checks of a kind; or `identify` alone."""

from __future__ import annotations

from pathlib import Path

from bench.filtering.common import Filter, Record, measured
from komainu.checks.base import Check
from komainu.checks.boilerplate import Boilerplate
from komainu.checks.encoding import Encoding
from komainu.checks.identify import identify
from komainu.checks.language import Language
from komainu.checks.length import Length
from komainu.checks.markup import Markup
from komainu.checks.passage import Passage
from komainu.checks.repetition import Repetition
from komainu.checks.shape import Shape
from komainu.checks.truncation import Truncation
from komainu.context import Context
from komainu.data import filter as filters
from komainu.data.base import Dropped
from komainu.data.hand import Silent
from komainu.rows import Chat, Message
from komainu.settings import Settings
from komainu.store import Store

QUALITY: tuple[Check, ...] = (Length(), Truncation(), Boilerplate(), Markup(), Encoding(), Shape())


def told(records: list[Record]) -> list[int]:
    """Answers that are in another language than they should be; undecided ones stay."""
    return [i for i, record in enumerate(records) if identify(record.text) not in ("", record.lang)]


def checked(*checks: Check) -> Filter:
    step = filters.Filter(checks=checks)
    ctx = Context(Store(Path("nowhere")), Silent(), Settings())

    def find(records: list[Record]) -> list[int]:
        rows = (
            Chat(str(i), (Message("user", record.prompt), Message("assistant", record.text)), {"lang": record.lang})
            for i, record in enumerate(records)
        )
        return [int(made.row.id) for made in step(rows, ctx) if isinstance(made, Dropped)]

    return find


FILTERS = {
    "identify": lambda: told,
    "language": lambda: checked(Language()),
    "repetition": lambda: checked(Repetition(), Passage()),
    "quality": lambda: checked(*QUALITY),
    "all": lambda: checked(Language(), Repetition(), Passage(), *QUALITY),
}


if __name__ == "__main__":
    measured(FILTERS)
