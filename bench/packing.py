"""Packing: fill and CPU time by best fit and in order, over kinds of lengths, beside the most that can be reached.

python -m bench.packing [full|quick]    360,000 documents of each kind, quick 30,000; writes .bench/packing.md
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from statistics import mean
from typing import NamedTuple

from komainu.train.packing import LOOK, best_fit, fill, in_order

ROOT = Path(__file__).parents[1]


class Case(NamedTuple):
    name: str
    capacity: int
    sizes: list[int]
    ascending: bool = False


def lognormal(median: float, sigma: float, most: int, count: int) -> list[int]:
    dice = random.Random(0)
    return [max(8, min(most, round(median * dice.lognormvariate(0, sigma)))) for _ in range(count)]


def uniform(most: int, count: int) -> list[int]:
    dice = random.Random(0)
    return [dice.randint(16, most) for _ in range(count)]


def cases(count: int) -> Iterator[Case]:
    for capacity in (8192, 4096):
        yield Case("log-normal, sigma 0.9", capacity, lognormal(773, 0.9, capacity, count))
    for median in (50, 100, 190):
        for capacity in (2048, 1024):
            yield Case("log-normal, sigma 0.6", capacity, lognormal(median, 0.6, 1024, count))
    for most, capacity in ((2048, 8192), (2048, 2048), (8192, 8192)):
        yield Case(f"uniform, 16 to {most:,}", capacity, uniform(most, count))
    for capacity in (8192, 4096):
        yield Case("sigma 0.9, shortest first", capacity, sorted(lognormal(773, 0.9, capacity, count)), True)
    for capacity in (2048, 1024):
        yield Case("sigma 0.6, shortest first", capacity, sorted(lognormal(100, 0.6, 1024, count)), True)


def least(sizes: Sequence[int], capacity: int, look: int) -> float:
    """Bins that ascending documents need if none may move more than `look` places; a bound for every way to pack.

    The first and the last document of a bin are less than `apart` places apart. So the others in a document's bin are
    at least as long as the one `apart` places before it: it takes at least the inverse of how many such ones fit. The
    documents before a place and those from `apart` after it share no bin: the first need what their tokens come to,
    the others what those shares do. The best place counts.
    """
    apart = 2 * look + capacity // sizes[0]
    shares = [1 / (capacity // sizes[max(0, i - apart)]) for i in range(len(sizes))]
    after = [*[*accumulate(reversed(shares))][::-1], 0.0]
    tokens = [0, *accumulate(sizes)]
    split = (tokens[t] / capacity + after[min(t + apart, len(sizes))] for t in range(1, len(sizes) + 1))
    return max(after[0], *split)


def timed(pack: Callable[[Sequence[int], int], list[list[int]]], case: Case) -> tuple[list[list[int]], str]:
    """The bins, and the cells of their fill and the CPU seconds."""
    started = time.process_time()
    bins = pack(case.sizes, case.capacity)
    seconds = time.process_time() - started
    return bins, f"{fill(bins, case.sizes, case.capacity):.5f} | {seconds:.2f}"


def row(case: Case) -> str:
    tokens = sum(case.sizes)
    _, free = timed(best_fit, case)
    bins, ordered = timed(in_order, case)
    moved = [abs(i - at) for at, i in enumerate(i for b in bins for i in b)]
    assert max(moved) <= LOOK, "a document has moved further than it may"
    needed = least(case.sizes, case.capacity, LOOK) if case.ascending else -(-tokens // case.capacity)
    return (
        f"| {case.name} | {mean(case.sizes):,.0f} | {case.capacity:,} | {free} | {ordered} "
        f"| {tokens / case.capacity / needed:.5f} | {mean(moved):.0f} |"
    )


def main(count: int) -> None:
    head = ("lengths", "mean", "bins of", "best fit: fill", "CPU, s", "in order: fill", "CPU, s", "at most", "moved by")
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for case in cases(count):
        lines.append(row(case))
        print(lines[-1], file=sys.stderr)
    text = "\n".join(lines)
    print(text)
    (ROOT / ".bench").mkdir(exist_ok=True)
    (ROOT / ".bench" / "packing.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(30_000 if sys.argv[1:] == ["quick"] else 360_000)
