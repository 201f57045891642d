"""Ways of measuring: which numbers may stand in one column, and what tells two columns apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from komainu.eval.measured import Way

JUDGES = ("judges", "judged with")  # the words of a way that are alike wherever one panel judged
Key = tuple[tuple[str, str], ...]


def key(way: Way) -> Key:
    return tuple(sorted(way.items()))


@cache
def panel(way: Key) -> Key:
    """Who judged, () where nobody did."""
    return tuple((word, text) for word, text in way if word in JUDGES)


def joined(parts: Mapping[str, Key]) -> Key:
    """The way of an average, from the ways of its parts by name: one panel, and for each part all the rest."""
    shared = {pair for way in parts.values() for pair in panel(way)}
    rest = ((f"{name}: {word}", text) for name, way in parts.items() for word, text in way if word not in JUDGES)
    return tuple(sorted((*shared, *rest)))


def apart(ways: Sequence[Key]) -> list[str]:
    """What tells each of several ways from the others: `judges athenev2, llama33; prompt 3f9a2c71d04e`."""
    known = [dict(way) for way in ways]
    words = sorted({word for way in known for word in way})
    differing = [word for word in words if len({way.get(word) for way in known}) > 1]
    return ["; ".join(f"{word} {way.get(word, 'none')}" for word in differing) for way in known]
