"""Step: a text becomes a request to translate it, in one of several styles."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import msgspec

from komainu.context import Context
from komainu.data.base import Dropped, Step
from komainu.data.lists import ROOT, list_hash
from komainu.data.turn import prompt_of
from komainu.files import read_objects
from komainu.rows import Chat, Message

STYLES = "translation.jsonl"
OTHER = {"ja": "en", "en": "ja"}


class Style(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A way to ask for a translation into a language; `kinds` are words of what it is for, none: for every text."""

    to: str
    kinds: list[str]
    text: str

    def suits(self, kind: str, *, alone: bool) -> bool:
        return any(word in kind for word in self.kinds) or not (self.kinds or alone)


@dataclass(frozen=True, kw_only=True)
class AskToTranslate(Step):
    """The answer, or of a prompt the last turn, becomes a prompt that asks for it in the other language of the two.

    The style is drawn by seed and row id among those that suit meta["seeds"]["text"], or with `kind` among those that
    are for it alone; a request may be in either
    language. meta["lang"], the text's language, becomes that of the translation; meta["original"], for `Translated`, is
    the text.
    """

    alone: ClassVar[bool] = True
    kind: str = ""
    seed: int = 0

    def config(self, *, full: bool = True) -> dict[str, Any]:
        return super().config(full=full) | {"list": list_hash(STYLES)}

    @property
    def least(self) -> int:
        return 1

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped]:
        for chat in rows:
            text, lang = chat.messages[-1].content.strip(), OTHER.get(chat.meta.get("lang", ""))
            if lang is None:
                yield Dropped(chat, f"no_text: of language {chat.meta.get('lang')!r}")
                continue
            kind = self.kind or str(chat.meta.get("seeds", {}).get("text", ""))
            fitting = [s for s in styles() if s.to == lang and s.suits(kind, alone=bool(self.kind))]
            request = random.Random(f"{self.seed}:{chat.id}").choice(fitting).text.replace("{text}", text)
            yield prompt_of(chat, [Message("user", request)], lang=lang, original=text, task=f"translate_{lang}")


@cache
def styles() -> tuple[Style, ...]:
    return tuple(msgspec.convert(row, Style) for _, row in read_objects(ROOT / STYLES))
