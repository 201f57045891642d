"""The rows of a dataset: a page of them, searched, and narrowed by what their columns say."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from aiohttp import web

from komainu.data.explore.search import Count, Mask, Page, count, search
from komainu.data.look.earlier import texts
from komainu.data.look.entry import Held, excerpt_of, normal
from komainu.pages.page import clean
from komainu.studio.explored import Dataset

ROWS = 50  # on one page
SEARCHING, COUNTING = 0.5, 0.3  # seconds of a page at most
AROUND = 70  # characters shown around a hit
STATES = ("kept", "dropped")  # beside the reasons of drops, which name a step too
CHOICES = {"drop": "drop", "language": "lang", "source": "source"}  # of an address, and which column it is about


@dataclass(frozen=True)
class Wanted:
    """Which rows are asked for."""

    text: str
    only: Mask

    def page(self, data: Dataset, start: int, size: int = ROWS) -> Page:
        """The first ones from a row on."""
        if self.text:
            seconds = SEARCHING if start else SEARCHING + COUNTING  # a first page that is cut has counted already
            return search(data.rows, self.text, start, size=size, only=self.only, seconds=seconds)
        if self.only is None:
            numbers = [*range(start, min(start + size, data.rows.total))]
        else:
            numbers = (np.flatnonzero(self.only[start:])[:size] + start).tolist()
        more = len(numbers) == size and numbers[-1] + 1 < data.rows.total
        return Page(numbers, numbers[-1] + 1 if more else None)

    def before(self, start: int, size: int = ROWS) -> int | None:
        """Where the page before the one that begins with a row begins; None before the first. Not of a search."""
        if self.text:
            return None
        earlier = np.arange(start) if self.only is None else np.flatnonzero(self.only[:start])
        return int(earlier[max(0, len(earlier) - size)]) if len(earlier) else None

    def count(self, data: Dataset, start: int, page: Page, left: float) -> Count:
        """How many rows are asked for, where `page` is what was found from a row on, and so many seconds are left."""
        if not start and (page.next is None or page.cut):
            return Count(len(page.numbers), page.next is None)
        if self.text:
            n, exact = count(data.rows, self.text, only=self.only, seconds=min(left, COUNTING))
            return Count(max(n, len(page.numbers)), exact)
        return Count(data.rows.total if self.only is None else int(self.only.sum()), True)


class Line(NamedTuple):
    """A row in the list: `around` is the text before the hit, the hit and the text after it, or the beginning."""

    number: int
    id: str
    around: tuple[str, str, str]
    lang: str
    drop: tuple[str, str]


def label(word: str) -> str:
    """A word of a column as it is shown, and as an address has it."""
    return clean(word).replace("\n", ": ")


def wanted(data: Dataset) -> Wanted:
    """What the address asks for."""
    rows, words = data.rows, dict[str, str]()
    for name, column in CHOICES.items():
        if said := data.ask.query.get(name, ""):
            words[column] = next((word for word in rows.column(column).names if label(word) == said), said)
    state = words.pop("drop", "") if words.get("drop") in STATES else ""
    only = rows.only(**words)
    if state:
        there = (np.arange(rows.total) < rows.kept) == (state == "kept")
        only = there if only is None else only & there
    return Wanted(normal(data.ask.query.get("q", "")).strip(), only)


def show(data: Dataset) -> web.Response:
    rows, ask, asked = data.rows, data.ask, wanted(data)
    start = min(ask.number("start"), rows.total)
    until = time.monotonic() + SEARCHING + COUNTING
    page = asked.page(data, start)
    choices = {}
    for name, column in CHOICES.items():
        choices[name] = [(label(word), n) for word, n in rows.column(column).counts() if word]
    return ask.page(
        "rows.html.jinja",
        data=data,
        rows=[line(number, rows.held(number), asked.text) for number in page.numbers],
        page=page,
        before=asked.before(start),
        count=asked.count(data, start, page, until - time.monotonic()),
        indexing=data.indexed() if asked.text else None,
        choices=choices,
        states=STATES if rows.dropped else (),
    )


def line(number: int, held: Held, text: str) -> Line:
    row = held.row
    around = hit(row.id, [said for _, said in texts(row)], text) if text else (excerpt_of(row), "", "")
    return Line(number, row.id, around, str(row.meta.get("lang", "")), (held.step, held.reason))


def hit(id: str, said: list[str], text: str) -> tuple[str, str, str]:
    """The first place in which a text stands, with what stands around it; as it is written where that is plain."""
    whole = next((each for each in (*said, id) if text in normal(each)), "")
    lower = whole.lower()
    if text not in lower or len(lower) != len(whole):
        lower = whole = normal(whole)
    at = lower.find(text)
    end = at + len(text)
    before, after = whole[max(0, at - AROUND) : at], whole[end : end + AROUND]
    return ("…" if at > AROUND else "") + before, whole[at:end], after + ("…" if end + AROUND < len(whole) else "")
