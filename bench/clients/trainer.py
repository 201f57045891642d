"""komainu: the stage built through the store, with metrics and checkpoints, as `komainu run` does."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from komainu.context import Context
from komainu.data.files import ChatFile, PairFile
from komainu.launch import open_context
from komainu.progress import Progress
from komainu.settings import Settings
from komainu.train.base import Fit, Train
from komainu.train.directory import Directory
from komainu.train.dpo import DPO
from komainu.train.reference import Reference
from komainu.train.sft import SFT


class Clock(Progress):
    """Wall and CPU seconds at every update."""

    def __init__(self, total: int | None, what: str) -> None:
        super().__init__(total, what)
        self.times: list[tuple[float, float]] = []

    def update(self, n: int = 1, note: str = "") -> None:
        self.times.append((time.perf_counter(), time.process_time()))
        super().update(n, note)


@dataclass
class Timed(Context):
    """A context whose progress bars are kept."""

    clocks: list[Clock] = field(default_factory=list)

    def progress(self, total: int | None, what: str) -> Progress:
        self.clocks.append(Clock(total, what))
        return self.clocks[-1]


def stage(job: dict[str, Any]) -> Train:
    """What `job` says, with everything that needs no saying left at its default."""
    fit = Fit(
        lr=job["lr"],
        global_batch=job["batch"],
        steps=job["steps"],
        schedule="constant",
        warmup=0.0,
        micro_tokens=job["micro_tokens"],
    )
    model = Directory.of(job["model"], licence="none")
    if job["kind"] == "sft":
        return SFT(model=model, data=ChatFile(path=job["rows"], licence="none"), fit=fit)
    data = PairFile(path=job["rows"], licence="none")
    return DPO(model=model, data=data, reference=Reference(model=model, data=data), fit=fit)


def main(job: dict[str, Any], scratch: str) -> None:
    """`job` as bench.train writes it."""
    settings = Settings(store=f"{scratch}/store", threads=1, checkpoint_seconds=job["checkpoint"])
    opened = open_context(settings)
    ctx = Timed(opened.store, opened.client, opened.settings)
    with ctx:
        wanted = stage(job)
        for part in (*(i for s in wanted.inputs.values() for i in s.inputs.values()), *wanted.inputs.values(), wanted):
            made = ctx.store.build(part, ctx)
    lines = [json.loads(line) for line in (Path(made.path) / "metrics.jsonl").read_text().splitlines()]
    (clock,) = [c for c in ctx.clocks if c.what == type(wanted).__name__]
    print("\n" + json.dumps({"times": clock.times, "losses": [line["loss"] for line in lines]}), flush=True)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        main(json.load(file), sys.argv[2])
