"""What the trainings of a plan will take: memory of a process, tokens, speed, hours, money; nothing is loaded for it.

Memory follows from the sizes of the model (`train/memory.py`). Speed is what trainings in this store had on this
machine; where there were none, a share of what the device can do. Not covered: reinforcement learning, which draws its
own answers; reference log-probabilities; the time to load, to save and to look at the rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from komainu.cost import SAMPLE, Range, shown
from komainu.errors import UsageError
from komainu.files import read_object
from komainu.plan import Counts, Plan
from komainu.settings import Settings
from komainu.stage import Stage
from komainu.store import DERIVED, Store, reference
from komainu.train.architecture import Architecture
from komainu.train.base import Train
from komainu.train.devices import DEVICES
from komainu.train.memory import Memory, Run, needed
from komainu.train.pretrain import Base
from komainu.train.tokenizer import Tokenizer
from komainu.workload.lengths import Lengths, kept, lengths
from komainu.workload.speed import Speed, operations, speeds

USED = Range(0.15, 0.40)  # of a device's operations: published runs from 3B to 70B, with and without recomputation
ALIKE, OTHER = 1.15, 2.0  # how far a run may be from one of the same model and method, or from any other
GIGA, HOUR = 1e9, 3600.0
FULL = 0.999  # of a pack, by best fit


class Steps(NamedTuple):
    """Steps of the optimiser, and about how many micro-batches a process has in one."""

    number: int
    micro_batches: int


@dataclass(frozen=True)
class Workload:
    """What one training takes, or why it cannot be told. What is None is not known before its data is there."""

    stage: Train
    processes: int
    why_not: str = ""
    memory: Memory | None = None
    steps: Steps | None = None
    tokens: Range | None = None
    tokens_per_s: Range | None = None  # of all processes
    hours: Range | None = None
    money: Range | None = None

    def json(self) -> dict[str, Any]:
        head = {"stage": reference(self.stage), "processes": self.processes}
        if self.why_not:
            return head | {"not_estimated": self.why_not}
        names = ("tokens", "tokens_per_s", "hours", "money")
        memory = self.memory.json() if self.memory else None
        steps = {"steps": self.steps and self.steps.number, "micro_batches": self.steps and self.steps.micro_batches}
        return head | {"memory": memory} | steps | {name: getattr(self, name) for name in names}

    def lines(self, here: Settings) -> Iterator[str]:
        if self.memory is None:
            yield f"trains      {self.stage.label:<30} not estimated: {self.why_not}"
            return
        several = f" in each of {self.processes} processes" if self.processes > 1 else ""
        parts = ", ".join(f"{name} {value / GIGA:.3g}" for name, value in self.memory._asdict().items())
        yield f"trains      {self.stage.label:<30} {self.memory.total / GIGA:.3g} GB{several}: {parts}"
        if here.train.device and self.memory.total > (most := DEVICES[here.train.device].memory):
            yield f"            {'':<30} more than the {most / GIGA:.3g} GB of {here.train.device}: {self.advice(here)}"
        told = ["tokens not known before its rows are there"]
        if self.steps and self.tokens:
            told = [
                f"{self.steps.number} steps of {self.steps.micro_batches} micro-batches, {shown(self.tokens)} tokens"
            ]
        if self.tokens_per_s:
            told.append(f"{shown(self.tokens_per_s)} a second")
        else:
            told.append("speed not known: nothing was trained in this store, and no `device` is set in [train]")
        if self.hours:
            told.append(f"{shown(self.hours)} hours")
        if self.money:
            told.append(f"{shown(self.money)} {here.currency}")
        yield f"            {'':<30} {', '.join(told)}"

    def advice(self, here: Settings) -> str:
        """The setting of [train] that makes a process smaller."""
        if self.processes > 1 and not here.train.shard:
            return "set `shard = true`"
        return "set `recompute = true`" if not here.train.recompute else "set more `ranks`, sharded"


class Workloads:
    """The workloads of a plan's trainings that are still to be made."""

    def __init__(self, planned: Plan, store: Store, here: Settings) -> None:
        self.planned, self.store, self.here = planned, store, here
        bad = any(line.problems for line in planned.lines)
        stages = [] if bad else [s for s in planned.to_build if isinstance(s, Train)]
        self.counts = Counts({s.id: a for line in planned.lines if (a := store.at(reference(s := line.stage)))}, set())
        self.all = tuple(self.of(stage) for stage in stages)

    def json(self) -> dict[str, Any]:
        return {"trains": [each.json() for each in self.all]}

    def lines(self) -> Iterator[str]:
        for each in self.all:
            yield from each.lines(self.here)

    def of(self, stage: Train) -> Workload:
        processes = processes_of(stage, self.here)
        if type(stage).rollout is not Train.rollout:
            return Workload(stage, processes, "it learns from answers that it draws itself")
        try:
            model = self.architecture(stage)
        except UsageError as error:
            return Workload(stage, processes, str(error))
        lengths, fit = self.lengths(stage), stage.fit
        unit = fit.pack * FULL if fit.pack else lengths.row.high if lengths else float("inf")
        share = fit.global_batch * unit / processes
        memory = needed(
            model, self.run(stage, min(fit.micro_tokens, share), share, lengths.targets if lengths else 1.0)
        )
        rows = self.counts(stage.data)
        if lengths is None or not rows:
            return Workload(stage, processes, memory=memory)
        whole = lengths.row.times(Range(rows, rows))
        count = math.ceil(sum(whole) / 2 / unit) if fit.pack else rows
        steps = fit.total_steps(count)
        drawn = steps * fit.global_batch / count
        tokens = whole.times(Range(drawn, drawn))
        micro = math.ceil(sum(tokens) / 2 / steps / processes / fit.micro_tokens)
        speed = self.speed(stage, model, lengths)
        hours = Range(tokens.low / speed.high / HOUR, tokens.high / speed.low / HOUR) if speed else None
        price = self.here.train.price * processes
        money = Range(hours.low * price, hours.high * price) if hours and price else None
        return Workload(stage, processes, "", memory, Steps(steps, micro), tokens, speed, hours, money)

    def run(self, stage: Train, tokens: float, share: float, targets: float) -> Run:
        """What of a training decides its memory; `share` are a process's tokens of a global batch."""
        train = self.here.train
        processes = processes_of(stage, self.here)
        return Run(
            tokens=int(tokens),
            targets=targets,
            several=share > tokens,
            gpu=bool(train.device),
            even=stage.even,
            recompute=train.recompute,
            ranks=processes,
            sharded=train.shard and processes > 1,
            optimizer=stage.fit.optimizer,
            adapter=stage.adapter,
        )

    def architecture(self, stage: Train) -> Architecture:
        """The sizes of the model that a stage trains. Raises UsageError where they are not known yet."""
        source: Stage = stage
        while isinstance(source, Train) and not self.store.at(reference(source)):
            if isinstance(source, Base):
                return self.fresh(source)
            source = source.model
        file = (self.folder(source) or Path()) / "config.json"
        if not file.is_file():
            raise UsageError(f"the sizes of the model are not known before {source.label} is there; build it first")
        return Architecture.of_config(read_object(file), str(file))

    def fresh(self, stage: Base) -> Architecture:
        shape = stage.shape
        if not isinstance(stage.model, Tokenizer):
            raise UsageError(
                f"the size of the vocabulary is not known before {stage.model.label} is there; build it first"
            )
        return Architecture(
            shape.hidden, shape.layers, shape.hidden, shape.hidden, shape.feed_forward, stage.model.vocab, True
        )

    def folder(self, source: Stage) -> Path | None:
        """Where a model's files lie: its artifact, or a directory that is there already."""
        if built := self.store.at(reference(source)):
            return built.path
        path = getattr(source, "path", "")
        return Path(path) if path and Path(path).is_dir() else None

    def lengths(self, stage: Train) -> Lengths | None:
        """Of a training's rows, where they have been tokenised, or of the first of them; None where there are none."""
        if stage.documents and (found := kept(self.store.root / DERIVED / stage.data.place, stage.documents.id)):
            return found
        built = self.store.at(reference(stage.data))
        rows = [*islice(built.rows() if built else stage.data.peek() or (), SAMPLE)]
        return lengths(rows, self.tokenizer(stage)) if rows else None

    def tokenizer(self, stage: Train) -> Path | None:
        """The tokenizer.json of the model that trainings start from, where it is there already."""
        source: Stage = stage
        while isinstance(source, Train):
            source = source.model
        folder = self.folder(source)
        return folder / "tokenizer.json" if folder and (folder / "tokenizer.json").is_file() else None

    def speed(self, stage: Train, model: Architecture, lengths: Lengths) -> Range | None:
        """Tokens a second of all processes: as in this store, or what the device may come to."""
        known = [s for s in self.speeds if s.adapted == (stage.adapter is not None)]
        same = [s.tokens_per_s for s in known if (s.architecture, s.stage) == (model, type(stage).__name__)]
        if same:
            return Range(median(same) / ALIKE, median(same) * ALIKE)
        each = operations(stage, model, lengths, self.here)
        if device := self.here.train.device:
            whole = DEVICES[device].flops * processes_of(stage, self.here) / each
            return Range(whole * USED.low, whole * USED.high)
        if known:
            middle = (
                median(s.tokens_per_s * operations(stage, s.architecture, lengths, self.here) for s in known) / each
            )
            return Range(middle / OTHER, middle * OTHER)
        return None

    @cached_property
    def speeds(self) -> list[Speed]:
        return [*speeds(self.store, self.here)]


def processes_of(stage: Train, here: Settings) -> int:
    return here.train.ranks if stage.parallel else 1
