"""How long a sandboxed program takes to start and end, in turn with a bare Python, and many at a time.

python -m bench.sandbox [rounds] [jobs]     default: 100 rounds, 400 jobs
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from komainu.sandbox.base import Job
from komainu.sandbox.bubblewrap import bubblewrap
from komainu.sandbox.run import run, run_all
from komainu.sandbox.shown import interpreter

JOB = Job(code="def f(x):\n    return x + 1", entry="f", sets=([[1]],))


def bare() -> None:
    subprocess.run([interpreter(), "-S", "-s", "-P", "-c", "1 + 1"], env={}, check=True)


def main(rounds: int, jobs: int) -> None:
    """Print the medians, and seconds a program when many run at a time."""
    ways: dict[str, Callable[[], object]] = {"bare python -S": bare, "namespaces": lambda: run(JOB, "namespaces")}
    if bubblewrap():
        ways["bubblewrap"] = lambda: run(JOB, "bubblewrap")
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            took[name].append(1000 * (time.perf_counter() - start))
    cores = len(os.sched_getaffinity(0))
    print(f"{rounds} rounds, {cores} cores, load {os.getloadavg()[0]:.1f}; milliseconds from start to verdict")
    for name, found in took.items():
        low, middle, high = min(found), statistics.median(found), sorted(found)[int(0.9 * len(found))]
        print(f"{name:15} least {low:5.1f}   median {middle:5.1f}   9 of 10 under {high:5.1f}")
    for workers in (1, cores, 4 * cores, 16 * cores):
        start = time.perf_counter()
        count = sum(found.ended == "exit" for found in run_all([JOB] * jobs, workers))
        assert count == jobs, "a program did not end well"
        print(f"{workers:3} at a time: {1000 * (time.perf_counter() - start) / jobs:5.1f} ms a program, load "
              f"{os.getloadavg()[0]:.1f}")  # fmt: skip


if __name__ == "__main__":
    main(*[int(a) for a in sys.argv[1:]] + [100, 400][len(sys.argv) - 1 :])
