"""Which units each step learns from: single ones, or packs of them, in an order that follows from seed and row ids."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

from komainu.train.base import Each, Fit, Unit, Units, ids_of
from komainu.train.flat import laid
from komainu.train.packing import best_fit, in_order


def order(ids: Sequence[str], seed: int, epoch: int) -> list[int]:
    """The order of an epoch: by SHA-256 of (seed, epoch, row id), so that no other row changes a row's luck."""
    keys = [hashlib.sha256(f"{seed}:{epoch}:{row}".encode()).digest() for row in ids]
    return sorted(range(len(ids)), key=keys.__getitem__)


def sizes_of(units: Sequence[Unit]) -> Sequence[int]:
    """Tokens of each unit, what its documents share counted once."""
    while isinstance(units, Each):
        units = units.units
    return units.sizes if isinstance(units, Units) else [laid(u.documents) for u in units]


def runs(units: Iterable[Unit], most: int) -> Iterator[list[Unit]]:
    """Units one after the other in lots of at most so many tokens; one that is larger is alone."""
    some: list[Unit] = []
    used = 0
    for unit in units:
        size = laid(unit.documents)
        if some and used + size > most:
            yield some
            some, used = [], 0
        some.append(unit)
        used += size
    if some:
        yield some


def micro_batches(units: Sequence[Unit], most: int) -> list[list[Unit]]:
    """Units in as few lots of at most so many tokens as best fit finds, in order; one that is larger is alone."""
    sizes = [laid(u.documents) for u in units]
    small = [i for i, size in enumerate(sizes) if size <= most]
    bins = [[small[i] for i in sorted(b)] for b in best_fit([sizes[i] for i in small], most)]
    alone = [[i] for i, size in enumerate(sizes) if size > most]
    return [[units[i] for i in b] for b in sorted([*bins, *alone])]


class Batches:
    """Global batches of `fit.global_batch` units, or packs of units, each on from where the last one ended, across
    epochs. `count`: how many units or packs an epoch has."""

    def __init__(self, fit: Fit, units: Sequence[Unit]) -> None:
        self.fit, self.units = fit, units
        self.sizes = sizes_of(units) if fit.pack else []
        self.epochs: dict[int, list[list[int]]] = {}
        self.count = len(self.lots(0)) if fit.pack else len(units)

    def of(self, step: int) -> list[Unit]:
        """What a step learns from."""
        size = self.fit.global_batch
        places = [divmod(at, self.count) for at in range(step * size, (step + 1) * size)]
        return [self.units[i] for epoch, at in places for i in self.lots(epoch)[at]]

    def lots(self, epoch: int) -> list[list[int]]:
        """The units of an epoch, as places in the data, in lots that are drawn whole.

        Shuffled ones are packed by best fit. The packs lie as their longest units were drawn: as their first ones were
        drawn, packs of many short units would come first. In the order given no unit moves more than `LOOK` places.
        """
        if epoch in self.epochs:
            return self.epochs[epoch]
        given = self.fit.order == "given"
        drawn = [*range(len(self.units))] if given else order(ids_of(self.units), self.fit.seed, epoch)
        lots = [[i] for i in drawn]
        if self.fit.pack:
            bins = (in_order if given else best_fit)([self.sizes[i] for i in drawn], self.fit.pack)
            lots = [[drawn[i] for i in sorted(b)] for b in (bins if given else sorted(bins, key=itemgetter(0)))]
        self.epochs = {epoch: lots}
        return lots
