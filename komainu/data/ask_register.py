"""Step: ask for an answer in a register, drawn from our list."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec

from komainu.context import Context
from komainu.data.base import Dropped, Note, Step
from komainu.data.lists import ROOT, list_hash
from komainu.files import read_objects
from komainu.rows import Chat, Message

LIST = "registers.jsonl"


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A register of a language: what it is called, and the ways to ask for it."""

    lang: str
    register: str
    name: str
    say: list[str]


@dataclass(frozen=True, kw_only=True)
class AskRegister(Step):
    """Add a request for a register to the last turn of a prompt; meta["register"] says which one.

    Register and wording are drawn from the seed and the row id, of those of the row's language. A row that is answered,
    has a register already or is in no language of the list is dropped. The notes count the registers.
    """

    seed: int = 0

    def config(self, *, full: bool = True) -> dict[str, Any]:
        return super().config(full=full) | {"list": list_hash(LIST)}

    @property
    def least(self) -> int:
        return 1

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped | Note]:
        asked: Counter[str] = Counter()
        for chat in rows:
            among = [each for each in wordings() if each.lang == chat.meta.get("lang")]
            if not among:
                yield Dropped(chat, f"no_list: of language {chat.meta.get('lang')!r}")
            elif chat.answered or "register" in chat.meta:
                yield Dropped(chat, f"not_bare: {'answered' if chat.answered else 'has a register'}")
            else:
                rng = random.Random(f"{self.seed}:{chat.id}")
                drawn = rng.choice(among)
                *before, last = chat.messages
                text = f"{last.content.rstrip()}\n\n{rng.choice(drawn.say)}"
                asked[drawn.register] += 1
                yield Chat(chat.id, (*before, Message("user", text)), {**chat.meta, "register": drawn.register})
        yield Note({"asked": dict(sorted(asked.items()))})


@cache
def wordings() -> tuple[Wording, ...]:
    """The list, in its order."""
    return tuple(msgspec.convert(row, Wording) for _, row in read_objects(ROOT / LIST))
