"""Attention over flat tokens on a GPU: one kernel call for all segments, each as long as it is.

Nothing is padded and no mask is made. The keys of a segment are what it looks back at and then its own tokens, so its
queries are the last of them, as FlashAttention-2 (arXiv 2307.08691) takes causal ones of another number than the keys.
Through torch.nn.attention.varlen: CUDA from compute capability 8.0 on, bfloat16 or float16. Before a model is trained
the kernel is held against plain attention on the GPU that is there (`prove`); where it is not right, or not there,
segments are laid out in blocks.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch.nn.attention.varlen import varlen_attn

from komainu.train.pieces import Segment
from komainu.train.precision import dtype_of

log = logging.getLogger("komainu")

HALVES = (torch.bfloat16, torch.float16)
APART = 0.03  # of the largest number: what bfloat16 may differ by in a sum; a key too many is ten times that
TRIED = (Segment(0, 40), Segment(40, 24, 0, 40), Segment(64, 17, 0, 40), Segment(81, 30))  # two answers, and a chat


class Heads(NamedTuple):
    """The shape of a model's attention."""

    queries: int
    keys: int
    dim: int

    @staticmethod
    def of(config: Any) -> Heads:
        queries = int(config.num_attention_heads)
        keys = getattr(config, "num_key_value_heads", None) or queries
        return Heads(queries, keys, getattr(config, "head_dim", None) or config.hidden_size // queries)


TRUSTED: set[Heads] = set()  # for which the kernel has been seen to be right on this GPU


class Ragged(NamedTuple):
    """Where the queries and keys of segments end that lie one behind the other, as running totals from 0 on."""

    keys: torch.Tensor | None  # the tokens that are keys, segment by segment; None: each token once, as they lie
    ends: torch.Tensor  # [segments + 1]
    key_ends: torch.Tensor  # [segments + 1]
    longest: int
    most: int  # keys of a segment

    @staticmethod
    def of(segments: Sequence[Segment], device: torch.device) -> Ragged:
        ends = [0, *accumulate(s.length for s in segments)]
        key_ends = [0, *accumulate(s.before + s.length for s in segments)]
        assert ends[:-1] == [s.start for s in segments], "segments lie one behind the other"
        keys = None
        if ends != key_ends:
            spans = (part for s in segments for part in (s.looked_at, s.own))
            keys = torch.cat([torch.arange(part.start, part.stop) for part in spans]).to(device)
        own, seen = (torch.tensor(some, dtype=torch.int32).to(device) for some in (ends, key_ends))
        return Ragged(keys, own, seen, max(s.length for s in segments), max(s.before + s.length for s in segments))


def taken(query: torch.Tensor, key: torch.Tensor) -> bool:
    """Whether the kernel takes these queries [1, heads, N, dim] and keys."""
    return Heads(query.shape[1], key.shape[1], query.shape[3]) in TRUSTED and dtype_of(query) in HALVES


def attend(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, ragged: Ragged, scale: float | None
) -> torch.Tensor:
    """query [1, heads, N, dim], key and value [1, kv heads, N, dim] -> [1, N, heads, dim]."""
    q, k, v = (t[0].transpose(0, 1).to(dtype_of(query)) for t in (query, key, value))
    if ragged.keys is not None:
        k, v = k.index_select(0, ragged.keys), v.index_select(0, ragged.keys)
    found = varlen_attn(
        q,
        k,
        v,
        ragged.ends,
        ragged.key_ends,
        ragged.longest,
        ragged.most,
        scale=scale,
        window_size=(-1, 0),
        enable_gqa=q.shape[1] != k.shape[1],
    )
    assert isinstance(found, torch.Tensor), "no auxiliary output is asked for"
    return found[None]


def prove(config: Any, device: torch.device) -> None:
    """Take the kernel for a model's heads from now on, where it gives what plain attention gives; else say why not."""
    heads = Heads.of(config)
    if heads in TRUSTED:
        return
    if why := differs(heads, device):
        log.warning("attention is computed in blocks, not by the kernel for segments of any length: %s", why)
    else:
        TRUSTED.add(heads)


@torch.enable_grad()
def differs(heads: Heads, device: torch.device) -> str:
    """Where the kernel and plain attention differ in value or gradient, for these heads; "" where they do not."""
    dice = torch.Generator().manual_seed(0)
    tokens = sum(s.length for s in TRIED)
    shapes = [(1, n, tokens, heads.dim) for n in (heads.queries, heads.keys, heads.keys)]
    given = [torch.randn(shape, generator=dice).to(device, HALVES[0]) for shape in shapes]
    slope = torch.randn(1, tokens, heads.queries, heads.dim, generator=dice).to(device)
    ours, plains = [t.clone().requires_grad_() for t in given], [t.float().requires_grad_() for t in given]
    try:
        found = attend(ours[0], ours[1], ours[2], Ragged.of(TRIED, device), None)
        torch.autograd.backward((found.float() * slope).sum())
    except Exception as error:  # a GPU, a driver or a build that does not have it says so in its own way
        return str(error).strip().partition("\n")[0] or type(error).__name__
    wanted = plain(plains[0], plains[1], plains[2])
    torch.autograd.backward((wanted * slope).sum())
    pairs = [("values", found.detach(), wanted.detach())]
    for n, a, b in zip("qkv", ours, plains, strict=True):
        assert a.grad is not None and b.grad is not None
        pairs.append((f"gradient of {n}", a.grad, b.grad))
    for name, mine, theirs in pairs:
        off = float((mine.float() - theirs).abs().max() / theirs.abs().max())
        if not off <= APART:
            return f"its {name} differ from plain attention's by {off:.2g} of the largest"
    return ""


def plain(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Of the tried segments, one after the other with a mask."""
    key, value = (t.repeat_interleave(query.shape[1] // t.shape[1], 1) for t in (key, value))
    outs = []
    for s in TRIED:
        k, v = (torch.cat((t[:, :, s.looked_at], t[:, :, s.own]), 2) for t in (key, value))
        seen = torch.ones(s.length, s.before + s.length, dtype=torch.bool, device=query.device).tril(s.before)
        outs.append(F.scaled_dot_product_attention(query[:, :, s.own], k, v, attn_mask=seen))
    return torch.cat(outs, 2).transpose(1, 2)
