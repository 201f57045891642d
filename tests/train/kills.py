"""SFT, also with 8-bit AdamW, DPO, GRPO and leak repair killed at random moments; all bits are compared.

python -m tests.train.kills [kills] [seed] [ranks]     default: 50 kills of each, one rank; exits 1 on a difference

Several ranks with 8-bit AdamW hold a shard each, the others the whole model.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from komainu.context import Context, Group
from komainu.train.base import Train
from tests.train.gang import fork, meet
from tests.train.worlds import STAGES, in_shards, often


class Ended(NamedTuple):
    """What a run came to: the bytes of its weights, and of each step what does not tell of the machine."""

    weights: bytes
    steps: list[dict[str, Any]]


class Run(NamedTuple):
    """A stage in a store, trained by one process or by several ranks, always in forks of this one."""

    stage: Train
    ctx: Context
    ranks: int

    @property
    def path(self) -> Path:
        return self.ctx.store.place(self.stage)

    def work(self, group: Group) -> None:
        """What each process does: with several, `komainu run` would write the record when they are done."""
        if group.size == 1:
            self.ctx.store.build(self.stage, self.ctx)
        else:
            self.path.mkdir(parents=True, exist_ok=True)
            self.ctx.group = group
            self.ctx.make(self.stage, self.path)

    def killed(self, which: int, seconds: float) -> bool:
        """Train, or go on; the kernel ends one rank after so many seconds of CPU time, and then the others end too.

        SIGPROF without a handler ends a process as SIGKILL does: nothing of it runs any more. CPU time comes to the
        same place however busy the machine is. 0 seconds: never. False when it came to its end by then.
        """

        def work(group: Group) -> None:
            signal.setitimer(signal.ITIMER_PROF, seconds if group.rank == which else 0.0)
            self.work(group)

        folder = self.path.parent / "gang"
        folder.mkdir(parents=True, exist_ok=True)
        sys.stdout.flush()
        meet()
        children = [fork(Group(rank, self.ranks), folder, work) for rank in range(self.ranks)]
        first = os.waitpid(children.pop(which), 0)[1]
        for child in children if first else ():  # they would wait for it
            os.kill(child, signal.SIGKILL)
        others = [os.waitpid(child, 0)[1] for child in children]
        told = "\n".join(p.read_text() for p in folder.glob("*.error"))
        assert os.WIFSIGNALED(first) or not any((first, *others)), told
        return os.WIFSIGNALED(first)

    def ended(self) -> Ended:
        """Go on to the end, and what it came to."""
        self.killed(0, 0.0)
        lines = (self.path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        told = ("tokens_per_s", "memory_gb", "mfu")  # of the machine
        steps = [{k: v for k, v in json.loads(line).items() if k not in told} for line in lines]
        return Ended((self.path / "model.safetensors").read_bytes(), steps)


def survives(
    stage: Train, context: Callable[[Path], Context], root: Path, kills: int, rng: random.Random, ranks: int = 1
) -> None:
    """Kill a run so many times, at random, and compare whenever one comes to its end. Raises AssertionError."""
    undisturbed, disturbed = (Run(stage, context(root / name), ranks) for name in "ab")
    for run in (undisturbed, disturbed):
        for source in (stage.model, stage.data, getattr(stage, "reference", None)):
            if source is not None:
                run.ctx.store.build(source, run.ctx)
    started = cpu_of_children()
    whole = undisturbed.ended()
    seconds = (cpu_of_children() - started) / ranks
    done = 0
    while done < kills:
        if disturbed.killed(rng.randrange(ranks), rng.uniform(0.01, seconds)):
            done += 1
        else:
            assert disturbed.ended() == whole, f"{stage.label} differs after {done} kills"
            shutil.rmtree(disturbed.path)
    assert disturbed.ended() == whole, f"{stage.label} differs after {done} kills"


def cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(kills: int = 50, seed: int = 0, ranks: int = 1) -> None:
    for name, make in STAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            context = in_shards if name == "adamw8bit" else often
            survives(make(40), context, Path(folder), kills, random.Random(seed), ranks)
            told = f"{name}: {kills} kills of {ranks} ranks" if ranks > 1 else f"{name}: {kills} kills"
            print(f"{told}, every run that came to its end has the same bits", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
