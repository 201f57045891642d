"""In which precision a model computes: bfloat16 on a GPU, by autocast over float32 weights; float32 on a CPU."""

from __future__ import annotations

from typing import Any

import torch


def mixed(device: torch.device, *, kept: bool = False) -> torch.autocast:
    """Bfloat16 within, on a GPU.

    A weight's bfloat16 copy lives as long as its layer needs it. Autocast's cache, `kept`, would hold the copies of all
    layers to the end, with `recompute` too; it is for many passes within one, as when answers are drawn.
    """
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda", cache_enabled=kept)


def halve(model: Any) -> None:
    """Hold the frozen matrices of a model in bfloat16, where autocast would make that of them at each use.

    What comes out has the same bits, from half the memory and without a copy beside them. A table that the head shares
    with the embeddings stays as it is, for looking a token up is no product.
    """
    tables = {id(m.weight) for m in model.modules() if isinstance(m, torch.nn.Embedding)}
    for module in model.modules():
        frozen = isinstance(module, torch.nn.Linear) and not any(p.requires_grad for p in module.parameters())
        if frozen and id(module.weight) not in tables:
            module.to(torch.bfloat16)


def dtype_of(tensor: torch.Tensor) -> torch.dtype:
    """In which precision a product with this tensor is computed here."""
    kind = tensor.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else tensor.dtype
