"""Checkpoints in safetensors: the trained weights, the optimiser's state, the step; the newest whole one counts.

Ranks that hold a shard each write a file each. Any number of ranks, sharded or not, can go on from either.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from komainu.files import sync_folder
from komainu.train.ranks import Ranks
from komainu.train.shards import cut_as, local


def save_checkpoint(
    work: Path, model: Any, optimizer: torch.optim.Optimizer, step: int, ranks: Ranks | None = None
) -> None:
    """Write `work/step-<step>` whole or not at all, then drop the older ones. All ranks call it."""
    ranks = ranks or Ranks()
    partial, final = work / "step.partial", work / f"step-{step:08d}"
    if ranks.main:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
    ranks.wait()
    if ranks.main or ranks.sharded:
        file = partial / (f"state-{ranks.rank:05d}-of-{ranks.size:05d}" if ranks.sharded else "state")
        write(file.with_suffix(".safetensors"), model, optimizer, step)
    ranks.wait()
    if ranks.main:
        sync_folder(partial)
        os.replace(partial, final)
        sync_folder(work)
        for old in work.glob("step-*"):
            if old != final:
                shutil.rmtree(old)
    ranks.wait()


def write(file: Path, model: Any, optimizer: torch.optim.Optimizer, step: int) -> None:
    """What of the weights and of the optimiser's state lies on this rank."""
    named = {n: p for n, p in model.named_parameters() if p.requires_grad}
    names = {id(p): n for n, p in named.items()}
    tensors = {f"weight/{n}": local(p.detach()).cpu().contiguous() for n, p in named.items()}
    for parameter, state in optimizer.state.items():
        for key, value in state.items():
            tensors[f"state/{key}/{names[id(parameter)]}"] = stored(value)
    save_file(tensors, file, metadata={"step": str(step)})
    with open(file, "rb") as handle:
        os.fsync(handle.fileno())


def stored(value: torch.Tensor | int) -> torch.Tensor:
    """A part of an optimiser's state, of which some count steps in whole numbers."""
    if isinstance(value, int):
        return torch.tensor(value)
    found: torch.Tensor = local(value.detach()).cpu().contiguous()
    return found


def restored(parameter: torch.Tensor, key: str, value: torch.Tensor) -> torch.Tensor | int:
    """The inverse; a fused optimiser reads its step on the parameter's device, others count in whole numbers."""
    if key == "step":
        return value.to(parameter.device) if value.is_floating_point() else int(value)
    return cut_as(parameter, value.to(parameter.device))


class Pieces:
    """The tensors of a checkpoint, whole, one at a time; shards are parts of the first dimension, in rank order."""

    def __init__(self, folder: Path) -> None:
        self.files: list[Any] = [safe_open(file, "pt") for file in sorted(folder.glob("*.safetensors"))]
        self.keys = {*self.files[0].keys()}

    def __getitem__(self, key: str) -> torch.Tensor:
        found: list[torch.Tensor] = [file.get_tensor(key) for file in self.files]
        return found[0] if len(found) == 1 or found[0].ndim == 0 else torch.cat(found)


def load_checkpoint(
    work: Path, model: Any, optimizer: torch.optim.Optimizer, metrics: Path, ranks: Ranks | None = None
) -> int:
    """Put the newest checkpoint into model and optimiser; returns the step to go on with (0: none).

    Metrics of steps after the checkpoint are cut off: they will be written again.
    """
    work.mkdir(parents=True, exist_ok=True)
    found = sorted(work.glob("step-*"))
    step = int(found[-1].name.removeprefix("step-")) if found else 0
    if found:
        pieces = Pieces(found[-1])
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if not parameter.requires_grad:
                    continue
                parameter.copy_(cut_as(parameter, pieces[f"weight/{name}"]))
                keys = [k for k in pieces.keys if k.startswith("state/") and k.split("/", 2)[2] == name]
                state = {k.split("/")[1]: pieces[k] for k in sorted(keys)}
                optimizer.state[parameter] = {k: restored(parameter, k, v) for k, v in state.items()}
    if ranks is not None and not ranks.main:
        return step
    if metrics.exists():
        kept = [line for line in metrics.read_text(encoding="utf-8").splitlines() if _step(line) < step]
        metrics.write_text("".join(line + "\n" for line in kept), encoding="utf-8")
    return step


def _step(line: str) -> float:
    """The step of a metrics line; a line cut short by a crash belongs to no step."""
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError):
        return float("inf")
