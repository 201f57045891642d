"""Answers side by side: which items are shown, what is right, what leaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from komainu.checks.leakage import allowed_text, spans
from komainu.checks.scripts import has_kana
from komainu.checks.text import visible
from komainu.pages.page import clean
from komainu.release.datasets import luck
from komainu.rows import Chat, Message
from komainu.store import Artifact

ITEMS = 3  # shown a task
LONGEST = 1200  # characters of a text shown


class Answer(NamedTuple):
    """What one model said. `right` is None when the item has no references."""

    model: str
    html: Markup
    right: bool | None
    leaks: int
    finish: str
    empty: bool


class Item(NamedTuple):
    """One item with every model's answer."""

    id: str
    language: str
    turns: tuple[tuple[str, Markup, str], ...]  # role, text, language
    reference: Markup
    references: int
    answers: tuple[Answer, ...]


class Task(NamedTuple):
    """The shown items of a task; `right` counts the right answers of each model over all its items."""

    name: str
    total: int
    differing: int
    right: tuple[tuple[str, int | None], ...]
    items: tuple[Item, ...]


def side_by_side(artifacts: Sequence[Artifact], names: Sequence[str]) -> list[Task]:
    """The tasks with a few items each: those on which the models differ first, in a fixed order.

    One of each pattern of right and wrong is taken in turn. An item that a model did not answer is left out.
    """
    columns = [{row.id: row for row in a.rows() if isinstance(row, Chat)} for a in artifacts]
    if not columns:
        return []
    tasks: dict[str, list[tuple[Chat, ...]]] = {}
    for id, first in columns[0].items():
        if all(id in column for column in columns):
            tasks.setdefault(str(first.meta.get("task") or "items"), []).append(tuple(c[id] for c in columns))
    return [task(name, rows, names) for name, rows in sorted(tasks.items())]


def task(name: str, rows: Sequence[tuple[Chat, ...]], names: Sequence[str]) -> Task:
    marks = [[right(chat) for chat in chats] for chats in rows]
    known = [[m for m in column if m is not None] for column in zip(*marks, strict=True)]
    counts = tuple((n, sum(some) if some else None) for n, some in zip(names, known, strict=True))
    differing = sum(differs(chats) for chats in rows)
    items = tuple(item(chats, names) for chats in chosen(rows))
    return Task(name, len(rows), differing, counts, items)


def chosen(rows: Sequence[tuple[Chat, ...]]) -> list[tuple[Chat, ...]]:
    """Up to ITEMS rows, ordered by hash: where the answers differ first, one of each pattern of right and wrong."""
    found: list[tuple[Chat, ...]] = []
    for wanted in (True, False):
        patterns: dict[str, list[tuple[Chat, ...]]] = {}
        for chats in sorted(rows, key=lambda chats: luck(chats[0].id)):
            if differs(chats) is wanted:
                patterns.setdefault("".join(str(right(chat)) for chat in chats), []).append(chats)
        for i in range(ITEMS):
            found += [some[i] for some in patterns.values() if i < len(some)]
    return found[:ITEMS]


def differs(chats: Sequence[Chat]) -> bool:
    return len({chat.reply for chat in chats}) > 1


def right(chat: Chat) -> bool | None:
    """Whether the answer is one of the references, white space around it and a <think> block left out."""
    references = [r for r in chat.meta.get("references") or () if isinstance(r, str)]
    return visible(chat.reply).strip() in {r.strip() for r in references} if references else None


def item(chats: Sequence[Chat], names: Sequence[str]) -> Item:
    first = chats[0]
    references = [r for r in first.meta.get("references") or () if isinstance(r, str)]
    language = str(first.meta.get("lang", ""))
    turns = tuple((m.role, shown(m.content), guessed(m)) for m in first.prompt)
    answers = tuple(answer(chat, name) for chat, name in zip(chats, names, strict=True))
    return Item(first.id, language, turns, shown(references[0]) if references else Markup(""), len(references), answers)


def guessed(message: Message) -> str:
    return "ja" if has_kana(message.content) else "en"


def answer(chat: Chat, name: str) -> Answer:
    html, leaks = marked(chat)
    return Answer(name, html, right(chat), leaks, str(chat.meta.get("finish", "stop")), not chat.reply.strip())


def marked(chat: Chat) -> tuple[Markup, int]:
    """The reply as HTML with leaked words marked, and how many there are."""
    language, reply = chat.meta.get("lang"), chat.reply
    seen = visible(reply)
    start = len(reply) - len(seen)
    found = spans(seen, language, allowed_text(chat, language)) if language in ("ja", "en") else []
    parts, at = [], 0
    for span in found:
        if start + span.start >= LONGEST:
            break
        a, b = start + span.start, min(start + span.end, LONGEST)
        title = f"leak: {span.kind}"
        mark = Markup('<mark title="{}">{}</mark>').format(title, clean(reply[a:b]))
        parts += [escape(clean(reply[at:a])), mark]
        at = b
    return Markup("").join([*parts, shown(reply, at)]), len(found)


def shown(text: str, start: int = 0) -> Markup:
    """Text from `start` as HTML; what is longer than LONGEST is cut and said to be."""
    html = escape(clean(text[start:LONGEST]))
    if len(text) <= LONGEST:
        return html
    return html + Markup('<span class="cut">… {} more characters</span>').format(f"{len(text) - LONGEST:,}")
