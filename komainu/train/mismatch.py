"""Which other row's answer stands under a row's prompt, where a loss needs an answer that does not belong there."""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Sequence

from komainu.errors import UsageError
from komainu.rows import Chat

LOOK = 1_000  # rows looked at before the best of them has to do


def mismatched(chats: Sequence[Chat], sizes: Sequence[tuple[int, int]], seed: int) -> list[int]:
    """For each chat the index of another one whose answer is put under its prompt.

    Rows lie on a ring, at the SHA-256 of (seed, row id). Each begins at a place of its own there, and takes the first
    row with another prompt and another answer that makes it no longer than the longest of all rows is by itself:
    a row more in the data changes the luck of about one other. `sizes`: tokens of prompt and answer. Where none of
    LOOK rows is short enough, the shortest answer serves. Raises UsageError for a row that no other answer suits.
    """
    ring = sorted((place(seed, "row", chat.id), i) for i, chat in enumerate(chats))
    most = max((sum(size) for size in sizes), default=0)
    found = []
    for i, chat in enumerate(chats):
        start = bisect.bisect(ring, (place(seed, "draw", chat.id), 0))
        best, seen = -1, 0
        for step in range(len(ring)):
            j = ring[(start + step) % len(ring)][1]
            if chats[j].prompt == chat.prompt or chats[j].reply == chat.reply:
                continue
            seen += 1
            if best < 0 or sizes[j][1] < sizes[best][1]:
                best = j
            if sizes[i][0] + sizes[j][1] <= most or seen == LOOK:
                best = j if sizes[i][0] + sizes[j][1] <= most else best
                break
        if best < 0:
            raise UsageError(
                f"row {chat.id}: no other row has another prompt and another answer, to compare it with; give more rows"
            )
        found.append(best)
    return found


def place(seed: int, what: str, row: str) -> bytes:
    return hashlib.sha256(f"mismatch:{seed}:{what}:{row}".encode()).digest()
