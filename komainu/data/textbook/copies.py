"""Copies of a prompt: as it is, or with other spaces, widths or punctuation; every task still reads them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

from komainu.rows import Chat, Message


def same(text: str) -> str:
    return text


def spaced(text: str) -> str:
    """A space or an empty line more after each sentence and line, and one at the end."""
    return re.sub(r"([。？?.:])(?=[^\n])", r"\1 ", text).replace("\n", "\n\n") + " "


def wide(text: str) -> str:
    """Digits and ASCII punctuation in full width."""
    return re.sub(r"[0-9?!,.:]", lambda found: chr(ord(found[0]) + 0xFEE0), text)


def dotted(text: str) -> str:
    """Western punctuation in Japanese text."""
    return text.translate(str.maketrans("、。？", "，．?"))


def halfwidth(text: str) -> str:
    """Half-width Japanese punctuation."""
    return text.translate(str.maketrans("、。「」", "､｡｢｣"))


VARIANTS: tuple[Callable[[str], str], ...] = (same, spaced, wide, dotted, halfwidth)


def near_copy(rng: random.Random, row: Chat, row_id: str) -> Chat:
    """The row under another id, its last turn possibly written in another way."""
    *before, last = row.messages
    text = rng.choice(VARIANTS)(last.content)
    return Chat(row_id, (*before, Message(last.role, text, last.extra)), row.meta)
