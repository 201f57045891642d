"""Packing: which documents share a row of so many tokens; best fit, or in order. Nothing is split, nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence

LOOK = 1_000  # documents that order-preserving packing may choose among
FULL = 0.998  # the fill at which a bin need not wait


def best_fit(sizes: Sequence[int], capacity: int) -> list[list[int]]:
    """Bins of at most `capacity`, as indices into `sizes`: best fit decreasing.

    Each document, the longest first, goes to the fullest bin that has room. Bins are found by the room they have
    left: one bit a size says whether there are any, so a search is one shift of a number of `capacity` bits. Raises
    ValueError for a size that is below 1 or does not fit.
    """
    check(sizes, capacity)
    bins: list[list[int]] = []
    by_room: list[list[int]] = [[] for _ in range(capacity + 1)]
    some = 0  # bit r: there is a bin with room r
    for index in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        size = sizes[index]
        fitting = some >> size
        if fitting:
            room = size + (fitting & -fitting).bit_length() - 1
            found = by_room[room].pop()
            if not by_room[room]:
                some &= ~(1 << room)
            bins[found].append(index)
        else:
            room, found = capacity, len(bins)
            bins.append([index])
        if room - size:
            by_room[room - size].append(found)
            some |= 1 << (room - size)
    return bins


def in_order(sizes: Sequence[int], capacity: int, look: int = LOOK) -> list[list[int]]:
    """Bins in the order of the documents, for a curriculum: no document ends more than `look` places from its own.

    Windows of half as many documents are packed by best fit. What lies in bins that are not well filled waits, once,
    for the next window. Raises ValueError as `best_fit` does.
    """
    check(sizes, capacity)
    bins: list[list[int]] = []
    waiting: list[int] = []
    window = max(1, look // 2)
    for start in range(0, len(sizes), window):
        some = [*waiting, *range(start, min(len(sizes), start + window))]
        last = start + window >= len(sizes)
        made = [sorted(some[i] for i in b) for b in best_fit([sizes[i] for i in some], capacity)]
        done = [b for b in made if last or b[0] < start or sum(sizes[i] for i in b) >= FULL * capacity]
        bins.extend(sorted(done))
        gone = {i for b in done for i in b}
        waiting = [i for i in some if i not in gone]
    return bins


def fill(bins: Sequence[Sequence[int]], sizes: Sequence[int], capacity: int) -> float:
    """The share of the bins' tokens that are documents'."""
    return sum(sizes[i] for b in bins for i in b) / (len(bins) * capacity) if bins else 1.0


def check(sizes: Sequence[int], capacity: int) -> None:
    if sizes and (min(sizes) < 1 or max(sizes) > capacity):
        raise ValueError(f"sizes must be from 1 to {capacity}, found {min(sizes)} to {max(sizes)}")
