"""Linear layers on a CPU through oneDNN, whose float32 products are faster here than those PyTorch takes by itself.

On a Zen 4 core with 2,600 rows and matrices of 256 x 1,024: 98 to 101 GFLOP/s against 67 to 80, forward and back. The
operator is the one that PyTorch's own compiler uses; its name is private, so it belongs to the pinned version. Weights,
their names and their layout stay as they are. Not covered: bfloat16 on a CPU.
"""

from __future__ import annotations

import os
from types import MethodType
from typing import Any

import torch
import torch.nn.functional as F

WORTH = 1 << 27  # multiplications from which it pays: a kernel is made for each new number of rows, in about 0.5 ms
ROWS = 1 << 11  # as many as a micro-batch may well have
# Kernels that are kept, by oneDNN and by PyTorch's bridge to it, read when the first is made. 1,024 of each is the
# default, and as hardly two micro-batches have as many rows, memory would grow with each.
KERNELS = {"ONEDNN_PRIMITIVE_CACHE_CAPACITY": "16", "LRU_CACHE_CAPACITY": "16"}


def product(rows: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """rows [..., in] and weight [out, in] -> [..., out]; no gradient goes through it on a CPU."""
    if (
        rows.device.type == "cpu"
        and rows.dtype == weight.dtype == torch.float32
        and rows.numel() * weight.shape[0] >= WORTH
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    ):
        found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(rows, weight, bias, "none", [], "")
        return found
    return F.linear(rows, weight, bias)


class Dense(torch.autograd.Function):
    """`product` with its gradient."""

    @staticmethod
    def forward(ctx: Any, rows: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
        ctx.save_for_backward(rows, weight)
        return product(rows, weight, bias)

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> Any:
        rows, weight = ctx.saved_tensors
        slope, wanted = slopes[0], ctx.needs_input_grad
        flat = slope.flatten(0, -2)
        return (
            product(slope, weight.T) if wanted[0] else None,
            flat.T @ rows.flatten(0, -2) if wanted[1] else None,
            flat.sum(0) if wanted[2] else None,
        )


def forward(layer: torch.nn.Linear, rows: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = Dense.apply(rows, layer.weight, layer.bias)  # type: ignore[no-untyped-call]
    return found


def through_onednn(model: Any) -> None:
    """Have the larger linear layers inside a model on a CPU compute so; the output embeddings are `head`'s."""
    for name, count in KERNELS.items():
        os.environ.setdefault(name, count)
    for layer in model.modules():
        large = type(layer) is torch.nn.Linear and layer.weight.numel() * ROWS >= WORTH
        if large and layer is not model.get_output_embeddings():
            layer.forward = MethodType(forward, layer)
