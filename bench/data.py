"""A million chats through a dataset: rows a second, CPU, peak memory, and what was found of what was planted.

python -m bench.data [rows] [processes] [step ...]

Rows of about 2.4 kB in two languages (`bench.corpus`); steps are names of STEPS, all unless given. Every process of
the run is counted. Memory is the sum of the proportional set sizes (PSS), looked at once a second.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from bench.corpus import Corpus, Items
from komainu.checks.language import Language
from komainu.checks.leakage import Leakage
from komainu.checks.repetition import Repetition
from komainu.context import Context
from komainu.data.base import Dataset, Step, drops
from komainu.data.decontaminate import Decontaminate
from komainu.data.dedup import Exact
from komainu.data.filter import Filter
from komainu.data.hand import Silent
from komainu.data.near_dup import Near
from komainu.data.tell_language import TellLanguage
from komainu.rows import Score
from komainu.settings import Settings
from komainu.store import Artifact, Store

STEPS: dict[str, Step] = {  # `engine` does nothing, to measure what the engine itself costs
    "engine": Filter(checks=()),
    "language": TellLanguage(),
    "filter": Filter(checks=(Language(), Leakage(), Repetition())),
    "exact": Exact(),
    "near": Near(threshold=0.7),
    "decontaminate": Decontaminate(against=(Items(),)),
}


class Peak(threading.Thread):
    """The most memory that this process and its descendants had together, in bytes."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.bytes, self.most, self.over = 0, 0, threading.Event()

    def run(self) -> None:
        while not self.over.wait(1.0):
            self.most = max(self.most, sum(map(pss, descendants(os.getpid()))))

    def __enter__(self) -> Peak:
        self.start()
        return self

    def __exit__(self, *why: object) -> None:
        self.over.set()
        self.join()


def descendants(pid: int) -> list[int]:
    """A process and all that came from it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = task.read_text().split()
        except OSError:
            continue
        for child in children:
            found += descendants(int(child))
    return found


def pss(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def spent() -> float:
    """CPU seconds of this process and of those of its children that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def report(made: Artifact, corpus: Artifact, wall: float, cpu: float, peak: int) -> None:
    n = int(corpus.summary["rows"])
    size = (corpus.path / "rows.jsonl").stat().st_size
    print(f"{n:,} rows of {size / n:,.0f} bytes, {size / 1e9:.2f} GB")
    print(f"{wall:.1f} s, {n / wall:,.0f} rows/s; CPU {cpu:.1f} s, {1e6 * cpu / n:.0f} us a row")
    print(f"peak memory of all processes {peak / 1e6:.0f} MB")
    print("funnel: " + " -> ".join([f"{n:,}", *(f"{s['step']} {s['out']:,}" for s in made.summary["steps"])]))
    print(f"dropped: {made.summary['dropped']}")
    planted: Counter[str] = Counter()
    for row in corpus.rows():
        assert not isinstance(row, Score)
        planted[row.meta["hidden"]["planted"]] += 1
    found: Counter[tuple[str, str]] = Counter()
    for drop in drops(made):
        assert not isinstance(drop.row, Score)
        found[drop.row.meta["hidden"]["planted"], drop.step] += 1
    steps = [s["step"] for s in made.summary["steps"]]
    print("| planted | rows | " + " | ".join(steps) + " | found, any step |")
    print("|---" * (len(steps) + 3) + "|")
    for kind in sorted(planted):
        by = [found[kind, step] for step in steps]
        share = f"{sum(by) / planted[kind]:.2%}"
        print(f"| {kind or 'nothing'} | {planted[kind]:,} | {' | '.join(map(str, by))} | {share} |")


def main(rows: int, processes: int, names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        ctx = Context(Store(Path(folder)), Silent(), Settings(processes=processes))
        steps = tuple(STEPS[name] for name in names or [*STEPS][1:])
        stage = Dataset(sources=(Corpus(n=rows),), steps=steps)
        for given in stage.inputs.values():
            ctx.store.build(given, ctx)
        began, before = time.monotonic(), spent()
        with Peak() as peak:
            made = ctx.store.build(stage, ctx)
        report(made, ctx.open(stage.sources[0]), time.monotonic() - began, spent() - before, peak.most)


if __name__ == "__main__":
    args = sys.argv[1:]
    main(int(args[0]) if args else 100_000, int(args[1]) if len(args) > 1 else 0, args[2:])
