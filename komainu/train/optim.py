"""The optimiser and the learning-rate schedule."""

from __future__ import annotations

import logging
import math
from typing import Any

import torch

from komainu.train.base import Fit
from komainu.train.muon import Muon


def make_optimizer(model: Any, fit: Fit, cores: int = 1) -> torch.optim.Optimizer:
    """AdamW, its state in 8 bits or not, or Muon for the matrices between the embeddings. Vectors do not decay."""
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    vectors = [p for p in trained.values() if p.ndim < 2]
    tables = {id(m.weight) for m in (model.get_input_embeddings(), model.get_output_embeddings()) if m is not None}
    inner = [p for p in trained.values() if p.ndim == 2 and id(p) not in tables] if fit.optimizer == "muon" else []
    rest = [p for p in trained.values() if p.ndim >= 2 and not any(p is q for q in inner)]
    groups = [{"params": rest, "weight_decay": fit.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    others = [g for g in groups if g["params"]]
    how: dict[str, Any] = {"lr": fit.lr, "betas": fit.betas, "eps": 1e-8, "fused": True}
    if fit.optimizer == "adamw8bit":
        logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)  # warns of 4-bit products on a CPU
        from komainu.train.adamw8bit import AdamW8bit

        return AdamW8bit(others, {id(model.get_input_embeddings().weight)}, **how)
    if not inner:
        return torch.optim.AdamW(others, **how)
    return Muon([{"params": inner, "weight_decay": fit.weight_decay}, *others], cores, **how)


def rate_at(fit: Fit, step: int, steps: int) -> float:
    """The learning rate of a step: linear warm-up, then the schedule down to `floor` times the peak."""
    warm = fit.warm_steps(steps)
    if step < warm:
        return fit.lr * (step + 1) / warm
    done = (step - warm) / max(1, steps - warm)
    shape = {"constant": 1.0, "linear": 1.0 - done, "cosine": 0.5 * (1 + math.cos(math.pi * done))}[fit.schedule]
    return fit.lr * (fit.floor + (1 - fit.floor) * shape)
