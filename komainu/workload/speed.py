"""How fast the trainings in a store were, and what a token of a training costs."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Mapping
from statistics import median
from typing import NamedTuple

from komainu.errors import UsageError
from komainu.settings import Settings
from komainu.store import Artifact, Store
from komainu.train.architecture import Architecture
from komainu.train.base import Train
from komainu.workload.lengths import Lengths

METRICS = "metrics.jsonl"


class Speed(NamedTuple):
    """Tokens a second of a training in this store."""

    architecture: Architecture
    stage: str
    adapted: bool
    tokens_per_s: float


def speeds(store: Store, here: Settings) -> Iterator[Speed]:
    """Of the trainings in a store that as many processes and threads made on a machine like this."""
    made = {"machine": platform.machine(), "threads": str(here.threads)}
    made |= {"ranks": str(here.train.ranks)} if here.train.ranks > 1 else {}
    for path in sorted(store.root.glob(f"*/*/{METRICS}")):
        artifact = store.at("/".join(path.parts[-3:-1]))
        if artifact is not None and (found := measured(artifact, made)):
            yield found


def measured(artifact: Artifact, made_with: Mapping[str, str]) -> Speed | None:
    """The speed of a training, its median step; None for one made otherwise, or of a model of another kind."""
    known = artifact.record["made_with"]
    if any(known.get(name) != value for name, value in made_with.items()) or ("ranks" in known) != (
        "ranks" in made_with
    ):
        return None
    try:
        config = json.loads((artifact.path / "config.json").read_bytes())
        model = Architecture.of_config(config, artifact.ref)
        steps = [json.loads(line) for line in (artifact.path / METRICS).read_text(encoding="utf-8").splitlines()]
    except (OSError, ValueError, UsageError):
        return None
    speeds = [step["tokens_per_s"] for step in steps if step.get("tokens_per_s")]
    adapted = artifact.record["config"].get("adapter") is not None
    return Speed(model, artifact.record["stage"], adapted, median(speeds)) if speeds else None


def operations(stage: Train, model: Architecture, lengths: Lengths, here: Settings) -> float:
    """Floating-point operations of training with a token: there, back twice as much, and what is computed again.

    Frozen weights need no gradient of their own; some losses look at a batch before they learn from it.
    """
    back = 1 if stage.adapter is not None else 2
    more = here.train.recompute + (type(stage).ahead is not Train.ahead)
    return (1 + back + more) * model.forward(lengths.behind, lengths.targets)
