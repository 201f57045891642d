"""Step: tell the language of prompts that do not say it, and keep those of the languages wanted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from komainu.checks.language import language_of
from komainu.context import Context
from komainu.data.base import Dropped, Step
from komainu.data.template import LANGUAGES, Lang
from komainu.rows import Chat


@dataclass(frozen=True, kw_only=True)
class TellLanguage(Step):
    """Set meta["lang"] to the language of the last user turn, where the row does not tell it.

    A row of another language, or of none that can be told, is dropped. Kanji alone count as Japanese only where Chinese
    shows no sign; see `language_of`.
    """

    languages: tuple[Lang, ...] = LANGUAGES

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped]:
        for chat in rows:
            lang = chat.meta.get("lang") or spoken(chat)
            yield (
                chat.with_meta(lang=lang) if lang in self.languages else Dropped(chat, f"language: {lang or 'untold'}")
            )


def spoken(chat: Chat) -> str:
    said = next((m.content for m in reversed(chat.messages) if m.role == "user"), "")
    found = language_of(said)
    return "ja" if found == "han" else found
