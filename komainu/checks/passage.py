"""Passage: loops of whole paragraphs, longer than the units that Repetition looks for."""

from __future__ import annotations

from dataclasses import dataclass

from komainu.checks.base import Check, shown
from komainu.checks.repetition import wanted_times
from komainu.checks.text import prose
from komainu.rows import Chat

STOPS = "。．！？!?."  # what parts a text into sentences, beside line ends
LEAST = 8  # characters of a line or sentence that is compared


@dataclass(frozen=True, kw_only=True)
class Passage(Check):
    """Fails on a passage of more than `span` characters that stands three times in a row.

    A passage is some lines or sentences, a paragraph or several; those of fewer than eight characters are left out,
    also where they differ. Code, rows of tables, and what the question itself has and wants repeated are not judged.
    Not covered: shorter units and scattered ones, which are for Repetition; passages with a change in them.
    """

    span: int = 60

    def fault(self, text: str, chat: Chat) -> str:
        passage = thrice(prose(text), self.span)
        question = chat.prompt[-1].content if chat.prompt else ""
        if not passage or any(wanted_times(piece, question) for piece in passage):
            return ""
        return f"{shown(passage[0])} and what follows it, 3 times in a row"


def thrice(text: str, span: int) -> list[str]:
    """The lines and sentences of a passage of more than `span` characters that stands three times in a row, or []."""
    for stop in STOPS:
        text = text.replace(stop, "\n")
    some = [*filter(None, text.split("\n"))]
    if len(some) - len({*some}) < 2:
        return []  # a passage has at least one, and that comes again twice
    pieces = [piece for each in some if len(piece := each.strip()) >= LEAST and piece[0] != "|"]
    last: dict[tuple[str, str], int] = {}
    before, period, same = "", 0, 0  # so many pairs of pieces, one after another, are the same as those `period` before
    for i, piece in enumerate(pieces):
        gone = i - last.get((before, piece), i)
        same, period = same + 1 if gone == period else 1, gone
        last[before, piece] = i
        before = piece
        if period and same >= 2 * period - 1 and sum(map(len, passage := pieces[i - period + 1 : i + 1])) > span:
            return passage
    return []
