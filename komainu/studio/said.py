"""Numbers, times and values as the interface says them."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from komainu.release.numbers import short
from komainu.studio.words import Words

Piece = str | list[str]  # a text, or one that is marked, with the kind of its mark
SHOWN = 3000  # characters of an answer that are shown at once
LONG = 20_000  # characters of one value that a page shows; the record itself has the rest


def number(value: float) -> str:
    """Whole numbers with commas, others with four digits or all before the point."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:,.4g}"


def size(count: int) -> str:
    """Bytes: `1.2 MB`."""
    text = short(count)
    return f"{text} B" if text[-1].isdigit() else f"{text[:-1]} {text[-1]}B"


def moment(seconds: float) -> str:
    """A time of this machine's clock, to the minute."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def duration(words: Words, seconds: float) -> str:
    """`3 h 05 min`, `4 min 10 s`, `9 s`."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return words("time.hours", hours=hours, minutes=f"{minutes:02d}")
    return words("time.minutes", minutes=minutes, seconds=f"{whole % 60:02d}") if minutes else words("time.s", n=whole)


def cut(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece], int]:
    """The first SHOWN characters of a text in pieces, the rest, and how long that is: a browser lays out long ones
    slowly, so the rest stands behind a fold."""
    first: list[Piece] = []
    rest: list[Piece] = []
    left, more = SHOWN, 0
    for piece in pieces:
        text, kind = (piece, "") if isinstance(piece, str) else (piece[0], piece[1])
        for into, part in ((first, text[:left]), (rest, text[left:])):
            if part:
                into.append(part if isinstance(piece, str) else [part, kind])
        more += max(0, len(text) - left)
        left = max(0, left - len(text))
    return first, rest, more


def value(found: Any) -> str:
    """A value of a record as text: JSON where it is no text itself, cut where it is very long."""
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, indent=1, sort_keys=False)
    return text if len(text) <= LONG else f"{text[:LONG]} …"
