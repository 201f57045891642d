"""RegisterKept: the share of Japanese answers in the register asked for or preferred."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from komainu.checks.register import Register, register_of
from komainu.checks.text import visible
from komainu.eval.base import Bench, Lang, judged, texts
from komainu.rows import Chat, Score


@dataclass(frozen=True, kw_only=True)
class RegisterKept(Bench):
    """1 when the answer is in `meta["register"]` ("polite" or "plain"), asked for or only preferred.

    Decided by checks/register.py; Japanese only. An item whose best reference has no predicate (a noun, a
    number) is left out, and an answer without one fails where the best reference has one.
    """

    name: ClassVar[str] = "register"
    metrics: ClassVar[tuple[str, ...]] = ("register",)
    language: Lang = "ja"

    def applies(self, chat: Chat) -> bool:
        asked = super().applies(chat) and chat.meta.get("register") in ("polite", "plain")
        right = texts(chat, "references")[:1]
        return asked and "none" not in map(register_of, right)

    def score(self, chat: Chat) -> list[Score]:
        why = Register(preferred=True)(chat)
        if not why and texts(chat, "references") and register_of(visible(chat.reply)) == "none":
            why = "register: no predicate"
        return judged(self, chat, why)
