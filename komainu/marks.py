"""Marks with a nonce: how a model's verdict is told from the text it is about, and JSON in them read strictly."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from komainu.rows import Chat

_FENCE = re.compile(r"```(?:json)?\n(.*)\n```", re.S)


class Number(str):
    """A number as it is spelled in JSON; what is in quotes is a plain str."""


def nonce(seed: int, what: str, chat: Chat) -> str:
    """Sixteen hex digits that stand in the marks of one question to the judges.

    They are of the answer itself, so no answer can hold its own: one that does could only be found by trying 2^64 of
    them. They are of the seed, what is asked and the row, so the same question has the same marks on every run.
    """
    text = "\0".join((str(seed), what, chat.id, *(m.content for m in chat.messages)))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def marked(reply: str, mark: str) -> tuple[str, str]:
    """What stands between the marks, and what is wrong with them ("" when they are there once)."""
    opening, closing = f"<verdict-{mark}>", f"</verdict-{mark}>"
    if not (opens := reply.count(opening)) and closing not in reply:
        return "", "no verdict: the marks are not there"
    if opens != 1 or reply.count(closing) != 1 or reply.index(opening) > reply.index(closing):
        return "", "no verdict: the marks are not there just once"
    return reply.split(opening, 1)[1].split(closing, 1)[0], ""


def object_in(text: str) -> dict[str, Any] | None:
    """The object in a JSON text, its numbers as `Number`, None where a key stands twice; None for anything else."""
    text = text.strip()
    fenced = _FENCE.fullmatch(text)
    try:
        found = json.loads(
            fenced[1] if fenced else text,
            parse_int=Number,
            parse_float=Number,
            parse_constant=Number,
            object_pairs_hook=once,
        )
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    times = Counter(key for key, _ in pairs)
    return {key: value if times[key] == 1 else None for key, value in pairs}
