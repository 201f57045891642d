"""Step: tell the language of rows that do not say it, and keep those of the languages wanted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from komainu.checks.language import language_of
from komainu.context import Context
from komainu.data.base import Dropped, Step
from komainu.data.template import LANGUAGES, Lang
from komainu.data.turn import request_alone
from komainu.rows import Chat, Pair

_CODES = {"japanese": "ja", "日本語": "ja", "和": "ja", "english": "en", "英語": "en", "英": "en"}
_NAMED = re.compile(r"japanese|english|語|[和英]訳", re.I)  # one stands in each of these:
_WANTED = (  # a request that names the language of its answer
    re.compile(
        r"\b(?:translat\w*\b[^.\n]{0,80}?\b(?:in|into|to)|"
        r"(?:answer|reply|respond|say|(?:re)?write|summari[sz]e|put)\b[^.\n]{0,80}?\b(?:in|into)) "
        r"(?:\w+ )?(japanese|english)\b",
        re.I,
    ),
    re.compile(r"(日本語|英語)(?:に|で|へ)[^。\n]{0,12}?(?:訳|翻訳|答え|回答|書|説明|要約|直し|して|言)|(和|英)訳"),
)


@dataclass(frozen=True, kw_only=True)
class TellLanguage(Step):
    """Set meta["lang"] to the language of the last request or of its answer, where the row does not tell it.

    The answer's is that of the request unless the request names another one (translate into, 英語で答えて). A row of
    another language than those wanted, or of none that can be told, is dropped. Kanji alone count as Japanese only
    where Chinese shows no sign; see `language_of`. Chats or pairs go through.
    Not covered: a language that is asked for in other words.
    """

    eats: ClassVar[type] = object
    alone: ClassVar[bool] = True
    languages: tuple[Lang, ...] = LANGUAGES
    of: Literal["answer", "request"] = "answer"

    def turns(self, came: type) -> type | None:
        return came if came in (Chat, Pair) else None

    def __call__(self, rows: Iterator[Chat | Pair], ctx: Context) -> Iterator[Chat | Pair | Dropped]:
        for row in rows:
            asked = row if isinstance(row, Chat) else Chat(row.id, row.prompt, row.meta)
            request = request_alone(asked).messages[-1].content
            lang = row.meta.get("lang") or (self.of == "answer" and wanted(request)) or spoken(request)
            told = row.with_meta(lang=lang)
            yield told if lang in self.languages else Dropped(row, f"language: {lang or 'untold'}")


def spoken(text: str) -> str:
    """The language of a text, kanji alone as Japanese; "" when it cannot be told."""
    found = language_of(text)
    return "ja" if found == "han" else found


def wanted(request: str) -> str:
    """The language that a request names for its answer, the first one; "" when it names none."""
    if not _NAMED.search(request):
        return ""
    found = [m for pattern in _WANTED if (m := pattern.search(request))]
    first = min(found, key=lambda m: m.start(), default=None)
    return _CODES[next(filter(None, first.groups())).lower()] if first else ""
