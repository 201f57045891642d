"""Empty: an answer with nothing to read in it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from komainu.checks.base import Check
from komainu.checks.text import visible
from komainu.rows import Chat

_BLANKS = frozenset("\u2800\u3164\u115f\u1160\uffa0\ufe0e\ufe0f")  # drawn as nothing, yet not space by category


@dataclass(frozen=True, kw_only=True)
class Empty(Check):
    """Fails on a missing answer, on white space and invisible characters, and on thinking without an answer."""

    def __call__(self, chat: Chat) -> str:
        text = visible(chat.reply)
        if not invisible(text):
            return ""
        return f"{self.name}: {self.fault(text, chat)}"

    def fault(self, text: str, chat: Chat) -> str:
        if not chat.answered:
            return "no answer"
        return "blank" if invisible(chat.reply) and not chat.meta.get("thinking") else "only thinking"


def invisible(text: str) -> bool:
    """Whether nothing of `text` is drawn: spaces, controls, zero-width and filler characters."""
    return all(c in _BLANKS or unicodedata.category(c)[0] in "ZC" for c in text)
