"""What the clients are asked, how long the stub takes for each prompt, and the best wall time there can be."""

from __future__ import annotations

import heapq
import math
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

TEXT = "Explain to a new colleague, in two short paragraphs and without jargon, what the following note means. " * 3
REPLY = "The note says what was agreed, who does it and until when; the rest is there for those who were away. " * 4
ID = re.compile(rb"#(\d{6})#")


@dataclass(frozen=True)
class Load:
    """`n` prompts; the latency of each is drawn from (seed, its number), so that every client faces the same work.

    `spread` is the standard deviation of the logarithm of a log-normal with `median` seconds: 0 is a flat latency.
    """

    name: str
    n: int
    median: float
    spread: float
    limit: int = 256  # requests in flight
    seed: int = 0

    def latency(self, which: int) -> float:
        """Seconds the stub takes for a prompt."""
        if not self.spread:
            return self.median
        return random.Random(f"{self.seed}:{which}").lognormvariate(math.log(self.median), self.spread)

    def bound(self, n: int) -> float:
        """Seconds no client can beat: work / limit, or the longest single call where that is more."""
        latencies = [self.latency(i) for i in range(n)]
        return max(sum(latencies) / self.limit, *latencies)

    def ideal(self, n: int) -> float:
        """Seconds a client without any cost of its own takes: `limit` in flight, prompts begun in order."""
        return makespan([self.latency(i) for i in range(n)], self.limit)


def makespan(seconds: Sequence[float], limit: int) -> float:
    """When the last of some calls ends, each begun in order as soon as one of `limit` places is free."""
    ends = [0.0] * limit
    for each in seconds:
        heapq.heapreplace(ends, ends[0] + each)
    return max(ends)


def prompt(which: int) -> str:
    return f"#{which:06d}# {TEXT}"


def answer(which: int) -> str:
    return f"#{which:06d}# {REPLY}"


def number_in(text: bytes) -> int:
    """The number of the prompt in a request; raises ValueError when there is none."""
    found = ID.search(text)
    if found is None:
        raise ValueError("a request without a prompt of this benchmark")
    return int(found[1])
