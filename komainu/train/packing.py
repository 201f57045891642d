"""Packing: which documents share a row of so many tokens; best fit, or in order. Nothing is split, nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence

LOOK = 1_000  # places that order-preserving packing may move a document
BACK = 3  # documents in order that may give way to fillers
SPARE = 25  # a filler leaves little if it leaves less than capacity / SPARE / (documents of a bin)^2
FEW = 3  # documents of a bin below which long ones are hard to place


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

    A bin is made of documents in their order and of fillers from the pool: all documents that may take its first place,
    at most `look` before their own. Why none comes later than it may: a document's way back from its place is at most
    the number of fillers that have gone ahead of it, and a bin takes no more than are left of `look`; without any, bins
    are the documents in order. The last `look` are packed by best fit. Raises ValueError as `best_fit` does.
    """
    check(sizes, capacity)
    pool = Pool(sizes, capacity)
    bins: list[list[int]] = []
    placed = oldest = 0
    while len(sizes) - oldest > look:
        pool.grow(placed + look + 1)
        bins.append(made := sorted(pool.bin(oldest, look - (placed - oldest))))
        placed += len(made)
        oldest = pool.next(oldest)
    rest = [i for i in range(oldest, len(sizes)) if not pool.taken[i]]
    last = best_fit([sizes[i] for i in rest], capacity)
    return bins + sorted(sorted(rest[i] for i in b) for b in last)


class Pool:
    """The documents that the next bin may have. One bit a size says whether there are any of that size, and one bit a
    size counted down from the capacity: shifted over each other they show every pair of a given sum at once."""

    def __init__(self, sizes: Sequence[int], capacity: int) -> None:
        self.sizes, self.capacity = sizes, capacity
        self.queues: dict[int, list[int]] = {}  # of each size the documents not taken, the next one last
        for i in reversed(range(len(sizes))):
            self.queues.setdefault(sizes[i], []).append(i)
        self.taken = bytearray(len(sizes) + 1)
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

    def next(self, i: int) -> int:
        """The first document from `i` on that is not taken; the number of all where there is none."""
        return self.taken.find(0, i)

    def bin(self, oldest: int, free: int) -> list[int]:
        """The oldest document, those after it that fit, and at most `free` fillers; taken from the pool.

        The last few of the documents in order give way where fillers then fill the bin. Of the ways that leave next
        to nothing the one that keeps most is taken; but where a bin holds few documents, the one that keeps least,
        as it has the longest filler: long documents must go while there are short ones that complete them.
        """
        mean = self.tokens / self.count
        spare, few = mean * mean / (SPARE * self.capacity), self.capacity < FEW * mean
        kept = self.run(oldest)
        room = self.capacity - sum(self.sizes[i] for i in kept)
        ways: list[tuple[float, int, int, tuple[int, ...]]] = []
        given: list[int] = []
        while True:
            fillers = self.fillers(room, free, spare)
            left = room - sum(fillers)
            ways.append((max(left, spare), -len(given) if few else len(given), left, fillers))
            if len(kept) == 1 or len(given) == BACK or (left <= spare and not few):
                break
            given.append(kept.pop())
            self.give_back(given[-1])
            room += self.sizes[given[-1]]
        _, back, room, fillers = min(ways)
        while len(given) > abs(back):
            kept.append(self.take(self.sizes[given.pop()]))
        kept += map(self.take, fillers)
        for _ in range(free - len(fillers)):
            if not (size := self.longest(room)):
                break
            kept.append(self.take(size))
            room -= size
        return kept

    def run(self, oldest: int) -> list[int]:
        """The documents in order that fit, from the oldest on; taken."""
        room, found = self.capacity, []
        i = oldest
        while i < self.end and self.sizes[i] <= room:
            room -= self.sizes[i]
            found.append(self.take(self.sizes[i]))
            i = self.next(i)
        return found

    def longest(self, room: int) -> int:
        """The largest size that fits, or 0."""
        return max(0, (self.some & ((2 << room) - 1)).bit_length() - 1)

    def fillers(self, room: int, most: int, spare: float) -> tuple[int, ...]:
        """The sizes of one or two documents that fill the room: one where it leaves little, else what leaves least."""
        if not most or not (one := self.longest(room)):
            return ()
        if room - one <= spare or most == 1:
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
