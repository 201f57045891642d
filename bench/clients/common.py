"""What each client under test is told and what it tells back; nothing but the standard library."""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from bench.load import answer, prompt


class Task(NamedTuple):
    """The endpoint (with /v1), how many prompts, and how many requests may be in flight."""

    url: str
    n: int
    limit: int

    @property
    def prompts(self) -> list[str]:
        return [prompt(i) for i in range(self.n)]


def cpu() -> float:
    """CPU seconds of this process and the children it has waited for."""
    kinds = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(found.ru_utime + found.ru_stime for found in kinds)


def measured(ask: Callable[[Task], list[str]]) -> None:
    """Ask what the command line says and print wall and CPU seconds of the asking and how many answers are right.

    `ask` returns the answers in the order of the prompts. What it imports at the top of its module is not measured.
    """
    url, n, limit = sys.argv[1:]
    task = Task(url, int(n), int(limit))
    started, before = time.perf_counter(), cpu()
    answers = ask(task)
    wall, spent = time.perf_counter() - started, cpu() - before
    right = sum(given == answer(i) for i, given in enumerate(answers))
    print("\n" + json.dumps({"wall": wall, "cpu": spent, "right": right}), flush=True)
