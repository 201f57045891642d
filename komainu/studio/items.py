"""The items of one column of a board: two models beside each other; and one item with its answers and verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Any, NamedTuple

from aiohttp import web

from komainu.eval.view.answers import item
from komainu.eval.view.boards import opened as artifact_at
from komainu.eval.view.sets import Scored, beside, cells, items_of, listing, rivals_of, scored
from komainu.eval.view.table import Table
from komainu.rows import Chat
from komainu.store import Store
from komainu.studio.base import REF, Ask, Studio
from komainu.studio.board import KEPT, Shown, called, decisions, estimate, name_of, opened

Object = dict[str, Any]
ITEMS = 50  # on one page
SIDES = 4  # answers beside each other
COLUMN = f"/board/{REF}/{{column:[0-9]+}}"
Weigh = Callable[["Column", int, int, int], float | None]


class Column(NamedTuple):
    """The items of a column: `at` are the places of those it is about among `items`; `values` by entry."""

    items: dict[str, Chat]
    listed: list[list[str]]
    at: list[int]
    values: dict[int, list[float | None]]
    spread: dict[int, list[float | None]]
    lacking: dict[int, int]
    ruled: dict[int, int]
    up: bool
    beside: Object

    def gain(self, n: int, a: int, b: int) -> float | None:
        """How much better `b` is than `a` at an item; None when one of them has no value."""
        first, second = self.values[a][n], self.values[b][n]
        return None if first is None or second is None else (second - first) * (1 if self.up else -1)

    def apart(self, n: int) -> float | None:
        """How far the models are apart at an item."""
        there = [value for row in self.values.values() if (value := row[n]) is not None]
        return max(there) - min(there) if there else None

    def disagreed(self, n: int) -> float | None:
        """How far the judges of any one answer to an item are apart."""
        return max((gap for row in self.spread.values() if (gap := row[n]) is not None), default=None)


FILTERS: dict[str, Weigh] = {  # which items are shown, those that weigh most first
    "worse": lambda column, n, a, b: -(column.gain(n, a, b) or 0),
    "better": lambda column, n, a, b: column.gain(n, a, b),
    "judges": lambda column, n, a, b: column.disagreed(n),
    "models": lambda column, n, a, b: column.apart(n),
    "lacking": lambda column, n, a, b: column.lacking.get(n),
    "ruled": lambda column, n, a, b: column.ruled.get(n),
}


def routes(studio: Studio) -> list[web.RouteDef]:
    return [studio.get(COLUMN, show), studio.get(f"{COLUMN}/{{item:[0-9]+}}", one)]


@lru_cache(maxsize=KEPT)
def column_of(store: Store, ref: str, number: int) -> Column:
    """The values of a column, item by item. The artifacts they are read from never change."""
    found = opened(store, ref)
    column = found.boards.columns[number]
    shown = found.sets[found.columns[number]["set"]]
    items = items_of(store, [artifact_at(store, ref) for refs in shown.answers.values() for ref in refs])
    place = {id: n for n, id in enumerate(items)}
    table = Table(len(items))
    for entry, each in enumerate(found.boards.entries.values()):
        if line := each.lines.get(column):
            some, _ = scored(store, {number: line})[number]
            table.add(entry, [(place[id], score) for id, scores in some.items() for score in scores])
    told = table.json()
    lacking, ruled = dict[int, int](), dict[int, int]()
    for _, n, count in told["lacking"]:
        lacking[n] = lacking.get(n, 0) + count
    for _, n in told["ruled"]:
        ruled[n] = ruled.get(n, 0) + 1
    values, spread = dict(told["rows"]), dict(told["spread"])
    up = bool(found.columns[number]["up"])
    about = beside(found.boards, column)
    return Column(items, [listing(c) for c in items.values()], told["at"], values, spread, lacking, ruled, up, about)


class Place(NamedTuple):
    """What a page of this kind is about: a column, the two models A and B, and the items that are wanted."""

    found: Shown
    number: int
    column: Column
    a: int
    b: int
    wanted: list[int]


def place_of(ask: Ask) -> Place | None:
    """None where there is no such board or column."""
    if not ask.ref or ask.store.at(ask.ref) is None:
        return None
    found, number = opened(ask.store, ask.ref), int(ask.where["column"])
    if number >= len(found.boards.columns):
        return None
    column = column_of(ask.store, ask.ref, number)
    entries = [*column.values]
    b = ask.number("b", entries[-1])
    b = b if b in entries else entries[-1]
    a = ask.number("a", next((e for e in entries if e != b), b))
    a = a if a in entries else entries[0]
    return Place(found, number, column, a, b, chosen(column, a, b, ask.query))


def chosen(column: Column, a: int, b: int, query: Mapping[str, str]) -> list[int]:
    """The items that a filter and a search leave; the search is in ids, groups and the beginning of questions."""
    words = query.get("q", "").lower()
    every = range(len(column.at))
    left = [n for n in every if not words or words in "\n".join(column.listed[column.at[n]]).lower()]
    weigh = FILTERS.get(query.get("show", ""))
    if weigh is None:
        return left
    weights = {n: weigh(column, n, a, b) or 0.0 for n in left}
    return sorted((n for n in left if weights[n] > 0), key=lambda n: (-weights[n], n))


def show(ask: Ask) -> web.Response:
    """The numbers of a column, and its items with two models beside each other."""
    if (place := place_of(ask)) is None:
        return ask.missing("/".join(ask.where.values()))
    column, wanted = place.column, place.wanted
    last = max(0, -(-len(wanted) // ITEMS) - 1)
    page = min(ask.number("page"), last)
    rows = [
        {
            "n": n,
            "listed": column.listed[column.at[n]],
            "values": (column.values[place.a][n], column.values[place.b][n]),
            "gain": column.gain(n, place.a, place.b),
            "disagreed": column.disagreed(n),
            "apart": column.apart(n),
        }
        for n in wanted[page * ITEMS : (page + 1) * ITEMS]
    ]
    told = place.found.columns[place.number]
    decided = {d["numbers"]: d for d in decisions(place.found, place.number)}
    return ask.page(
        "items.html.jinja",
        place=place,
        rows=rows,
        means=[estimate(told["cells"][entry], told) for entry in (place.a, place.b)],
        decided=decided.get((place.a, place.b)) or decided.get((place.b, place.a)),
        filters=[*FILTERS],
        page=page,
        last=last,
        **head(ask, place),
    )


def head(ask: Ask, place: Place) -> Object:
    """What both pages have at their top."""
    name = name_of(ask.words, place.found.columns[place.number])
    return {"name": name, "board": ", ".join(ask.names(ask.ref)) or called(place.found.entries)}


def one(ask: Ask) -> web.Response:
    """An item: the question, what is known of the right answer, and the answers of some models with every verdict."""
    place = place_of(ask)
    number = int(ask.where["item"])
    if place is None or number >= len(place.column.at):
        return ask.missing("/".join(ask.where.values()))
    column, found = place.column, place.found
    id = [*column.items][column.at[number]]
    asked = column.items[id]
    shown = with_of(ask, place)
    at = found.columns[place.number]["set"]
    columns = {n: found.boards.columns[n] for n in found.sets[at].columns}
    before, after = around(place.wanted, number)
    return ask.page(
        "item.html.jinja",
        place=place,
        number=number,
        id=id,
        question=item(asked),
        rivals=rivals_of(found.boards, ask.store, columns.values()).get(id, []),
        answers=[(entry, answers_of(ask.store, ask.ref, at, entry, asked)) for entry in shown],
        shown=shown,
        others=[(entry, row[number]) for entry, row in column.values.items() if entry not in shown],
        names={n: name_of(ask.words, found.columns[n]) for n in columns},
        before=before,
        after=after,
        **head(ask, place),
    )


def with_of(ask: Ask, place: Place) -> list[int]:
    """The models whose answers are shown: A and B, or those named by `with`."""
    named = [int(text) for text in ask.query.get("with", "").split(",") if text.isascii() and text.isdigit()]
    found = [entry for entry in dict.fromkeys(named) if entry in place.column.values]
    return found[:SIDES] or [*dict.fromkeys((place.a, place.b))]


def answers_of(store: Store, ref: str, at: int, entry: int, asked: Chat) -> list[Object]:
    """A model's answers to an item, one a run and sample, each with its verdicts in every column of a set."""
    found = opened(store, ref)
    name = found.entries[entry]
    runs = [artifact_at(store, answers) for answers in found.sets[at].answers[name]]
    return next(cells({asked.id: asked}, runs, scored_of(store, ref, at, entry)))


@lru_cache(maxsize=SIDES)
def scored_of(store: Store, ref: str, at: int, entry: int) -> Scored:
    """The scores of a model in every column of a set: read once while its items are gone through."""
    found = opened(store, ref)
    each = found.boards.entries[found.entries[entry]]
    columns = found.boards.columns
    return scored(store, {n: line for n in found.sets[at].columns if (line := each.lines.get(columns[n]))})


def around(wanted: list[int], number: int) -> tuple[int | None, int | None]:
    """The items before and after one, in the order of the list."""
    before = next((a for a, b in pairwise(wanted) if b == number), None)
    return before, next((b for a, b in pairwise(wanted) if a == number), None)
