"""The gradient of a global batch, summed over micro-batches; a small model on a CPU computes several at once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import torch

from komainu.train.base import Train, Unit
from komainu.train.flat import flatten, micro_batches, target_logps

SMALL = 30_000_000  # parameters under which two cores do more on two micro-batches than on one matrix


class Found(NamedTuple):
    """What one micro-batch came to: summed loss, tokens, and sums worth logging."""

    loss: float
    tokens: int
    notes: dict[str, float]


class Gradients:
    """Computes gradients for a stage's loss. The order of summation is fixed: equal runs, equal bits.

    On a CPU with a small model every operation is too short to share out among threads (measured: two threads are
    half as fast as one), so each thread takes a micro-batch of its own and torch itself uses one.
    """

    def __init__(self, stage: Train, model: Any, threads: int) -> None:
        self.stage, self.model = stage, model
        self.params = [p for p in model.parameters() if p.requires_grad]
        self.device = self.params[0].device
        small = self.device.type == "cpu" and sum(p.numel() for p in self.params) < SMALL
        self.threads = (threads or os.cpu_count() or 1) if small else 1
        if small:
            torch.set_num_threads(1)
        self.pool = ThreadPoolExecutor(self.threads) if self.threads > 1 else None

    def of(self, units: Sequence[Unit]) -> Found:
        """Leave the gradient of a global batch in `.grad`; returns the batch's loss, tokens and notes, weighted."""
        weight = self.stage.weight(units)
        parts = [units[a:b] for a, b in micro_batches([u.documents for u in units], self.size(units))]
        if self.pool is None:
            found = [self.accumulate(part, weight) for part in parts]
        else:
            made = [*self.pool.map(lambda part: self.apart(part, weight), parts)]
            found = [f for f, _ in made]
            for i, parameter in enumerate(self.params):
                parameter.grad = made[0][1][i]
                for _, grads in made[1:]:
                    parameter.grad.add_(grads[i])
        notes = {k: sum(f.notes[k] for f in found) / weight for k in found[0].notes}
        return Found(sum(f.loss for f in found) / weight, sum(f.tokens for f in found), notes)

    def size(self, units: Sequence[Unit]) -> int:
        """Tokens of a micro-batch: as the stage declares, or an even share for each thread."""
        total = sum(len(d.ids) for u in units for d in u.documents)
        longest = max(sum(len(d.ids) for d in u.documents) for u in units)
        return min(self.stage.fit.micro_tokens, -(-total // self.threads) + longest // 2)

    def forward(self, part: Sequence[Unit], weight: float) -> tuple[torch.Tensor, Found]:
        flat = flatten([d for u in part for d in u.documents], self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            logps = target_logps(self.model, flat)
        summed, notes = self.stage.loss(logps, flat, part)
        return summed / weight, Found(float(summed.detach()), flat.tokens, notes)

    def accumulate(self, part: Sequence[Unit], weight: float) -> Found:
        loss, found = self.forward(part, weight)
        loss.backward()  # type: ignore[no-untyped-call]
        return found

    def apart(self, part: Sequence[Unit], weight: float) -> tuple[Found, tuple[torch.Tensor, ...]]:
        loss, found = self.forward(part, weight)
        return found, torch.autograd.grad(loss, self.params)

    def close(self) -> None:
        if self.pool is not None:
            self.pool.shutdown()
