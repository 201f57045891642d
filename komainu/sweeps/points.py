"""Points of a sweep: `lr=1e-5,2e-5 seed=0..2` as factors with levels, and every combination of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from komainu.errors import UsageError
from komainu.recipe import split

RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)")
MOST = 10_000  # points; more is a slip of the keyboard


class Factor(NamedTuple):
    """A parameter of the recipe and the values it takes, as texts, in the order given."""

    name: str
    levels: tuple[str, ...]


def factors(settings: Sequence[str]) -> list[Factor]:
    """`key=a,b,c` and `key=0..2` (both ends included; the two mix: `seed=0..2,7`) as factors.

    Where a `;` stands in a value it parts the levels in place of the comma, so that a level may hold commas: `a,b;c`;
    `a,b;` is the one level `a,b`. Raises UsageError for a level that is empty or is given twice.
    """
    return [Factor(name, levels(name, text)) for name, text in split(settings).items()]


def levels(name: str, text: str) -> tuple[str, ...]:
    if ";" in text:
        found = text.removesuffix(";").split(";")
    elif "," in text or RANGE.fullmatch(text):
        found = [each for part in text.split(",") for each in spelled(name, part)]
    else:
        found = [text]
    if len(found) > 1 and not all(found):
        raise UsageError(f"{name}={text} has an empty level; levels stand between commas")
    for level in found:
        if found.count(level) > 1:
            raise UsageError(f"{name}={text} has the level {level!r} twice; give it once")
    return tuple(found)


def spelled(name: str, part: str) -> list[str]:
    """The whole numbers of a range; anything else as it is."""
    ends = RANGE.fullmatch(part)
    if ends is None:
        return [part]
    first, last = int(ends[1]), int(ends[2])
    if not 0 <= last - first < MOST:
        raise UsageError(f"{name}={part}: a range goes up, and has at most {MOST} numbers")
    return [str(n) for n in range(first, last + 1)]


def combinations(some: Sequence[Factor]) -> list[dict[str, str]]:
    """Every combination of the levels, the last factor changing fastest."""
    count = 1
    for factor in some:
        count *= len(factor.levels)
    if count > MOST:
        raise UsageError(f"{count:,} points are more than {MOST:,}; give fewer levels")
    return [dict(zip([f.name for f in some], each, strict=True)) for each in product(*(f.levels for f in some))]
