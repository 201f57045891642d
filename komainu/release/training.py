"""How a model was trained: settings from records, curves from metrics.jsonl; never a clock time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from statistics import fmean
from typing import Any, NamedTuple

from komainu.errors import UsageError
from komainu.release.numbers import NOTHING, setting, short
from komainu.store import Artifact

CURVES = {  # key of metrics.jsonl: what it is; nothing that depends on the machine's speed
    "loss": "loss, nats",
    "accuracy": "pairs whose chosen answer gains more than the rejected one",
    "margin": "margin of chosen over rejected reward",
    "chosen_reward": "reward of chosen answers",
    "right": "rows on the side of z0 that their label wants",
    "z0": "z0, nats",
    "grad_norm": "gradient norm",
    "lr": "learning rate",
}
FACTS = {  # of a summary, by what a table calls them
    "rows": "rows",
    "steps": "steps",
    "tokens": "tokens seen",
    "first_loss": "first loss",
    "loss": "loss",
}
BOOKKEEPING = ("is", "v")


class Curve(NamedTuple):
    """One metric of a run over its steps."""

    key: str
    caption: str
    values: tuple[float, ...]


class Run(NamedTuple):
    """The curves of one training stage; `tokens` is the count seen by the end of each step."""

    name: str
    ref: str
    steps: tuple[int, ...]
    tokens: tuple[int, ...]
    curves: tuple[Curve, ...]


def is_training(artifact: Artifact) -> bool:
    return "fit" in artifact.record["config"]


def settings(artifact: Artifact, term: Callable[[str], str] = str) -> dict[str, str]:
    """Every choice of a stage's config but its inputs, `fit.lr` by `lr`, then what its summary tells."""
    found = {key.removeprefix("fit."): setting(value, term) for key, value in choices(artifact.record["config"])}
    for key in FACTS:
        if isinstance(value := artifact.summary.get(key), (int, float)):
            found[FACTS[key]] = told(value)
    return found


def told(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def choices(config: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of a config, but references to stages."""
    for key, value in config.items():
        if key in BOOKKEEPING:
            continue
        if isinstance(value, dict):
            if "stage" not in value:
                yield from choices(value, f"{path}{key}.")
        elif not (isinstance(value, list) and any(isinstance(v, dict) for v in value)):
            yield path + key, value


def settings_table(
    artifacts: Iterable[Artifact], term: Callable[[str], str] = str
) -> tuple[list[str], list[list[str]]]:
    """Header and rows: a setting a row, a training stage a column; `term` gives what is no setting's name."""
    trained = [a for a in artifacts if is_training(a)]
    columns = [settings(a, term) for a in trained]
    keys = dict.fromkeys(key for column in columns for key in column)
    header = ["", *(name_of(a) for a in trained)]
    names = {key: term(key) if key in FACTS.values() else key for key in keys}
    return header, [[names[key], *(column.get(key, NOTHING) for column in columns)] for key in keys]


def name_of(artifact: Artifact) -> str:
    return str(artifact.record["stage"])


def read_run(artifact: Artifact) -> Run | None:
    """The curves of a training artifact; None when it has no metrics."""
    file = artifact.path / "metrics.jsonl"
    if not file.exists():
        return None
    try:
        lines = [json.loads(line) for line in file.read_bytes().splitlines()]
    except ValueError as error:
        raise UsageError(
            f"metrics.jsonl of {artifact.ref} is damaged: {error}"
            "; `komainu verify` finds what else has changed: remove that folder and run the recipe again"
        ) from None
    if not lines:
        return None
    curves = [
        Curve(key, caption, tuple(float(line[key]) for line in lines))
        for key, caption in CURVES.items()
        if all(key in line for line in lines)
    ]
    tokens = tuple(accumulate(int(line.get("tokens", 0)) for line in lines))
    return Run(name_of(artifact), artifact.ref, tuple(int(line["step"]) for line in lines), tokens, tuple(curves))


def smoothed(values: Sequence[float], window: int, at: Iterable[int]) -> list[float]:
    """The mean of the last `window` values at some steps (of fewer at the beginning)."""
    parts = (values[max(0, i + 1 - window) : i + 1] for i in at)
    return [fmean(some) for some in parts]


def described(run: Run) -> str:
    """`SFT: 620 steps, 4.1M tokens`."""
    return f"{run.name}: {run.steps[-1] + 1:,} steps, {short(run.tokens[-1])} tokens"
