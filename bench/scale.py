"""What 10^8 rows would take on a cluster: costs measured here, then a simulation of shards, stragglers and dead nodes.

python -m bench.scale [rows to measure with] [rows to plan for]

Each line of the first table is a Dataset of its own on rows of `bench.corpus`, its shards done by processes of this
machine as Slurm would start them: CPU in the main process and in the tasks is told apart, by getrusage. The second
table simulates (`hours`), with the assumptions printed beside it.
"""

from __future__ import annotations

import heapq
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple
from unittest.mock import patch

from bench.corpus import Corpus
from bench.data import STEPS
from komainu.cluster.base import Fate
from komainu.context import Context
from komainu.data.base import Dataset
from komainu.data.hand import Silent
from komainu.data.remote import WAVE, Remote
from komainu.data.stretch import Stretch, cut
from komainu.elsewhere import Ranks
from komainu.settings import Data, Settings
from komainu.stage import Stage
from komainu.store import Store

SHARD = 50_000  # rows
NODES = (1, 4, 16, 64)


class Cost(NamedTuple):
    """Seconds of CPU a row: in the main process, where all of it is in line, and in the tasks; bytes a row they write.

    `start` is what a task costs before its first row.
    """

    main: float
    task: float
    start: float
    written: float


@dataclass(frozen=True)
class Assumed:
    """A cluster: cores of a node, and how it misbehaves."""

    cores: int = 32
    slow: float = 0.05  # share of tasks that are stragglers
    times: float = 3.0  # as long as the others
    spread: float = 0.15  # of log time of every task
    mtbf: float = 30 * 86400.0  # seconds that a node lives
    notice: float = 300.0  # seconds until its tasks are begun again
    repair: float = 4 * 3600.0  # seconds until it is back
    queue: float = 60.0  # seconds an array waits for its first task
    disk: float = 500e6  # bytes a second that the main process reads or writes


def made(rows: int, step: str) -> Stage:
    """The recipe that the tasks load; several steps are joined with +."""
    return Dataset(sources=(Corpus(n=rows),), steps=tuple(STEPS[name] for name in step.split("+")))


class Here:
    """Tasks as processes of this machine, one after the other."""

    poll = 0.1

    def __init__(self, argv: Sequence[str]) -> None:
        self.argv = argv

    def begin(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            subprocess.run([*self.argv, str(number)], check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})

    def fates(self) -> Mapping[int, Fate]:
        return {}

    def cancel(self) -> None: ...

    def leave(self) -> str:
        return ""


def here(remote: Remote, stretch: Stretch, folder: Path) -> Here:
    return Here((*remote.elsewhere.sharing(remote.out.name, folder), str(stretch.first)))


def cpu(who: int) -> float:
    return sum(resource.getrusage(who)[:2])


def built(store: Path, rows: int, step: str, shard: int) -> tuple[float, float, int]:
    """CPU seconds in this process and in the tasks, and bytes of the artifact."""
    settings = Settings(store=str(store), processes=1, data=Data(on="slurm", rows=shard))
    os.environ["KOMAINU_STORE"] = str(store)
    ranks = Ranks(settings, "bench.scale:made", [f"rows={rows}", f"step={step}"])
    ctx = Context(Store(store), Silent(), settings, elsewhere=ranks)
    stage = made(rows, step)
    for given in stage.inputs.values():
        ctx.store.build(given, ctx)
    before = cpu(resource.RUSAGE_SELF), cpu(resource.RUSAGE_CHILDREN)
    with patch.object(Remote, "array", here):
        artifact = ctx.store.build(stage, ctx)
    size = sum(path.stat().st_size for path in artifact.path.iterdir())
    shutil.rmtree(artifact.path)  # so that the next run makes it again
    return cpu(resource.RUSAGE_SELF) - before[0], cpu(resource.RUSAGE_CHILDREN) - before[1], size


def measured(store: Path, rows: int, step: str) -> Cost:
    """Two runs with few and many tasks tell the cost of a start from that of a row."""
    main, few, size = built(store, rows, step, rows // 2)
    _, many, _ = built(store, rows, step, rows // 10)
    start = max(0.0, (many - few) / 8)
    return Cost(main / rows, (few - 2 * start) / rows, start, size / rows)


def spans(rows: int, cost: Cost, assumed: Assumed, nodes: int, rng: random.Random) -> float:
    """Seconds until the last shard of an array is done. A node that dies takes its tasks, and comes back later."""
    free = [(0.0, node) for node in range(nodes) for _ in range(assumed.cores)]
    heapq.heapify(free)
    dies = [rng.expovariate(1 / assumed.mtbf) for _ in range(nodes)]
    todo = [(0.0, min(SHARD, rows - at)) for at in range(0, rows, SHARD)]
    end = 0.0
    while todo:
        known, size = heapq.heappop(todo)
        at, node = heapq.heappop(free)
        slow = assumed.times if rng.random() < assumed.slow else 1.0
        begin = max(at, known)
        done = begin + (cost.start + size * cost.task) * slow * rng.lognormvariate(0, assumed.spread)
        if begin <= dies[node] < done:
            heapq.heappush(todo, (dies[node] + assumed.notice, size))
            heapq.heappush(free, (dies[node] + assumed.repair, node))
            continue
        if dies[node] < begin:
            dies[node] = begin + rng.expovariate(1 / assumed.mtbf)
        end = max(end, done)
        heapq.heappush(free, (done, node))
    return end


def hours(rows: int, cost: Cost, stretches: int, assumed: Assumed, nodes: int, seed: int = 0) -> float:
    """A dataset whose cost is spread evenly over its stretches; each stretch is done in waves.

    The main process sends a wave, and reads it back while the wave is being done, so the longer of the two counts.
    For each stretch it writes and reads all rows once, and it reads the source and writes the artifact.
    """
    rng = random.Random(seed)
    part = cost._replace(task=cost.task / stretches)
    seconds = rows * 2 * cost.written / assumed.disk
    for _ in range(stretches):
        for at in range(0, rows, WAVE * SHARD):
            some = min(WAVE * SHARD, rows - at)
            half = some * (cost.main / stretches + 2 * cost.written / assumed.disk) / 2
            seconds += half + max(half, assumed.queue + spans(some, part, assumed, nodes, rng))
    return seconds / 3600


def main(sample: int, rows: int) -> None:
    print(f"measured with {sample:,} rows; us of CPU a row")
    print("| steps | main process | tasks | start of a task, s | bytes a row |\n|---|---|---|---|---|")
    every = "+".join([*STEPS][1:])
    with tempfile.TemporaryDirectory() as store:
        for step in [*STEPS, every]:
            cost = measured(Path(store), sample, step)
            told = f"{1e6 * cost.main:.0f} | {1e6 * cost.task:.0f} | {cost.start:.1f} | {cost.written:,.0f}"
            print(f"| {step} | {told} |", flush=True)
    stretches = sum(isinstance(piece, Stretch) for piece in cut([STEPS[step] for step in every.split("+")]))
    cost, assumed = cost._replace(start=cost.start / stretches), Assumed()
    print(f"\n{rows:,} rows through all, {stretches} stretches, shards of {SHARD:,}, waves of {WAVE}; {assumed}")
    print("| nodes | hours | without stragglers and deaths | tasks alone |\n|---|---|---|---|")
    calm, alone = Assumed(slow=0, spread=0, mtbf=1e18), cost._replace(main=0.0, written=0.0)
    for nodes in NODES:
        found = median(hours(rows, cost, stretches, assumed, nodes, seed) for seed in range(5))
        plain, tasks = (hours(rows, c, stretches, a, nodes) for c, a in ((cost, calm), (alone, assumed)))
        print(f"| {nodes} | {found:.1f} | {plain:.1f} | {tasks:.2f} |", flush=True)


if __name__ == "__main__":
    args = [*map(int, sys.argv[1:])]
    main(args[0] if args else 20_000, args[1] if len(args) > 1 else 10**8)
