"""One row: what it says, what it said before, what it repeats, what it was made of, and its way from the sources."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import NamedTuple

from aiohttp import web

from komainu.ancestry import ancestry
from komainu.data.look.earlier import Found, texts
from komainu.data.look.entry import Held, Object, look
from komainu.launch import CALLS
from komainu.models.lookup import Lookup
from komainu.rows import Chat, Pair
from komainu.studio.differing import Pieces, differing
from komainu.studio.explored import Dataset
from komainu.studio.rows import wanted
from komainu.studio.words import Words


class Side(NamedTuple):
    """A text beside another one: what it is, its words with those marked that the other has not, its language."""

    title: str
    pieces: Pieces
    lang: str = ""


Two = tuple[Side, Side]


def show(data: Dataset) -> web.Response:
    number = int(data.ask.where["number"])
    held = data.rows.held(number)
    with ExitStack() as open_for:
        made_of, waiting = data.before(open_for, of_steps=False)
        compared, more = data.before(open_for, of_steps=True)
        page = look(held, made_of, compared).page
    kept = data.stays(held)
    answers = isinstance(held.row, Pair)
    return data.ask.page(
        "row.html.jinja",
        data=data,
        number=number,
        held=held,
        page=page,
        turns=page["turns"][: -2 if answers else None] if "turns" in page else [],
        answers=preferred(page, data.ask.query.get("mark", "")) if answers else None,
        leaking=any(not isinstance(piece, str) for turn in page.get("turns", ()) for piece in turn[1]),
        changes=[*changes(data.ask.words, page.get("before"), held)],
        item=page.get("item"),
        passage=passage(data.ask.words, page.get("item")),
        twins=twins(data.ask.words, kept, held) if kept else None,
        cluster=data.rows.cluster_of(number),
        waiting=[*waiting, *more],
        steps=beside(data, number),
    )


def beside(data: Dataset, number: int) -> tuple[int | None, int | None]:
    """The rows before and after this one among those that the address asks for."""
    asked = wanted(data)
    after = asked.page(data, number + 1, 1).numbers
    return asked.before(number, 1), after[0] if after else None


def two(titles: tuple[str, str], old: str, new: str, kinds: tuple[str, str]) -> Two:
    left, right = differing(old, new, kinds)
    return Side(titles[0], left), Side(titles[1], right)


def preferred(page: Object, mark: str) -> Two:
    """The two answers of a pair, with what differs marked, or with their leaks."""
    chosen, rejected = page["turns"][-2:]
    if mark == "leaks":
        return Side(chosen[0], chosen[1], chosen[2]), Side(rejected[0], rejected[1], rejected[2])
    return two((chosen[0], rejected[0]), plain(chosen[1]), plain(rejected[1]), ("", ""))


def plain(pieces: Pieces) -> str:
    return "".join(piece if isinstance(piece, str) else piece[0] for piece in pieces)


def changes(words: Words, before: Object | None, held: Held) -> Iterator[Two]:
    """Each turn that was another one in the set the row was made of, beside what it is now."""
    if before is None:
        return
    old, new = before["turns"], texts(held.row)
    for n in range(max(len(old), len(new))):
        was, now = (tuple(some[n]) if n < len(some) else ("", "") for some in (old, new))
        if was != now:
            titles = (words("row.before", role=was[0] or "–"), words("row.now", role=now[0] or "–"))
            yield two(titles, was[1], now[1], (words("row.gone"), words("row.new")))


def passage(words: Words, item: Object | None) -> Two | None:
    """The item of a benchmark that a row has, beside the passage that has it."""
    if item is None:
        return None
    return two((f"{item['id']} · {item['stage']}", words("row.passage")), item["text"], item["passage"], ("", ""))


def twins(words: Words, kept: Found, held: Held) -> Two:
    """The row that stays and this one, each as one text."""
    titles = (words("row.stays", id=kept.row.id, ref=kept.ref), words("row.dropped", id=held.row.id))
    return two(titles, whole(kept.row), whole(held.row), ("", ""))


def whole(row: Chat | Pair) -> str:
    return "\n\n".join(f"{role}: {text}" for role, text in texts(row))


def trace(data: Dataset) -> web.Response:
    """The way of a row from its sources, with the calls that made it: reads every set on the way once."""
    number = int(data.ask.where["number"])
    store = data.ask.store
    with Lookup(store.root / CALLS) as log:
        found = ancestry(store, data.artifact, data.rows.held(number).row.id, log)
    return data.ask.page("trace.html.jinja", data=data, number=number, found=found)
