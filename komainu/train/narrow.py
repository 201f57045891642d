"""The last feed-forward part of a model at the positions whose logits are needed, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch


@contextmanager
def narrowed(model: Any, rows: torch.Tensor) -> Iterator[None]:
    """Within, the last layer's feed-forward part takes the positions `rows`; elsewhere it gives zeros.

    It looks at each position by itself, as do the norm and the output embeddings after it, so nothing changes at
    `rows`, and what comes out elsewhere must not be used. The way back belongs within: activations may be computed
    again on it. Experts see all positions.
    """
    layers = getattr(model.get_decoder(), "layers", None)
    part: Any = getattr(layers[-1], "mlp", None) if layers else None
    if not hasattr(part, "down_proj"):
        yield
        return
    kept = torch.unique(rows)  # two answers begin at one position
    sizes: list[torch.Size] = []

    def select(module: Any, given: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        sizes.append(given[0].shape)
        return (given[0].index_select(1, kept),)

    def spread(module: Any, given: tuple[torch.Tensor], made: torch.Tensor) -> torch.Tensor:
        return made.new_zeros(sizes.pop()).index_copy(1, kept, made)

    hooks = [part.register_forward_pre_hook(select), part.register_forward_hook(spread)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
