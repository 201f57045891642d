"""The anchors that come with the package: careful translations, and copies of them with more and more faults."""

from __future__ import annotations

import hashlib
import math
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from itertools import combinations
from typing import TYPE_CHECKING

import msgspec

from komainu.errors import UsageError
from komainu.eval.bench.tl_bench.anchors import Anchors, AnchorSet, Met
from komainu.eval.bench.tl_bench.items import TEXTS, TlBenchItems
from komainu.files import read_objects

if TYPE_CHECKING:
    from komainu.context import Context

CAREFUL = files("komainu.eval.bench.tl_bench").joinpath("careful.jsonl")
FAULTS = {  # faults a text by anchor, in the mean
    "careful": 0.0,
    "slight": 0.4,
    "few": 0.9,
    "some": 1.6,
    "many": 2.5,
    "most": 3.8,
    "wreck": 5.5,
}
_PIECES = re.compile(r".+?(?:[。！？!?.…]+[」』）)”\"']*(?=\s|[^\x00-\x7f]|$)|\n|$)\s*", re.S)
_CLAUSES = re.compile(r".+?(?:[、,;:—]\s*|$)", re.S)
Pieces = list[str]


class Careful(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The careful translation of one text."""

    id: str
    text: str


@cache
def contents() -> str:
    return hashlib.sha256(TEXTS.read_bytes() + CAREFUL.read_bytes()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class GradedAnchors(Anchors):
    """Version 0: seven anchors that no model made, for a bench that works before there are real ones.

    "careful" is a translation written for the package. The others are copies with faults put in by rule: a piece left
    out, left in the source language, moved, said twice, or with another number; how many is drawn for each text
    (Poisson, `FAULTS` in the mean). Of two anchors the one with fewer faults in a text has won it, by rule and not by a
    judge; equally many are a tie. So the scale is one of faults: it tells a translation that loses and mixes up text
    from one that does not, and says little about style. `sha256` is that of the texts and careful translations, taken
    from them unless given.
    """

    sha256: str = ""

    def __post_init__(self) -> None:
        if not self.sha256:
            object.__setattr__(self, "sha256", contents())

    def check(self) -> Iterator[str]:
        if self.sha256 != contents():
            yield f"GradedAnchors.sha256 is {self.sha256}; the texts of this version have {contents()}"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(FAULTS)

    def read(self, ctx: Context) -> AnchorSet:
        careful = translations()
        texts: dict[str, dict[str, str]] = {}
        met: list[Met] = []
        for item in TlBenchItems().everything:
            if item.id not in careful:
                raise UsageError(f"{CAREFUL}: there is no translation of {item.id!r}; add one to it")
            counts = {name: drawn(mean, f"{item.id}:{name}") for name, mean in FAULTS.items()}
            own = {
                name: faulty(careful[item.id], item.meta["text"], n, f"{item.id}:{name}") for name, n in counts.items()
            }
            texts[item.id] = own
            for a, b in combinations(FAULTS, 2):
                gap = 0 if own[a] == own[b] else counts[b] - counts[a]
                met.append(Met(item.id, a, b, 2.0 * (gap > 0), 2.0 * (gap < 0), 2.0 * (gap == 0)))  # as in both orders
        return AnchorSet(texts, tuple(met))


def translations() -> dict[str, str]:
    """The careful translations by the ids of their items."""
    with as_file(CAREFUL) as path:
        found = [msgspec.convert(row, Careful) for _, row in read_objects(path)]
    return {f"tl-bench-{each.id}": each.text for each in found}


def drawn(mean: float, seed: str) -> int:
    """A number of faults: Poisson by inversion, from the seed alone."""
    left, n, chance = random.Random(f"faults:{seed}").random(), 0, math.exp(-mean)
    while left > chance and n < 12:
        left, n = left - chance, n + 1
        chance *= mean / n
    return n


def faulty(text: str, source: str, n: int, seed: str) -> str:
    """The text with n faults, each of a kind that it has room for."""
    rng = random.Random(f"faulty:{seed}")
    left = pieces(source)
    found = pieces(text)
    for _ in range(n):
        kinds = [kind for kind in KINDS if kind is not renumber or any(map(_DIGIT.search, found))]
        kind = rng.choice(kinds if len(found) > 1 else [k for k in kinds if k not in (omit, move)])
        kind(found, left, rng)
    return "".join(found).strip()


def pieces(text: str) -> Pieces:
    """The sentences of a text, or its clauses where it has only one or two."""
    found = _PIECES.findall(text)
    return found if len(found) > 2 else [clause for piece in found for clause in _CLAUSES.findall(piece)]


_DIGIT = re.compile(r"\d+")


def omit(found: Pieces, source: Pieces, rng: random.Random) -> None:
    del found[rng.randrange(len(found))]


def leave(found: Pieces, source: Pieces, rng: random.Random) -> None:
    at = rng.randrange(len(found))
    found[at] = source[at * len(source) // len(found)]


def move(found: Pieces, source: Pieces, rng: random.Random) -> None:
    at = rng.randrange(len(found) - 1)
    found[at], found[at + 1] = found[at + 1], found[at]


def repeat(found: Pieces, source: Pieces, rng: random.Random) -> None:
    at = rng.randrange(len(found))
    found.insert(at, found[at])


def renumber(found: Pieces, source: Pieces, rng: random.Random) -> None:
    at = rng.choice([i for i, piece in enumerate(found) if _DIGIT.search(piece)])
    found[at] = _DIGIT.sub(lambda digits: str(int(digits[0]) + rng.randint(1, 9)), found[at], count=1)


KINDS: tuple[Callable[[Pieces, Pieces, random.Random], None], ...] = (omit, leave, move, repeat, renumber)
