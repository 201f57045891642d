"""Successive halving: a training run whose loss is in the worse half of those that came as far is stopped.

The rule is Optuna's SuccessiveHalvingPruner (asynchronous: Li et al. 2020, MLSys, arXiv:1810.05934). A run that is
stopped leaves no artifact, only a checkpoint, so no artifact is ever of a training cut short.
"""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any

import optuna

from komainu.seal import RECORD
from komainu.stage import Stage, upstream_first
from komainu.store import WORK
from komainu.sweeps.record import Outcome, Point
from komainu.train.base import Train

FACTOR = 2
METRICS = "metrics.jsonl"


class Halving:
    """Watches the training stages that only one point of the sweep needs. Rungs are at `first` steps, twice that, ...

    Two runs compete only where their losses mean the same: one class of training with the same objective on the same
    data in batches of one size, and the same first base or tokenizer; all else of the optimiser, and the stages
    between, may differ. A run is judged by the mean loss of the last quarter of its steps up to the rung. The first to
    come to a rung goes on.
    """

    def __init__(self, root: Path, stages: Mapping[str, Stage], first: int) -> None:
        optuna.logging.set_verbosity(logging.WARNING)
        self.root, self.first = root, first
        self.pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=first, reduction_factor=FACTOR)
        users = Counter(s.place for target in stages.values() for s in upstream_first(target))
        self.trained = {
            ref: [s for s in upstream_first(target) if isinstance(s, Train) and users[s.place] == 1]
            for ref, target in stages.items()
        }
        self.studies: dict[str, optuna.Study] = {}
        self.trials: dict[str, optuna.Trial] = {}  # by stage
        self.rungs: dict[str, int] = {}  # the next one, by stage

    def replay(self, before: Iterable[Point]) -> None:
        """Let runs of earlier times compete too: those that ended, and those that were stopped."""
        for point in before:
            self.hopeless(point)

    def hopeless(self, point: Point) -> Outcome | None:
        for stage in self.trained[point.ref]:
            losses = read(self.root / stage.place)
            while len(losses) >= (rung := self.rungs.setdefault(stage.place, self.first)):
                self.rungs[stage.place] = rung * FACTOR
                stop = self._judged(stage, rung, losses)
                if stop and not (self.root / stage.place / RECORD).exists():  # a whole training is not thrown away
                    return stop
        return None

    def _judged(self, stage: Train, rung: int, losses: list[float]) -> Outcome | None:
        tail = losses[rung - max(1, rung // 4) : rung]
        value = fmean(tail)
        study = self.studies.setdefault(group(stage), optuna.create_study(pruner=self.pruner))
        if stage.place not in self.trials:
            self.trials[stage.place] = study.ask()
        trial = self.trials[stage.place]
        trial.report(value, rung)
        if not trial.should_prune():
            return None
        others = [t.intermediate_values[rung] for t in study.trials if rung in t.intermediate_values]
        place = sorted(others).index(value) + 1
        why = f"loss {value:.4f} over the last steps to {rung} is number {place} of {len(others)} that came so far"
        return Outcome("pruned", "halving", why, stage.place, None, rung)


def group(stage: Train) -> str:
    """Runs of one group have losses that can be compared."""
    start: Stage = stage
    while isinstance(start, Train):
        start = start.model
    config = {k: v for k, v in stage.config().items() if k not in ("fit", "model")}
    return json.dumps({**config, "start": start.id, "batch": stage.fit.global_batch}, sort_keys=True)


def read(place: Path) -> list[float]:
    """The losses of a training run by step: of a finished one, or of one that goes on. A line begun is left out."""
    for path in (place / METRICS, place / WORK / METRICS):
        try:
            lines = path.read_bytes().split(b"\n")[:-1]
        except OSError:
            continue
        found: list[Any] = [json.loads(line) for line in lines]
        return [float(each["loss"]) for each in found]
    return []
