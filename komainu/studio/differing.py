"""What differs between two texts, in words: for texts that stand side by side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from komainu.studio.said import Piece

WORD = re.compile(r"[ぁ-ゟ]+|[゠-ヿ]+|[㐀-䶿一-鿿々]|[^\W぀-ヿ㐀-䶿一-鿿]+|\s+|[^\w\s]")
MOST = 1000  # words between the first and the last that differ; with more all between is marked
Pieces = list[Piece]


def differing(old: str, new: str, kinds: tuple[str, str] = ("", "")) -> tuple[Pieces, Pieces]:
    """Both texts in pieces: what both have as texts, what only one has as [text, kind]."""
    a, b = WORD.findall(old), WORD.findall(new)
    first = 0
    while first < min(len(a), len(b)) and a[first] == b[first]:
        first += 1
    last = 0
    while last < min(len(a), len(b)) - first and a[-1 - last] == b[-1 - last]:
        last += 1
    inner = (a[first : len(a) - last], b[first : len(b) - last])
    if max(map(len, inner)) > MOST:
        blocks: Sequence[tuple[str, int, int, int, int]] = [("replace", 0, len(inner[0]), 0, len(inner[1]))]
    else:
        blocks = SequenceMatcher(None, *inner, autojunk=False).get_opcodes()
    sides: tuple[Pieces, Pieces] = ([*a[:first]], [*b[:first]])
    for tag, i, j, k, n in blocks:
        for side, words, kind in ((sides[0], inner[0][i:j], kinds[0]), (sides[1], inner[1][k:n], kinds[1])):
            if words:
                side.append("".join(words) if tag == "equal" else ["".join(words), kind])
    for side, words in zip(sides, (a, b), strict=True):
        side += words[len(words) - last :]
    return joined(sides[0]), joined(sides[1])


def joined(pieces: Pieces) -> Pieces:
    """Texts that follow each other as one."""
    found: Pieces = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        else:
            found.append(piece)
    return found
