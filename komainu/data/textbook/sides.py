"""Which side of the textbook a combination of words is on: train, tune or test."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from typing import Literal, Protocol, TypeVar

Side = Literal["train", "tune", "test"]
SIDES: tuple[Side, ...] = ("train", "tune", "test")
_TENTHS: tuple[Side, ...] = (*("train",) * 8, "tune", "test")


class Keyed(Protocol):
    @property
    def key(self) -> str: ...


T = TypeVar("T", bound=Keyed)


def side_of(key: str) -> Side:
    """The side of a key: 80 % train, 10 % tune, 10 % test, by the SHA-256 of the key alone."""
    return _TENTHS[int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % 10]


def draw(rng: random.Random, side: str, make: Callable[[random.Random], T], tries: int = 2000) -> T:
    """The first thing `make(rng)` makes whose key is on `side`.

    A `make` with so few keys that none is on the side would never end; it is stopped as our own bug.
    """
    assert side in SIDES, f"no such side: {side!r}"
    for _ in range(tries):
        made = make(rng)
        if side_of(made.key) == side:
            return made
    raise AssertionError(f"{tries} tries made nothing on the {side} side")
