"""Packing: which documents share a row of so many tokens; best fit, or in order. Nothing is split, nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence

LOOK = 1_000  # places that order-preserving packing may move a document
BACK = 3  # documents in order that may give way to fillers
LITTLE = 25  # room is little up to capacity / LITTLE / n^2, n the documents of a bin: 1 % for two, 0.04 % for ten
FEW = 3  # documents of a bin under which they are few


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

    A bin has documents in their order, and fillers from the pool: all that may take its place, `look` before their own
    at the most. A document is late by as many places as later ones have gone ahead of it. Of the oldest one these are
    `placed - oldest`, of no other more; a bin takes only as many fillers as this leaves of `look`. The last `look`
    documents are packed by best fit. Raises ValueError as `best_fit` does.
    """
    check(sizes, capacity)
    pool = Pool(sizes, capacity, look)
    bins: list[list[int]] = []
    while len(sizes) - pool.oldest > look:
        bins.append(sorted(pool.filled()))
    rest = [i for i in range(pool.oldest, len(sizes)) if not pool.taken[i]]
    last = best_fit([sizes[i] for i in rest], capacity)
    return bins + sorted(sorted(rest[i] for i in b) for b in last)


class Pool:
    """The documents that the next bin may have. One bit a size says whether there are any of that size, and one bit a
    size counted down from the capacity: shifted over each other they show every pair of a given sum at once."""

    def __init__(self, sizes: Sequence[int], capacity: int, look: int) -> None:
        self.sizes, self.capacity, self.look = sizes, capacity, look
        self.queues: dict[int, list[int]] = {}  # of each size the documents not taken, the next one last
        for i in reversed(range(len(sizes))):
            self.queues.setdefault(sizes[i], []).append(i)
        self.taken = bytearray(len(sizes) + 1)
        self.placed = self.oldest = 0  # documents in bins, and the first that is in none
        self.end = self.count = self.tokens = 0  # documents from `end` on are not in the pool yet
        self.some = self.mirror = 0

    def grow(self, end: int) -> None:
        for i in range(self.end, min(end, len(self.sizes))):
            self.end = i + 1
            self.put(i, self.queues[self.sizes[i]][-1] == i)

    def put(self, i: int, first: bool) -> None:
        size = self.sizes[i]
        self.count += 1
        self.tokens += size
        if first:
            self.some |= 1 << size
            self.mirror |= 1 << (self.capacity - size)

    def take(self, size: int) -> int:
        """The first document of a size that is there."""
        queue = self.queues[size]
        i = queue.pop()
        self.taken[i] = 1
        self.count -= 1
        self.tokens -= size
        if not queue or queue[-1] >= self.end:
            self.some ^= 1 << size
            self.mirror ^= 1 << (self.capacity - size)
        return i

    def give_back(self, i: int) -> None:
        queue = self.queues[self.sizes[i]]
        self.taken[i] = 0
        self.put(i, not queue or queue[-1] >= self.end)
        queue.append(i)

    def filled(self) -> list[int]:
        """A bin: the oldest document, those after it that fit, and fillers; taken from the pool.

        The last few of the documents in order give way where fillers then fill the bin. Of the ways that leave little
        room the one that keeps most documents in order is chosen; but where a bin holds few documents, the one that
        keeps fewest, as its filler is the longest: long ones must go while there are short ones to go with them.
        """
        self.grow(self.placed + self.look + 1)
        free = self.look - (self.placed - self.oldest)
        back = min(BACK, self.look)  # one that gives way may be a filler, ahead of the others
        mean = self.tokens / self.count
        little, few = mean * mean / (LITTLE * self.capacity), self.capacity < FEW * mean
        kept = self.run()
        self.grow(self.placed + len(kept) - back + self.look + 1)
        room = self.capacity - sum(self.sizes[i] for i in kept)
        ways: list[tuple[float, int, int, tuple[int, ...]]] = []
        gone: list[int] = []
        while True:
            fillers = self.fillers(room, free, little)
            left = room - sum(fillers)
            ways.append((max(left, little), -len(gone) if few else len(gone), left, fillers))
            if len(kept) == 1 or len(gone) == back or (left <= little and not few):
                break
            gone.append(kept.pop())
            self.give_back(gone[-1])
            room += self.sizes[gone[-1]]
        _, count, room, fillers = min(ways)
        while len(gone) > abs(count):
            kept.append(self.take(self.sizes[gone.pop()]))
        kept += map(self.take, fillers)
        for _ in range(free - len(fillers)):
            if not (size := self.longest(room)):
                break
            kept.append(self.take(size))
            room -= size
        self.placed += len(kept)
        self.oldest = self.taken.find(0, self.oldest)
        return kept

    def run(self) -> list[int]:
        """The documents in order that fit, from the oldest on, in the pool or not; taken."""
        i, room, found = self.oldest, self.capacity, []
        while i < len(self.sizes) and self.sizes[i] <= room:
            self.grow(i + 1)
            room -= self.sizes[i]
            found.append(self.take(self.sizes[i]))
            i = self.taken.find(0, i)
        return found

    def longest(self, room: int) -> int:
        """The largest size that fits, or 0."""
        return max(0, (self.some & ((2 << room) - 1)).bit_length() - 1)

    def fillers(self, room: int, most: int, little: float) -> tuple[int, ...]:
        """The sizes of one or two documents that fill the room: one where it leaves little, else what leaves least."""
        if not most or not (one := self.longest(room)):
            return ()
        if room - one <= little or most == 1:
            return (one,)
        return self.pair(room, room - one) or (one,)

    def pair(self, room: int, less: int) -> tuple[int, ...]:
        """The two sizes that leave the least of the room, less than so much, one of them as large as it can be.

        `near[j]` has the sizes that leave less than 2**j with another one; so the least is found in as many steps as
        it has bits.
        """
        near = [self.mirror >> (self.capacity - room)]
        while not self.some & near[-1]:
            if 1 << (len(near) - 1) >= less:
                return ()
            near.append(near[-1] | near[-1] >> (1 << (len(near) - 1)))
        left = 1 << (len(near) - 2) if len(near) > 1 else 0
        for j in reversed(range(len(near) - 2)):
            if not self.some & near[j] >> left:
                left += 1 << j
        if left >= less:
            return ()
        size = (self.some & near[0] >> left).bit_length() - 1
        other = room - left - size
        alone = size == other and (len(self.queues[size]) == 1 or self.queues[size][-2] >= self.end)
        return () if alone else (size, other)


def fill(bins: Sequence[Sequence[int]], sizes: Sequence[int], capacity: int) -> float:
    """The share of the bins' tokens that are documents'."""
    return sum(sizes[i] for b in bins for i in b) / (len(bins) * capacity) if bins else 1.0


def check(sizes: Sequence[int], capacity: int) -> None:
    if sizes and (min(sizes) < 1 or max(sizes) > capacity):
        raise ValueError(f"sizes must be from 1 to {capacity}, found {min(sizes)} to {max(sizes)}")
