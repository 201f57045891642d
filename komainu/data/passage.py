"""Where in the turns of a row a stretch of their keys stands, as they were written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from komainu.data.decontaminate import excerpt
from komainu.data.kana import Places, places
from komainu.data.keys import unkana


def passage(turns: Sequence[str], ends: Sequence[int], start: int, end: int) -> str:
    """The text whose key is [start, end) of the folded turns, one line a turn; `ends` are their line ends."""
    return excerpt("\n".join(pieces(turns, ends, start, end)))


def pieces(turns: Sequence[str], ends: Sequence[int], start: int, end: int) -> Iterator[str]:
    for turn, before, after in zip(turns, ends[:-1], ends[1:], strict=True):
        first, last = max(start, before + 1), min(end, after)
        if first < last:
            yield written(turn, first - before - 1, last - before - 1)


def written(turn: str, start: int, end: int) -> str:
    """What of a turn has the characters [start, end) of its key."""
    at = places(turn)
    if at is None:
        return turn[reaching(turn, start + 1) - 1 : reaching(turn, end)]
    return turn[int(at[start]) : stop(turn, at, end)]


def stop(turn: str, at: Places, end: int) -> int:
    """Up to the next character of the key, so that a closing mark is shown too, but not the space after it."""
    whole = int(at[end]) if end < len(at) else len(turn)
    return int(at[end - 1]) + len(turn[int(at[end - 1]) : whole].rstrip())


def reaching(turn: str, size: int) -> int:
    """How much of a turn has a key of that many characters."""
    low, high = 1, len(turn)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if len(unkana(turn[:middle])) >= size else (middle + 1, high)
    return low
