"""Attention over flat tokens: documents side by side in one row, none of them sees another.

Tokens of a batch are one row of N tokens without padding. They fall into segments: a document is one, and where
several documents begin alike (the two answers to one prompt), what they share is a segment of its own, computed once,
that the rest of each looks back at. On a CPU they are computed one by one, as `pieces` says, on a GPU in one call, as
`varlen` says. Short ones on a CPU, and those of a GPU that does not serve for that, are only inside attention laid out
as segments x length (segments of like shape together), so that the plain kernel serves; the result is taken apart
again. Position ids restart at every document. Registered with transformers under the name FLAT. Not covered: attention
with soft-capping, sliding windows or sinks (refused by `supports`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

from komainu.train.pieces import Attend, Pieces, Segment, in_pieces
from komainu.train.precision import dtype_of
from komainu.train.varlen import HALVES, Ragged, attend, taken

FLAT = "komainu_flat"
SHORT = 64  # mean tokens of a segment under which calls of a kernel cost more than filling up blocks
WASTE = 1.25  # segments share a block while the block is at most this much larger than what they need


@dataclass(frozen=True)
class Block:
    """Some segments of like shape: `take` [segments x length] are the token indices of their queries.

    Short segments are filled up with token 0: no token of theirs looks ahead to it, and what comes out there is
    thrown away. Where they have something before them, `keys` [segments x (before + length)] are the indices of their
    keys, and `mask` [segments, 1, length, before + length] says which of them a query sees.
    """

    take: torch.Tensor
    shape: tuple[int, int]
    keys: torch.Tensor | None = None
    mask: torch.Tensor | None = None


@dataclass(frozen=True)
class Blocks:
    """Segments as blocks, and where each of N tokens' output lies in them."""

    blocks: tuple[Block, ...]
    back: torch.Tensor  # [N]


@dataclass(frozen=True)
class Layout:
    """How N flat tokens fall into segments: in pieces, or in what is made of them when attention first asks for it."""

    positions: torch.Tensor  # [1, N], from 0 in each document
    segments: tuple[Segment, ...]
    pieces: Pieces | None = None
    last: Pieces | None = None  # of the last layer, whose other positions nobody looks at

    @cached_property
    def blocks(self) -> Blocks:
        return in_blocks(self.segments, self.positions.device)

    @cached_property
    def ragged(self) -> Ragged:
        return Ragged.of(self.segments, self.positions.device)


def layout(segments: Sequence[Segment], rows: Sequence[int], device: torch.device) -> Layout:
    """The layout of segments that lie one behind the other; `rows`: the tokens whose logits are needed."""
    positions = torch.cat([torch.arange(s.before, s.before + s.length) for s in segments])[None].to(device)
    if device.type == "cpu" and positions.numel() >= SHORT * len(segments):
        pieces = in_pieces(segments)
        return Layout(positions, (*segments,), pieces, pieces.only(rows))
    return Layout(positions, (*segments,))


def in_blocks(segments: Sequence[Segment], device: torch.device) -> Blocks:
    order = sorted(segments, key=lambda s: (-s.before, -s.length, s.start))
    blocks: list[Block] = []
    back = torch.empty(sum(s.length for s in segments), dtype=torch.long)
    offset = 0
    while order:
        count = alike(order)
        group, order = order[:count], order[count:]
        longest = max(s.length for s in group)
        take = torch.zeros((count, longest), dtype=torch.long)
        for row, (start, length, _, _) in enumerate(group):
            span = torch.arange(start, start + length)
            take[row, :length] = span
            back[span] = offset + row * longest + torch.arange(length)
        offset += count * longest
        keys, mask = looked_at(group, take) if group[0].before else (None, None)
        blocks.append(Block(take.reshape(-1).to(device), (count, longest), moved(keys, device), moved(mask, device)))
    return Blocks(tuple(blocks), back.to(device))


def alike(order: Sequence[Segment]) -> int:
    """How many of the first segments share a block: those with nothing before them and others never do."""
    longest, area, count = 0, 0, 0
    for segment in order:
        if bool(segment.before) != bool(order[0].before):
            break
        longest, area = max(longest, segment.length), area + segment.area
        if count and (count + 1) * longest * (order[0].before + longest) > WASTE * area:
            break
        count += 1
    return count


def looked_at(group: Sequence[Segment], take: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The keys and the mask of a block whose segments have something before them."""
    count, longest = take.shape
    before = max(s.before for s in group)
    keys = torch.zeros((count, before + longest), dtype=torch.long)
    keys[:, before:] = take
    mask = torch.zeros((count, 1, longest, before + longest), dtype=torch.bool)
    mask[..., before:] = torch.ones((longest, longest), dtype=torch.bool).tril()
    for row, segment in enumerate(group):
        keys[row, : segment.before] = torch.arange(segment.prefix, segment.prefix + segment.before)
        mask[row, :, :, : segment.before] = True
    return keys.reshape(-1), mask


def moved(tensor: torch.Tensor | None, device: torch.device) -> torch.Tensor | None:
    return None if tensor is None else tensor.to(device)


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
    heads = query.shape[1]
    if flat.pieces is not None:
        pieces = flat.last if module.layer_idx == module.config.num_hidden_layers - 1 else flat.pieces
        k, v = (t.repeat_interleave(heads // t.shape[1], 1) if t.shape[1] < heads else t for t in (key, value))
        return Attend.apply(query, k, v, pieces, scaling), None  # type: ignore[no-untyped-call]
    if taken(query, key):
        return attend(query, key, value, flat.ragged, scaling), None
    return over_blocks(query, key, value, flat.blocks, scaling), None


def over_blocks(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, laid: Blocks, scaling: float | None
) -> torch.Tensor:
    """The same, block by block."""
    heads, dim = query.shape[1], query.shape[3]
    if not cheap(query, laid):
        key, value = (t.repeat_interleave(heads // t.shape[1], 1) for t in (key, value))
    flats = [t[0].transpose(0, 1).flatten(1) for t in (query, key, value)]
    outs = []
    for block in laid.blocks:
        count, _ = block.shape
        keys = block.take if block.keys is None else block.keys
        q, k, v = (
            t.index_select(0, at).view(count, -1, t.shape[1] // dim, dim).transpose(1, 2)
            for t, at in zip(flats, (block.take, keys, keys), strict=True)
        )
        out = F.scaled_dot_product_attention(
            q,
            k,
            v,
            attn_mask=block.mask,
            is_causal=block.mask is None,
            scale=scaling,
            enable_gqa=heads != key.shape[1],
        )
        outs.append(out.transpose(1, 2).reshape(-1, heads * dim))
    joined = torch.cat(outs) if len(outs) > 1 else outs[0]
    return joined.index_select(0, laid.back).view(1, -1, heads, dim)


def cheap(query: torch.Tensor, laid: Blocks) -> bool:
    """Whether fewer heads of keys than of queries cost nothing.

    On a GPU only the kernel that holds all attention logits takes them with a mask, or in float32: there keys and
    values are repeated.
    """
    return query.device.type == "cpu" or (dtype_of(query) in HALVES and all(b.mask is None for b in laid.blocks))


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
