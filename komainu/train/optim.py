"""The optimiser and the learning-rate schedule."""

from __future__ import annotations

import math
from typing import Any

import torch

from komainu.train.base import Fit


def make_optimizer(model: Any, fit: Fit) -> torch.optim.AdamW:
    """AdamW; matrices decay, vectors do not."""
    trained = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in trained if p.ndim >= 2], "weight_decay": fit.weight_decay},
        {"params": [p for p in trained if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([g for g in groups if g["params"]], lr=fit.lr, betas=fit.betas, eps=1e-8, fused=True)


def rate_at(fit: Fit, step: int, steps: int) -> float:
    """The learning rate of a step: linear warm-up, then the schedule down to `floor` times the peak."""
    warm = max(1, round(fit.warmup * steps))
    if step < warm:
        return fit.lr * (step + 1) / warm
    done = (step - warm) / max(1, steps - warm)
    shape = {"constant": 1.0, "linear": 1.0 - done, "cosine": 0.5 * (1 + math.cos(math.pi * done))}[fit.schedule]
    return fit.lr * (fit.floor + (1 - fit.floor) * shape)
