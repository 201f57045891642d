"""Keys of text: what is left when width, case, spaces and punctuation are forgotten. Never training text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Literal, NamedTuple

from komainu.errors import UsageError
from komainu.rows import Chat, Message, Pair, Row

On = Literal["prompt", "both"]
NARROW = {chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)} | {"\u3000": " ", "\u2026": "..."}
WIDE = re.compile(f"[{''.join(map(re.escape, NARROW))}]")
HIRAGANA = {code: code - 0x60 for code in (*range(0x30A1, 0x30F7), 0x30FD, 0x30FE)}


def folded(text: str) -> str:
    """NFKC and case folding; spaces, control characters and punctuation removed.

    What stands between two digits stays ("3-5" is not "35", "1 2" is not "12"), and so do question
    marks (in plain Japanese nothing else may mark a question) and symbols such as + and =.
    """
    if text.isascii():
        text = text.lower()
    else:  # wide forms first: what is in normal form already need not be taken apart
        normal = unicodedata.normalize("NFKC", WIDE.sub(lambda found: NARROW[found[0]], text))
        text = normal if (lower := normal.casefold()) == normal else unicodedata.normalize("NFKC", lower)
    spaces, marks = unmarked()
    return without(marks, without(spaces, text))


def unkana(text: str) -> str:
    """Folded text with katakana written as hiragana and without question marks."""
    return folded(text).translate(HIRAGANA).replace("?", "")


class Marks(NamedTuple):
    """Some characters: a pattern of stretches of them, and one of those that stand between two digits."""

    all: re.Pattern[str]
    kept: re.Pattern[str]


def without(marks: Marks, text: str) -> str:
    """`text` without the characters that do not stand between two digits."""
    if not marks.kept.search(text):
        return marks.all.sub("", text)
    pieces = marks.kept.split(text)  # every second piece is a character that stays
    pieces[::2] = [marks.all.sub("", piece) for piece in pieces[::2]]
    return "".join(pieces)


@cache
def unmarked() -> tuple[Marks, Marks]:
    """Spaces and control characters, and punctuation but for question marks."""
    spaces, marks = [], []
    for code in range(0x10000):
        kind = unicodedata.category(chr(code))
        if kind[0] in "ZC" and kind not in ("Cs", "Co", "Cn"):
            spaces.append(re.escape(chr(code)))
        elif kind[0] == "P" and chr(code) != "?":
            marks.append(re.escape(chr(code)))
    sets = (f"[{''.join(spaces)}]", f"[{''.join(marks)}]")
    space, mark = (Marks(re.compile(f"{s}+"), re.compile(rf"(?<=\d)({s})(?=\d)")) for s in sets)
    return space, mark


def messages_of(row: Row, on: On = "both") -> tuple[Message, ...]:
    """The turns of the prompt; with on="both" also the answer (of a pair: chosen, then rejected)."""
    if not isinstance(row, (Chat, Pair)):
        raise UsageError(f"{row.id}: a {type(row).__name__} has no text to compare; give chats or pairs")
    if on == "prompt":
        return row.prompt
    if isinstance(row, Chat):
        return row.messages
    return (*row.prompt, Message("assistant", row.chosen), Message("assistant", row.rejected))


def key_of(row: Chat | Pair, on: On) -> str:
    """The folded turns of a row, one a line; a turn of nothing but marks stands as it is. `keys_of` is faster."""
    return "\n".join(folded(m.content) or m.content for m in messages_of(row, on))


def keys_of(rows: Sequence[Row], on: On) -> list[str]:
    """The key of each row."""
    from komainu.data.folding import fold, parts_of

    turns = [[message.content for message in messages_of(row, on)] for row in rows]
    return [*chain.from_iterable(fold(part).keys() for part in parts_of(turns))]


def known(on: str, holder: str) -> None:
    """Refuse a value that is neither "prompt" nor "both"."""
    if on not in ("prompt", "both"):
        raise UsageError(f'{holder}.on is {on!r}; use "prompt" or "both"')
