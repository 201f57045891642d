"""Stages in other processes: which go where, how they are told what to build, and what comes back.

A worker loads the same recipe with the same values, finds the stage by its id and runs it into the same folder. The
process that asked for it holds the lock and writes the record, so an artifact is made in one way only.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from komainu.cluster.base import Launcher, Work, failure, last_object
from komainu.cluster.here import Here
from komainu.cluster.sbatch import render
from komainu.cluster.slurm import SlurmQueue
from komainu.context import Made
from komainu.errors import JobFailed
from komainu.files import whole
from komainu.progress import Progress
from komainu.settings import Settings
from komainu.stage import Stage
from komainu.store import WORK, Store

TASK, RESULT, FAILURE, METRICS, STEPS = "task.json", "result.json", "failure.json", "metrics.jsonl", "steps.json"


class Task(msgspec.Struct, frozen=True):
    """What a worker is told: a stage of a recipe, and the store it is built in."""

    target: str
    values: tuple[str, ...]
    stage: str
    store: str
    fresh: str = ""


class Ranks:
    """Runs the stages that several processes can run together as komainu.toml says in [train]; others stay here."""

    def __init__(self, settings: Settings, target: str, values: Sequence[str], fresh: str = "") -> None:
        self.settings, self.target, self.values, self.fresh = settings, target, tuple(values), fresh
        self.launcher: Launcher = SlurmQueue(settings) if settings.train.where == "slurm" else Here(settings)

    def takes(self, stage: Stage) -> bool:
        """Whether a stage runs in other processes than this."""
        return stage.parallel and (self.settings.train.ranks > 1 or self.settings.train.where == "slurm")

    def make(self, stage: Stage, out: Path) -> Made:
        """Run a stage to its end. Raises what the worker raised, where that is for a user to mend, else JobFailed."""
        work = self.work(stage, out)
        (out / WORK / FAILURE).unlink(missing_ok=True)
        self.tell(stage.id, out / WORK)
        if not work.result.exists():
            with Progress(None, f"{stage.label}") as bar:
                try:
                    self.launcher.run(work, lambda: show(bar, out / WORK))
                except JobFailed as error:
                    raise failure(out / WORK / FAILURE) or error from None
        found = json.loads(work.result.read_bytes())
        return Made(found["summary"], found["made_with"])

    def tell(self, stage: str, folder: Path) -> Path:
        """Write into a folder what a worker is told."""
        task = Task(self.target, self.values, stage, str(self.settings.root.resolve()), self.fresh)
        with whole(folder / TASK) as file:
            file.write(msgspec.json.encode(task))
        return folder / TASK

    def sharing(self, stage: str, folder: Path) -> tuple[str, ...]:
        return (sys.executable, "-m", "komainu.shards", str(self.tell(stage, folder).resolve()))

    def work(self, stage: Stage, out: Path) -> Work:
        folder = (out / WORK).resolve()
        return Work(
            name=f"komainu-{type(stage).__name__.lower()}-{stage.id}-{sha256(bytes(folder)).hexdigest()[:6]}",
            folder=folder,
            argv=(sys.executable, "-m", "komainu.worker", str(folder / TASK)),
            result=folder / RESULT,
            tasks=self.settings.train.ranks,
        )

    def scripts(self, stages: Sequence[Stage]) -> dict[str, str]:
        """The sbatch script of each stage that would go to Slurm, by the stage's label."""
        if self.settings.train.where != "slurm":
            return {}
        store = Store(self.settings.root)
        taken = [stage for stage in stages if self.takes(stage)]
        return {s.label: render(self.work(s, store.place(s)), self.settings.slurm) for s in taken}

    def plan_lines(self, stages: Sequence[Stage]) -> Iterator[str]:
        """What a plan shows of it."""
        for label, script in self.scripts(stages).items():
            yield f"{label} goes to Slurm as:"
            yield from (f"    {line}".rstrip() for line in script.splitlines())


def show(bar: Progress, folder: Path) -> None:
    """Show how far a training run in other processes is."""
    steps, line = total(folder), last_object(folder / METRICS)
    bar.total = steps
    if line is not None and "step" in line:
        done = line["step"] + 1 - bar.done
        bar.update(done, f"loss {line.get('loss', 0):.3f}, {line.get('tokens_per_s', 0):.0f} tokens/s")


def total(folder: Path) -> int | None:
    """How many steps a training run is to have; None where it has not said."""
    try:
        return int(json.loads((folder / STEPS).read_bytes())["steps"])
    except (OSError, ValueError, KeyError):
        return None
