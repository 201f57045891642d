"""What a card says in a language: the template and every sentence that is put together outside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from komainu.release.results import Decision


class Covered(NamedTuple):
    """What the limits of a card's numbers are told from: the fewest and the most `items` of a bench; the sources that
    items and training rows `shared`; the `languages` measured (`ja`); whether anything was `judged`; what the licences
    of the rows ask to be told; the licences that a person cleared; the card's own notes."""

    items: tuple[int, int]
    shared: Sequence[str]
    languages: Sequence[str]
    judged: bool
    told: Sequence[str]
    cleared: Sequence[str]
    notes: Sequence[str]


class Words(Protocol):
    """A language: a module with these names (en.py, ja.py)."""

    TEMPLATE: str
    SECTIONS: Mapping[str, str]  # headings whose lines rest on other evidence than the board, and on which
    COLON: str

    def term(self, text: str) -> str:
        """A heading of a table, or one of the fixed words in its cells, by its English form."""

    def said(self, text: str) -> str:
        """A sentence that a record holds in English."""

    def level(self, text: str) -> str:
        """How sure intervals are: `95 %`."""

    def bounded(self, known: Sequence[str]) -> str:
        """A number that is withheld, and the ends it lies between where they are known."""

    def because(self, why: str) -> str:
        """That something is withheld, and why."""

    def verdict(self, d: Decision, level: str) -> str:
        """One decision spelled out."""

    def place(self, bench: str, judge: str, won: str, flipped: str) -> str:
        """How much a judge of two answers likes the one shown first; `won` and `flipped` in per cent."""

    def limits(self, c: Covered) -> Iterator[str]:
        """What the numbers do not cover, a sentence or two each."""
