"""A part of a file's rows, as `datasets` writes it: [:25%], [10:200], [-5%:]."""

from __future__ import annotations

import re
from typing import NamedTuple

from komainu.errors import UsageError

BOUND = r"(-?\d[\d_]*)(%?)"
SLICE = re.compile(rf"\[(?:{BOUND})?:(?:{BOUND})?\]")


class Part(NamedTuple):
    """Where a part begins and ends, in rows or in percent; a bound below zero counts from the end; None is the end.

    The meaning is that of `datasets.ReadInstruction`: when one bound is a percentage both are, a percentage is
    rounded to the nearest row (half to even), a bound past the end is the end.
    """

    start: int | None
    stop: int | None
    percent: bool = False

    def span(self, total: int) -> tuple[int, int]:
        """The first row and the row after the last, of so many rows."""
        first, last = (self.place(bound, total) for bound in (self.start, self.stop))
        return (0 if first is None else first), (total if last is None else last)

    def place(self, bound: int | None, total: int) -> int | None:
        if bound is None:
            return None
        at = round(bound * total / 100.0) if self.percent else bound
        return min(max(total + at, 0) if at < 0 else at, total)

    @property
    def counted(self) -> bool:
        """Whether all rows must be counted to know where it lies."""
        return self.percent or min(self.start or 0, self.stop or 0) < 0


def part_of(text: str) -> Part:
    """The part that a text like [:25%] says; "" is all. Raises UsageError."""
    if not text:
        return Part(None, None)
    found = SLICE.fullmatch(text.replace(" ", ""))
    if found is None:
        raise UsageError(f"{text!r} is no part of a file; write [:25%], [10:200] or [-5%:]")
    start, of_start, stop, of_stop = found.groups()
    percent = bool(of_start or of_stop)
    first, last = (None if bound is None else int(bound) for bound in (start, stop))
    if percent and any(bound is not None and not -100 <= bound <= 100 for bound in (first, last)):
        raise UsageError(f"{text!r}: a percentage is between -100 and 100")
    return Part(first, last, percent)


def split_part(path: str) -> tuple[str, str]:
    """A path, and the part that stands at its end; "" where there is none."""
    at = path.rfind("[")
    return (path[:at], path[at:]) if at > 0 and SLICE.fullmatch(path[at:]) else (path, "")
