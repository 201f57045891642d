"""Followed: does the answer follow every instruction of the row that a program can check?"""

from __future__ import annotations

from dataclasses import dataclass

from komainu.checks.base import Check
from komainu.checks.instructions.asked import Checks, asked_of
from komainu.checks.instructions.base import followed
from komainu.rows import Chat


@dataclass(frozen=True, kw_only=True)
class Followed(Check):
    """Fails an answer that breaks an instruction of `meta["instructions"]`, each {id, kwargs}, read strictly.

    The rules are those of IFEval for English rows (`meta["lang"]`) and of the Japanese part of M-IFEval for Japanese
    ones. A row without instructions passes. Raises UsageError for an instruction that no rule knows. Not covered:
    whether the answer is any good beside what is asked.
    """

    def fault(self, text: str, chat: Chat) -> str:
        if "instructions" not in chat.meta:
            return ""
        checks = rules(chat.meta.get("lang", ""))
        return ", ".join(one.id for one in asked_of(chat, checks) if not followed(checks, text, one))


def rules(lang: str) -> Checks:
    """The rules for answers in a language, by instruction id."""
    if lang == "ja":
        from komainu.checks.instructions.japanese import CHECKS

        return CHECKS
    from komainu.checks.instructions import english

    return english.CHECKS
