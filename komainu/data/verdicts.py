"""Asking a model for a verdict about rows: between marks with a nonce, once more where there was none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from komainu.context import Context
from komainu.data.template import render
from komainu.marks import marked, nonce
from komainu.models.base import WITHHELD, Model, Reply
from komainu.rows import Chat, Message

T = TypeVar("T")
Read = Callable[[str], T | str]  # what stands between the marks -> the verdict, or why it is none


class Verdict(NamedTuple, Generic[T]):
    """What a model said of a row; `found` None: no verdict, and `wrong` says why. A mean has `parts`, by name."""

    found: T | None
    wrong: str = ""
    parts: Mapping[str, float] = MappingProxyType({})


def verdicts(
    ctx: Context, model: Model, template: str, chats: Sequence[Chat], read: Read[T], **values: Any
) -> Iterator[Verdict[T]]:
    """One verdict a row, in order. A reply without one is asked for the verdict alone, once; a withheld one is not.

    `template` is filled with `turns` (the conversation before), `last` (its last turn), `mark` and `values`, in the
    row's language. Not covered: a model that does what the text tells it to do with the right marks.
    """
    marks = [nonce(model.seed, template, chat) for chat in chats]
    asked = [(Message("user", prompt(template, chat, mark, values)),) for chat, mark in zip(chats, marks, strict=True)]
    said = list(ctx.ask(model, asked))
    found = [verdict(reply, mark, read) for reply, mark in zip(said, marks, strict=True)]
    again = [i for i, each in enumerate(found) if each.wrong and not said[i].withheld]
    more = [(*asked[i], *once_more(chats[i], said[i].text, marks[i])) for i in again]
    for i, reply in zip(again, ctx.ask(model, more), strict=True):
        found[i] = found[i] if reply.withheld else verdict(reply, marks[i], read)
    yield from found


def prompt(template: str, chat: Chat, mark: str, values: dict[str, Any]) -> str:
    *turns, last = chat.messages
    return render(template, lang_of(chat), turns=turns, last=last.content, mark=mark, **values)


def lang_of(chat: Chat) -> str:
    """The language a row is asked about in: its own, English where that is none of ours."""
    return "ja" if chat.meta.get("lang") == "ja" else "en"


def once_more(chat: Chat, said: str, mark: str) -> tuple[Message, ...]:
    ask = Message("user", render("again", lang_of(chat), mark=mark))
    return (Message("assistant", said), ask) if said.strip() else (Message("assistant", "..."), ask)


def verdict(reply: Reply, mark: str, read: Read[T]) -> Verdict[T]:
    if reply.withheld:
        return Verdict(None, f"no verdict: {WITHHELD[reply.finish]}")
    inside, wrong = marked(reply.text, mark)
    if wrong:
        return Verdict(None, wrong)
    found = read(inside.strip())
    return Verdict(None, found) if isinstance(found, str) else Verdict(found)
