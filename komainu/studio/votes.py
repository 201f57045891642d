"""Blind votes: two models' answers to the same item, which is which not told; kept as those of `komainu chat` are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import web

from komainu.errors import UsageError
from komainu.eval.panel.preferences import wins
from komainu.eval.panel.reading import duel
from komainu.eval.view.answers import item
from komainu.eval.view.boards import opened as artifact_at
from komainu.rows import Chat
from komainu.store import Store
from komainu.studio.base import REF, Ask, Studio
from komainu.studio.board import KEPT, opened
from komainu.studio.items import Place, head, place_of
from komainu.thinking import split
from komainu.votes import PEOPLE, Ballot, Vote, Winner, identity, swapped

SEED = 0  # of the order
KEYS: dict[str, Winner] = {"l": "first", "r": "second", "t": "tie", "b": "bad"}  # and buttons, as in `komainu chat`


class Pair(NamedTuple):
    """Two answers to an item that can be voted on, as they are shown: `number` is the item's in its column."""

    id: str
    number: int
    item: str
    models: tuple[str, str]
    answers: tuple[str, str]
    asked: Chat


class Pairs(NamedTuple):
    """What can be voted on of a column and two models, and how many items cannot be, by their reason."""

    models: tuple[str, str]
    some: list[Pair]
    left_out: Counter[str]


def routes(studio: Studio) -> list[web.RouteDef]:
    path = f"/vote/{REF}/{{column:[0-9]+}}"
    return [studio.get(path, show), studio.post(path, vote)]


@lru_cache(maxsize=KEPT)
def ballot_of(path: Path) -> Ballot:
    return Ballot(path)


@lru_cache(maxsize=2 * KEPT)
def replies(store: Store, ref: str, column: int, entry: int) -> tuple[str, dict[str, Chat]]:
    """What a model is called where it was scored, and its first answer to each item."""
    found = opened(store, ref)
    each = [*found.boards.entries.values()][entry]
    answers, *_ = found.sets[found.columns[column]["set"]].answers[each.name]
    chats: dict[str, Chat] = {}
    for row in artifact_at(store, answers).rows():
        if isinstance(row, Chat):
            chats.setdefault(row.id, row)
    scores, _ = each.lines[found.boards.columns[column]]["made_of"][0]
    return str(artifact_at(store, scores).summary.get("model", each.name)), chats


def pairs_of(store: Store, ref: str, place: Place) -> Pairs:
    """The pairs of A's and B's answers, in the order of the list, each with its own left and right."""
    (a, ours), (b, theirs) = (replies(store, ref, place.number, entry) for entry in (place.a, place.b))
    if a == b:
        a, b = (place.found.entries[entry] for entry in (place.a, place.b))
    found, ids = Pairs((a, b), [], Counter()), [*place.column.items]
    bench = place.found.boards.columns[place.number].bench
    for number in place.wanted:
        id = ids[place.column.at[number]]
        first, second = ours.get(id), theirs.get(id)
        if first is None or second is None:
            found.left_out["missing"] += 1
        elif first.prompt != second.prompt:
            found.left_out["history"] += 1
        else:
            answers = {a: split(first.reply)[1], b: split(second.reply)[1]}
            if answers[a].strip() == answers[b].strip():
                found.left_out["same"] += 1
                continue
            told = identity(PEOPLE, bench, id, answers)
            models = (b, a) if swapped(SEED, told) else (a, b)
            found.some.append(Pair(told, number, id, models, (answers[models[0]], answers[models[1]]), first))
    return found


def show(ask: Ask) -> web.Response:
    """The next pair that has no vote, after the one that `after` names; what the votes say where it is asked for."""
    if not ask.studio.write:
        return ask.told(403, "error.403", ask.words("error.read_only"))
    if (place := place_of(ask)) is None or place.a == place.b:
        return ask.missing("/".join(ask.where.values()))
    ballot, found = ballot_of(ask.studio.votes), pairs_of(ask.store, ask.ref, place)
    ballot.refresh()
    left = [pair for pair in found.some if pair.id not in ballot.cast]
    last = next((n for n, pair in enumerate(found.some) if pair.id == ask.query.get("after")), -1)
    later = (pair for pair in found.some[last + 1 :] if pair.id not in ballot.cast)
    pair = next(later, left[0] if left else None)
    return ask.page(
        "vote.html.jinja",
        place=place,
        pair=pair,
        question=item(pair.asked) if pair else None,
        voted=len(found.some) - len(left),
        found=found,
        keys=[*KEYS],
        file=str(ballot.path),
        told=[*told(ballot, place, found)] if "told" in ask.query else [],
        **head(ask, place),
    )


def vote(ask: Ask) -> web.Response:
    """Take a vote; it is on the disk before the next pair is shown."""
    place, winner = place_of(ask), KEYS.get(ask.form.get("winner", ""))
    if place is None or place.a == place.b:
        return ask.missing("/".join(ask.where.values()))
    pair = next((p for p in pairs_of(ask.store, ask.ref, place).some if p.id == ask.form.get("pair")), None)
    if pair is None or winner is None:
        raise UsageError(ask.words("vote.unknown"))
    bench = place.found.boards.columns[place.number].bench
    stored = Vote(pair.item, *pair.models, winner, pair.asked.prompt, pair.answers, bench)
    ballot_of(ask.studio.votes).add(stored)
    return ask.see(ask.again(after=pair.id))


def told(ballot: Ballot, place: Place, found: Pairs) -> Iterator[dict[str, Any]]:
    """What people's votes on these two models and this bench say; which was left is not in it."""
    bench, models = place.found.boards.columns[place.number].bench, {*found.models}
    some = [each for each in ballot.cast.values() if each.bench == bench and {each.first, each.second} == models]
    yield from wins(duel(str(ballot.path), each._asdict()) for each in some if each.judge == PEOPLE)
