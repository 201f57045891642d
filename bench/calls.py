"""The call log as it grows: adding and looking up calls at 10,000, 100,000 and a million rows.

python -m bench.calls [rows] [folder]     default: 1000000 rows; the ratios are against the first size
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from komainu.models.base import Model, Question, Reply
from komainu.models.calls import CallLog, Entry
from komainu.models.seeds import key_of
from komainu.rows import Message

BATCH = 64  # answers committed at once: about what comes while one commit runs
PROBE = 2000  # calls that are timed at each size
MODEL = Model(name="m")
TEXT = "The quick brown fox jumps over the lazy dog. いろはにほへと ちりぬるを。 " * 12  # about 1 KB


def entry(i: int) -> Entry:
    question = Question((Message("user", f"{i}: {TEXT}"),))
    return Entry(key_of(MODEL, question), question, Reply(f"{TEXT} {i}", "stop", 300, 300), 1.0, 0.001)


def batches(start: int, stop: int) -> Iterator[list[Entry]]:
    for at in range(start, stop, BATCH):
        yield [entry(i) for i in range(at, min(at + BATCH, stop))]


def add(log: CallLog, start: int, stop: int) -> float:
    """Microseconds of wall time a call, adding so many."""
    took = 0.0
    for batch in batches(start, stop):
        began = time.perf_counter()
        log.add(MODEL, batch, "answers/0")
        took += time.perf_counter() - began
    return 1e6 * took / (stop - start)


def look_up(log: CallLog, rows: int, rng: random.Random) -> float:
    """Microseconds a call, looking up calls from all over the log."""
    keys = [entry(rng.randrange(rows)).key for _ in range(PROBE)]
    began = time.perf_counter()
    found = log.known(keys)
    assert len(found) == len({*keys})
    return 1e6 * (time.perf_counter() - began) / PROBE


def measure(rows: int, folder: Path) -> None:
    log, rng, done = CallLog(folder / "calls.sqlite"), random.Random(0), 0
    first: tuple[float, float] | None = None
    print("| rows | add, us a call | ratio | look up, us a call | ratio | MB |\n|---|---|---|---|---|---|")
    for size in [s for s in (10_000, 100_000, 1_000_000) if s <= rows]:
        add(log, done, size - PROBE)
        new = add(log, size - PROBE, size)
        done = size
        old = sorted(look_up(log, size, rng) for _ in range(5))[2]
        first = first or (new, old)
        mb = sum(f.stat().st_size for f in folder.iterdir()) / 1e6
        adding, looking = f"{new:.0f} | {new / first[0]:.2f}", f"{old:.1f} | {old / first[1]:.2f}"
        print(f"| {size:,} | {adding} | {looking} | {mb:.0f} |", flush=True)
    log.close()


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as scratch:
        measure(wanted, Path(scratch))
