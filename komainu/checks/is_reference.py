"""IsReference: is the answer one of the right ones?"""

from __future__ import annotations

from dataclasses import dataclass

from komainu.checks.base import Check, shown
from komainu.rows import Chat


@dataclass(frozen=True, kw_only=True)
class IsReference(Check):
    """Fails an answer that equals none of `meta["references"]`, white space around it left out.

    Width, case and punctuation count. A row without references passes. Not covered: right answers that are not listed.
    """

    def fault(self, text: str, chat: Chat) -> str:
        references = [each.strip() for each in chat.meta.get("references", ()) if isinstance(each, str)]
        return "" if not references or text.strip() in references else f"{shown(text.strip())} is no reference"
