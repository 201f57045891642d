"""Finding rows by what they say: a page of hits at a time, and how many there are, each within a time."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from komainu.data.explore.index import parts_of
from komainu.data.explore.rows import Rows
from komainu.data.look.entry import normal, searched

Mask = NDArray[np.bool_] | None  # which rows are asked for; None stands for all


class Page(NamedTuple):
    """Hits in the order of the rows. `next` is the row to go on from, None where no more are; `cut` says that the time
    was over before the page was full."""

    numbers: list[int]
    next: int | None
    cut: bool = False


class Count(NamedTuple):
    """How many rows have a text; where the time was over, these are only the ones that were found."""

    n: int
    exact: bool


def search(rows: Rows, text: str, start: int = 0, *, size: int = 50, only: Mask = None, seconds: float) -> Page:
    """The first `size` rows from `start` on that have a text in their id, a turn or an answer.

    Full and half width, capital and small letters and any space are alike, as in `look.entry.normal`; otherwise the
    text stands there as it is. A text of nothing but space is in every row.
    """
    wanted, until, numbers = normal(text).strip(), time.monotonic() + seconds, list[int]()
    for number, hit in looked_at(rows, wanted, start, only):
        if hit:
            numbers.append(number)
        if len(numbers) == size or time.monotonic() > until:
            return Page(numbers, number + 1 if number + 1 < rows.total else None, len(numbers) < size)
    return Page(numbers, None)


def looked_at(rows: Rows, wanted: str, start: int, only: Mask) -> Iterator[tuple[int, bool]]:
    """The rows that may have a text, in order, and whether they do."""
    for part in parts_of(rows):
        if part.end > start:
            for number in among(part.may(wanted, start), only):
                yield number, wanted in searched(rows.held(number).row)


def among(numbers: Iterable[int], only: Mask) -> Iterable[int]:
    if only is None:
        return numbers
    if isinstance(numbers, range):
        return (np.flatnonzero(only[numbers.start : numbers.stop]) + numbers.start).tolist()
    return (number for number in numbers if only[number])


def count(rows: Rows, text: str, *, only: Mask = None, seconds: float) -> Count:
    """How many rows have a text. A short text is counted by the index alone."""
    wanted, until, n = normal(text).strip(), time.monotonic() + seconds, 0
    for part in parts_of(rows):
        if part.first and time.monotonic() > until:
            return Count(n, False)
        whole = part.count(wanted) if only is None else None
        if whole is not None:
            n += whole
            continue
        for number in among(part.may(wanted, 0), only):
            n += wanted in searched(rows.held(number).row)
            if time.monotonic() > until:
                return Count(n, False)
    return Count(n, True)
