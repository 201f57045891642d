"""Asking a judge about pairings: the candidate's translations as they enter, both orders of each pairing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from komainu.errors import UsageError
from komainu.eval.bench.tl_bench.adaptive import Pairing
from komainu.eval.bench.tl_bench.anchors import AnchorSet
from komainu.eval.bench.tl_bench.extract import translation
from komainu.eval.bench.tl_bench.won import PLACES, decided
from komainu.eval.judge.base import Judged
from komainu.eval.judge.verdicts import transcripts
from komainu.marks import nonce
from komainu.models.base import Model
from komainu.rows import Chat, Message

if TYPE_CHECKING:
    from komainu.context import Context


def entered(bench: Judged, rows: Iterable[Any]) -> dict[str, Chat]:
    """The answers to the bench's items, by item, each with its translation alone as the reply and meta.tags, how it was
    marked. A reply that holds no translation is an answer with nothing in it."""
    chats = {}
    for row in rows:
        if isinstance(row, Chat) and bench.applies(row):
            text, how = translation(row.reply)
            empty = {"finish": "stop"} if row.reply and not text else {}
            chats[row.id] = row.with_reply(text, tags=how, **empty) if row.reply else row
    if not chats:
        raise UsageError(f"no answer is to an item of the bench {bench.title}; leave the bench out")
    return chats


def within(chats: Mapping[str, Chat], anchors: AnchorSet) -> Mapping[str, Chat]:
    """The same answers; UsageError when the anchors lack a text of theirs."""
    if lacking := [item for item in chats if item not in anchors.texts]:
        raise UsageError(f"the anchors have no translation of {len(lacking)} texts, first {lacking[0]!r}; take others")
    return chats


def compared(
    bench: Judged,
    judge: Model,
    pairings: Sequence[Pairing],
    chats: Mapping[str, Chat],
    anchors: AnchorSet,
    seed: int,
    ctx: Context,
) -> list[Chat]:
    """A judge's transcripts of some pairings, both orders of each, with meta.anchor and meta.place; none of those that
    are decided by rule."""
    asked = [
        posed(chats[item], anchors.texts[item][anchor], anchor, place)
        for item, anchor in pairings
        if decided(bench, chats[item], anchors.texts[item][anchor]) is None
        for place in PLACES
    ]
    marks = [nonce(seed, bench.name, chat) for chat in asked]
    rows = transcripts(bench, judge, asked, marks, ctx, f"{bench.name} by {judge.name}")
    return [
        row.with_meta(anchor=chat.meta["anchor"], place=chat.meta["place"])
        for row, chat in zip(rows, asked, strict=True)
    ]


def posed(chat: Chat, theirs: str, anchor: str, place: str) -> Chat:
    """The two translations in the order in which they are shown, as `TlBench` wants them."""
    both = (chat.reply, theirs) if place == PLACES[0] else (theirs, chat.reply)
    messages = (*chat.prompt, *(Message("assistant", text) for text in both))
    return Chat(chat.id, messages, {**chat.meta, "anchor": anchor, "place": place})
