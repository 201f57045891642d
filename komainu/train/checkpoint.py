"""Checkpoints in safetensors: the weights, the optimiser's state, the step; the newest whole one counts."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from komainu.files import sync_folder


def save_checkpoint(work: Path, model: Any, optimizer: torch.optim.Optimizer, step: int) -> None:
    """Write `work/step-<step>` whole or not at all, then drop the older ones."""
    partial, final = work / "step.partial", work / f"step-{step:08d}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    named = dict(model.named_parameters())
    names = {id(p): n for n, p in named.items()}
    tensors = {f"weight/{n}": p.detach().cpu().contiguous() for n, p in named.items()}
    for parameter, state in optimizer.state.items():
        for key, value in state.items():
            tensors[f"state/{key}/{names[id(parameter)]}"] = value.detach().cpu().contiguous()
    save_file(tensors, partial / "state.safetensors", metadata={"step": str(step)})
    with open(partial / "state.safetensors", "rb") as handle:
        os.fsync(handle.fileno())
    sync_folder(partial)
    os.replace(partial, final)
    sync_folder(work)
    for old in work.glob("step-*"):
        if old != final:
            shutil.rmtree(old)


def load_checkpoint(work: Path, model: Any, optimizer: torch.optim.Optimizer, metrics: Path) -> int:
    """Put the newest checkpoint into model and optimiser; returns the step to go on with (0: none).

    Metrics of steps after the checkpoint are cut off: they will be written again.
    """
    work.mkdir(parents=True, exist_ok=True)
    found = sorted(work.glob("step-*"))
    step = int(found[-1].name.removeprefix("step-")) if found else 0
    if found:
        tensors = load_file(found[-1] / "state.safetensors")
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(tensors[f"weight/{name}"])
                keys = [k for k in tensors if k.startswith("state/") and k.endswith(f"/{name}")]
                state = {k.split("/")[1]: tensors[k] for k in keys if k.split("/", 2)[2] == name}
                optimizer.state[parameter] = {k: v if k == "step" else v.to(parameter.device) for k, v in state.items()}
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
