"""What each engine under test is told and what it tells back; the standard library only."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bench.dedup.corpus import read

THRESHOLD, NGRAM, BANDS, ROWS = 0.7, 5, 32, 4
PERMUTATIONS = BANDS * ROWS


def shingles(text: str, n: int = NGRAM) -> list[str]:
    return [text[i : i + n] for i in range(max(len(text) - n + 1, 1))]


def measured(find: Callable[[list[str]], list[int]]) -> None:
    """Print wall and CPU seconds, the memory it took beside the texts, and the places of the texts it takes out.

    `find` gets all texts, in memory. What it imports at the top of its module is not measured.
    """
    texts = [record.text for record in read(Path(sys.argv[1]))]
    before, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    held = memory()
    removed = find(texts)
    wall = time.perf_counter() - wall
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    found = {"wall": wall, "cpu": cpu, "mb": max(after.ru_maxrss / 1024 - held, 0), "removed": removed}
    print("\n" + json.dumps(found), flush=True)


def memory() -> float:
    """Resident MB now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20
