"""SFT, DPO, GRPO and leak repair killed at random moments; weights and losses are compared to the last bit.

python -m tests.train.kills [kills] [seed]     default: 50 kills of each; exits 1 on a difference
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from komainu.context import Context
from komainu.train.base import Train
from tests.train.worlds import STAGES, often


class Ended(NamedTuple):
    """What a run came to: the bytes of its weights, and of each step what does not tell of the machine."""

    weights: bytes
    steps: list[dict[str, Any]]


def ended(stage: Train, ctx: Context) -> Ended:
    """Build a stage, or go on with it, and read what it came to."""
    path = ctx.store.build(stage, ctx).path
    lines = (path / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    steps = [{k: v for k, v in json.loads(line).items() if k not in ("tokens_per_s", "memory_gb")} for line in lines]
    return Ended((path / "model.safetensors").read_bytes(), steps)


def kill_once(stage: Train, ctx: Context, seconds: float) -> bool:
    """Train in a fork that the kernel ends after so many seconds of CPU time; False when it had ended by then.

    SIGPROF without a handler ends a process as SIGKILL does: nothing of it runs any more. CPU time comes to the same
    place however busy the machine is.
    """
    sys.stdout.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forks beside threads; training here has none
        child = os.fork()
    if child == 0:
        try:
            signal.setitimer(signal.ITIMER_PROF, seconds)
            ctx.store.build(stage, ctx)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def survives(stage: Train, context: Callable[[Path], Context], root: Path, kills: int, rng: random.Random) -> None:
    """Kill a run so many times, at random, and compare whenever one comes to its end. Raises AssertionError."""
    undisturbed, disturbed = context(root / "a"), context(root / "b")
    for ctx in (undisturbed, disturbed):
        for source in (stage.model, stage.data, getattr(stage, "reference", None)):
            if source is not None:
                ctx.store.build(source, ctx)
    started = time.process_time()
    whole = ended(stage, undisturbed)
    seconds = time.process_time() - started
    done = 0
    while done < kills:
        if kill_once(stage, disturbed, rng.uniform(0.01, seconds)):
            done += 1
        else:
            assert ended(stage, disturbed) == whole, f"{stage.label} differs after {done} kills"
            shutil.rmtree(disturbed.store.root / type(stage).__name__.lower() / stage.id)
    assert ended(stage, disturbed) == whole, f"{stage.label} differs after {done} kills"


def main(kills: int = 50, seed: int = 0) -> None:
    for name, make in STAGES.items():
        with tempfile.TemporaryDirectory() as folder:
            survives(make(40), often, Path(folder), kills, random.Random(seed))
            print(f"{name}: {kills} kills, every run that came to its end has the same bits", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
