"""Attention over flat tokens: documents side by side in one row, none of them sees another.

Tokens of a batch are one row of N tokens without padding. Only inside attention are they laid out as
documents x length (documents of like length together), so that the plain causal kernel serves; the
result is taken apart again. Position ids restart at every document. Registered with transformers under
the name FLAT. Not covered: attention with soft-capping, sliding windows or sinks (refused by `supports`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

FLAT = "komainu_flat"
WASTE = 1.25  # documents share a block while the block is at most this much larger than its tokens


@dataclass(frozen=True)
class Block:
    """Some documents of like length: `take` [documents x length] are token indices.

    Short documents are filled up with token 0: no token of theirs looks ahead to it, and what comes out there is
    thrown away.
    """

    take: torch.Tensor
    shape: tuple[int, int]


@dataclass(frozen=True)
class Layout:
    """How N flat tokens fall into documents: the blocks, and where each token's output lies in them."""

    blocks: tuple[Block, ...]
    back: torch.Tensor  # [N]
    positions: torch.Tensor  # [1, N], from 0 in each document


def layout(lengths: list[int], device: torch.device) -> Layout:
    """The layout of documents that lie one behind the other."""
    starts = [0]
    for n in lengths:
        starts.append(starts[-1] + n)
    total = starts[-1]
    order = sorted(range(len(lengths)), key=lambda i: (-lengths[i], i))
    blocks: list[Block] = []
    back = torch.empty(total, dtype=torch.long)
    offset = 0
    while order:
        longest, tokens, count = lengths[order[0]], 0, 0
        for i in order:
            if longest * (count + 1) > WASTE * (tokens + lengths[i]):
                break
            tokens, count = tokens + lengths[i], count + 1
        group, order = order[:count], order[count:]
        take = torch.zeros((count, longest), dtype=torch.long)
        for row, i in enumerate(group):
            span = torch.arange(starts[i], starts[i + 1])
            take[row, : lengths[i]] = span
            back[span] = offset + row * longest + torch.arange(lengths[i])
        offset += count * longest
        blocks.append(Block(take.reshape(-1).to(device), (count, longest)))
    positions = torch.cat([torch.arange(n) for n in lengths])[None]
    return Layout(tuple(blocks), back.to(device), positions.to(device))


def flat_attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """query [1, heads, N, dim], key and value [1, kv heads, N, dim] -> [1, N, heads, dim]."""
    flat: Layout = kwargs["flat"]
    heads, dim = query.shape[1], query.shape[3]
    flats = [t[0].transpose(0, 1).flatten(1) for t in (query, key, value)]
    outs = []
    for block in flat.blocks:
        q, k, v = (t.index_select(0, block.take).view(*block.shape, -1, dim).transpose(1, 2) for t in flats)
        out = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=scaling, enable_gqa=heads != key.shape[1])
        outs.append(out.transpose(1, 2).reshape(-1, heads * dim))
    joined = torch.cat(outs) if len(outs) > 1 else outs[0]
    return joined.index_select(0, flat.back).view(1, -1, heads, dim), None


def no_mask(*args: Any, **kwargs: Any) -> None:
    """The layout says all; a dense mask is never made."""


AttentionInterface.register(FLAT, flat_attention)
AttentionMaskInterface.register(FLAT, no_mask)


def supports(config: Any) -> str:
    """Why flat attention cannot stand in for this architecture's own, or "" when it can."""
    if getattr(config, "attn_logit_softcapping", None):
        return "its attention logits are soft-capped"
    kinds = getattr(config, "layer_types", None) or []
    if any(k != "full_attention" for k in kinds):
        return f"it has layers of other kinds than full attention: {sorted(set(kinds))}"
    return ""
