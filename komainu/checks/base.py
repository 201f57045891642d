"""What a check is: a pure function of a chat that says what is wrong with its answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from komainu.checks.text import visible
from komainu.rows import Chat
from komainu.spec import Spec


@dataclass(frozen=True, kw_only=True)
class Check(Spec):
    """One question about one answer, shared by data filters, scores and rewards.

    `check(chat)` returns "" when the answer is fine, else "word: what was seen": the word before the
    colon is the check's name in snake case, the same for every failure, so that reasons can be counted.
    A check reads the chat's messages and the documented meta keys, never `meta["hidden"]`. It judges the
    answer a user sees, so a leading <think> block is left out. A blank answer passes every check but Empty.
    """

    @property
    def name(self) -> str:
        """The class name in snake case: ExtraText is `extra_text`."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(self).__name__).lower()

    def __call__(self, chat: Chat) -> str:
        """ "" when the answer is fine, else the reason in one line."""
        text = visible(chat.reply)
        if not text.strip():
            return ""
        seen = self.fault(text, chat)
        return f"{self.name}: {seen}" if seen else ""

    def fault(self, text: str, chat: Chat) -> str:
        """What is wrong with `text`, the visible answer of `chat`, in a few words; "" when nothing is."""
        raise NotImplementedError(f"{type(self).__name__} needs fault(text, chat)")


def shown(text: str, limit: int = 40) -> str:
    """Text as it may stand in a one-line reason: quoted, line ends escaped, cut to `limit` characters."""
    return repr(text if len(text) <= limit else text[: limit - 1] + "…")
