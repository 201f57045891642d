"""One row as the site shows it: in its list, on its own page, and in the search."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from komainu.checks.language import language_of
from komainu.checks.leakage import marked
from komainu.checks.register import register_of
from komainu.checks.scripts import has_kana
from komainu.checks.text import visible
from komainu.data.look.earlier import CALL, Finder, Found, changed, texts
from komainu.rows import Chat, Message, Pair
from komainu.thinking import split

Object = dict[str, Any]
ELSEWHERE = ("from", "hidden", "contaminates")  # of meta: shown apart, or for the report alone
EXCERPT = 160  # characters of a row in the list
SPACES = "\t\n\r\f\v\u1680\u2028\u2029"  # as in nav.js; NFKC makes " " of the others
WIDE = re.compile("[\uff01-\uff5e\u3000]+")  # NFKC takes twice as long where one is left
NARROW = {**{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}, 0x3000: 0x20}


class Held(NamedTuple):
    """A row of a set; of one that was dropped also the step that did, and why."""

    row: Chat | Pair
    step: str = ""
    reason: str = ""

    @property
    def word(self) -> str:
        """What its drop is counted by."""
        return self.reason.partition(":")[0].strip()


@dataclass(frozen=True)
class Seen:
    """What the site needs to know of one row."""

    page: Object
    excerpt: str
    lang: str
    register: str
    leaks: int
    changed: bool


def look(held: Held, made_of: Finder, items: Finder) -> Seen:
    """A row with its leaks marked, what it was before, what it was made of, and the item that it contaminates."""
    row = held.row
    answer = visible(row.reply if isinstance(row, Chat) else row.chosen)
    spoken = language_of(answer) if answer.strip() else ""
    lang = str(row.meta.get("lang") or (spoken if spoken in ("ja", "en") else ""))
    asked = row.with_meta(lang=lang) if lang else row
    turns = [*turns_of(asked)]
    before = next((f for f in made_of.find(row.id) if changed(f.row, row)), None)
    page: Object = {
        "id": row.id,
        "turns": turns,
        "notes": [[key, plain(value)] for key, value in sorted(row.meta.items()) if key not in ELSEWHERE],
        "from": [*origins(row, made_of)],
        "drop": [held.step, held.reason] if held.step else None,
        "before": before and {"ref": before.ref, "turns": [list(each) for each in texts(before.row)]},
        "item": contaminated(row, items),
    }
    return Seen(
        {key: value for key, value in page.items() if value},
        excerpt_of(row),
        lang or spoken or "",
        register_of(answer) if lang == "ja" and answer.strip() else "",
        sum(isinstance(piece, list) for _, pieces, *_ in turns for piece in pieces),
        before is not None,
    )


def turns_of(row: Chat | Pair) -> Iterator[list[Any]]:
    """Role, text in pieces with what leaks marked, the language it looks to be in, and the thinking before it."""
    for n, message in enumerate(row.messages if isinstance(row, Chat) else row.prompt):
        before = row.messages[:n] if isinstance(row, Chat) else row.prompt[:n]
        yield turn(message, Chat(row.id, (*before, message), row.meta))
    if isinstance(row, Pair):
        for name, text in (("chosen", row.chosen), ("rejected", row.rejected)):
            said = Message("assistant", text)
            yield [name, *turn(said, Chat(row.id, (*row.prompt, said), row.meta))[1:]]


def turn(message: Message, chat: Chat) -> list[Any]:
    tongue = "ja" if has_kana(message.content) else "en"
    if message.role != "assistant":
        return [message.role, [message.content], tongue]
    thinking, seen = split(message.content)
    return [message.role, marked(seen, chat), tongue, *([thinking] if thinking else [])]


def origins(row: Chat | Pair, made_of: Finder) -> Iterator[list[str]]:
    """What a row names as its origin: a name, and of rows that are there the artifact and the beginning of the text."""
    named = row.meta.get("from", [])
    for name in dict.fromkeys([*(named if isinstance(named, list) else []), row.id]):
        found = [] if str(name).startswith(CALL) else [*made_of.find(str(name))]
        yield from ([f.row.id, f.ref, excerpt_of(f.row)] for f in found)
        if not found and name != row.id:
            yield [str(name)]


def contaminated(row: Chat | Pair, items: Finder) -> Object | None:
    """The item of a benchmark that `Decontaminate` found in a row: its text, and the row's passage."""
    met = row.meta.get("contaminates")
    if not isinstance(met, dict):
        return None
    stage, id = str(met.get("stage", "")), str(met.get("id", ""))
    found = next((f for f in items.find(id) if stage.endswith(f.ref.rpartition("/")[2])), None)
    text = met.get("item") or (asked(found) if found else "")
    return {
        "id": id,
        "stage": stage,
        "coverage": met.get("coverage"),
        "text": str(text),
        "passage": str(met.get("passage") or met.get("span") or ""),
    }


def asked(found: Found) -> str:
    return "\n".join(m.content for m in found.row.prompt)


def excerpt_of(row: Chat | Pair) -> str:
    """The beginning of what was asked last, else of what is there."""
    said = next((m.content for m in reversed(row.prompt) if m.role == "user"), "")
    return " ".join((said or (row.reply if isinstance(row, Chat) else row.chosen))[: 4 * EXCERPT].split())[:EXCERPT]


def plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1, default=str)


def searched(row: Chat | Pair) -> str:
    """Everything of a row that a search looks through: its id and its turns, each on its own, as `normal` has them."""
    return "\n".join(normal(text) for text in (row.id, *(said for _, said in texts(row))))


def normal(text: str) -> str:
    """Full and half width, capital and small letters alike, any space as one: as nav.js does it."""
    if not (text.isascii() or unicodedata.is_normalized("NFKC", text)):
        text = unicodedata.normalize("NFKC", WIDE.sub(lambda found: found[0].translate(NARROW), text))
    text = text.lower().replace("ς", "σ")
    for space in SPACES:  # a regular expression takes 15 times as long, and where "  " is left it takes twice as long
        if space in text:
            text = text.replace(space + space, space).replace(space, " ")
    while "  " in text:
        text = text.replace("  ", " ")
    return text
