"""Which comparisons to ask next: those that tell most about the candidate, until its interval is narrow enough."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from komainu.spec import Spec

GOLDEN = (5**0.5 - 1) / 2  # steps of this share of a circle stay spread out, wherever they stop


class Pairing(NamedTuple):
    """The candidate against one anchor on one text; asked in both orders."""

    item: str
    anchor: str


@dataclass(frozen=True, kw_only=True)
class Adaptive(Spec):
    """Ask until the 95 % interval of LT is at most `width` points wide, `batch` pairings at a time, and about each text
    once at least: a text that nobody asked about would be a missing verdict.

    The texts come in a fixed order, one after the other, so that each is asked about as often as any other; only the
    anchor is chosen: the one that shrinks the variance of the candidate's strength most. The first `first` pairings
    are spread over the anchors alike. Equal replies give equal choices, so a stopped run goes on where it was.
    """

    version: ClassVar[int] = 2
    width: float = 1.0
    batch: int = 8
    first: int = 8

    def problems(self) -> Iterator[str]:
        if not 0 < self.width <= 10:
            yield f"Adaptive.width is {self.width}; it is in points of LT, above 0 and at most 10"
        if self.batch < 1 or self.first < 1:
            yield f"Adaptive asks {self.first} pairings first and {self.batch} at a time; both must be 1 or more"


class Schedule:
    """The pairings of some texts and anchors, and the choice among those that are left."""

    def __init__(self, items: Sequence[str], anchors: Sequence[str]) -> None:
        self.items, self.anchors = [*items], [*anchors]
        self.left = {item: {*anchors} for item in items}
        self.turn = 0

    def take(self, n: int, gains: Mapping[str, float] | None = None) -> list[Pairing]:
        """The next n pairings: of each text in turn the one with the anchor of the greatest gain, and of anchors that
        gain alike, as they do before anything is known, each in its turn."""
        found: list[Pairing] = []
        while len(found) < n and any(self.left.values()):
            item = self.items[self.turn % len(self.items)]
            self.turn += 1
            start = int(GOLDEN * self.turn * len(self.anchors)) % len(self.anchors)
            rest = [a for a in (*self.anchors[start:], *self.anchors[:start]) if a in self.left[item]]
            if rest:
                anchor = max(rest, key=lambda name: (gains or {}).get(name, 0.0))
                self.left[item].remove(anchor)
                found.append(Pairing(item, anchor))
        return found


def schedule(items: Sequence[str], anchors: Sequence[str], seed: int) -> Schedule:
    """All pairings, the texts in an order drawn by the seed and their ids."""
    return Schedule(sorted(items, key=lambda item: hashlib.sha256(f"{seed}:{item}".encode()).digest()), anchors)
