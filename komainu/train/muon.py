"""Muon: momentum whose matrices are brought close to orthogonal before they are applied."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch

STEPS, COEFFICIENTS = 4, (3.4445, -4.7750, 2.0315)  # a x + b x^3 + c x^5 brings singular values near 1
MATCH = 0.2  # times sqrt(longer side): an update as large as AdamW's, so that one learning rate serves both


class Muon(torch.optim.AdamW):
    """Muon for the matrices inside a model, AdamW for `others` (embeddings, norms). All in float32.

    Source: Jordan et al. 2024 (Muon: an optimizer for hidden layers); the scale of Liu et al. 2025,
    arXiv 2502.16982. On a CPU the matrices are shared out among `cores` threads, each product on one, so that their
    number changes no bit. Not covered: sharded parameters.
    """

    def __init__(self, groups: list[dict[str, Any]], cores: int, **how: Any) -> None:
        """`groups`: that of the matrices first."""
        super().__init__(groups, **how)
        self.cores = cores
        self.pool = ThreadPoolExecutor(cores, thread_name_prefix="komainu-muon")

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        group = self.param_groups[0]
        shapes: dict[tuple[int, ...], list[torch.nn.Parameter]] = {}
        for parameter in group["params"]:
            if parameter.grad is not None:
                shapes.setdefault(tuple(parameter.shape), []).append(parameter)
        for shape, alike in shapes.items():
            for p in alike:
                if not self.state[p]:
                    self.state[p]["momentum"] = torch.zeros_like(p)
                self.state[p]["momentum"].lerp_(p.grad, 0.05)
            nesterov = [self.state[p]["momentum"].lerp(p.grad, 0.05) for p in alike]
            scale = group["lr"] * MATCH * max(shape) ** 0.5
            updates = self.orthogonal(torch.stack(nesterov))
            for p, update in zip(alike, updates, strict=True):
                p.mul_(1 - group["lr"] * group["weight_decay"]).add_(update, alpha=-scale)
                p.grad = None
        return super().step(closure)

    def orthogonal(self, x: torch.Tensor) -> torch.Tensor:
        if x.device.type != "cpu":
            return orthogonal(x)
        with threads(1):
            return torch.cat([*self.pool.map(orthogonal, x.tensor_split(len(x)))])


@contextlib.contextmanager
def threads(n: int) -> Iterator[None]:
    """So many threads for torch's operations."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def orthogonal(x: torch.Tensor) -> torch.Tensor:
    """[n, rows, columns] -> the nearest matrices with orthogonal rows or columns, about: Newton-Schulz."""
    if x.shape[1] > x.shape[2]:
        return orthogonal(x.transpose(1, 2)).transpose(1, 2)
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    a, b, c = COEFFICIENTS
    for _ in range(STEPS):
        square = x @ x.transpose(1, 2)
        x = torch.baddbmm(x, torch.baddbmm(square, square, square, beta=b, alpha=c), x, beta=a)
    return x
