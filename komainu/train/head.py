"""Log-probabilities of targets from hidden states, without the logits of all of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from komainu.train.dense import product
from komainu.train.precision import dtype_of

CHUNK = 1 << 22  # logits that exist at a time
KEPT = 1 << 24  # exponentials kept for the way back (64 MB); beyond, they are computed again


SCALES = ("final_logit_softcapping", "logit_scale", "logits_scaling", "lm_head_multiplier")  # of configs


def is_last(model: Any) -> bool:
    """Whether what a model's output embeddings give is what it gives: no bias, nothing scaled or capped after them."""
    head = model.get_output_embeddings()
    scaled = any(getattr(model.config, name, None) not in (None, 0, 1, 1.0) for name in SCALES)
    return isinstance(head, torch.nn.Linear) and head.bias is None and not scaled


@contextmanager
def in_chunks(model: Any, targets: torch.Tensor, even: bool) -> Iterator[list[torch.Tensor]]:
    """Within a model's own pass (outside of it a sharded model has no weights) its output embeddings give
    log-probabilities [1, T, 1] in place of logits; what they gave stands in the list."""
    head, made = model.get_output_embeddings(), list[torch.Tensor]()

    def forward(hidden: torch.Tensor) -> torch.Tensor:
        made.append(Head.apply(hidden[0], head.weight, targets, even))  # type: ignore[no-untyped-call]
        return made[-1]

    head.forward = forward
    try:
        yield made
    finally:
        del head.forward


class Head(torch.autograd.Function):
    """[1, T, 1] log-probability of each target under softmax(hidden @ weight.T), float32; chunk by chunk.

    With `even` the gradient is made on the way there and the logits are never needed again: that is right for a loss
    that is a sum in which every log-probability has the same weight. Otherwise the exponentials are kept when they
    are few, and else computed a second time.
    """

    @staticmethod
    def forward(
        ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, even: bool
    ) -> torch.Tensor:
        kind = dtype_of(hidden)
        h, w = hidden.to(kind), weight.to(kind)
        ctx.even, ctx.given, ctx.few = even, (hidden.dtype, weight.dtype), targets.numel() * len(weight) <= KEPT
        wanted = ctx.needs_input_grad[0] or ctx.needs_input_grad[1]
        found, sizes = torch.empty((1, len(h), 1), device=h.device), torch.empty(len(h), device=h.device)
        logps = found[0, :, 0]
        tables = torch.zeros_like(weight) if ctx.needs_input_grad[1] else None  # a frozen head needs no gradient
        gradients = (torch.empty_like(h), tables) if even and wanted else None
        kept = []
        for at in spans(len(h), len(weight)):
            z = product(h[at], w).float()
            most = z.amax(1, keepdim=True)
            logps[at] = (z.gather(1, targets[at, None]) - most)[:, 0]
            z.sub_(most).exp_()
            part = z.sum(1)
            logps[at] -= part.log()
            sizes[at] = part + 0.0 if ctx.few else most[:, 0] + part.log()
            if gradients:
                back(z, part, None, h[at], w, targets[at], (gradients[0][at], gradients[1]))
            elif wanted and ctx.few:
                kept.append(z)
        ctx.chunks = kept
        if gradients:
            ctx.save_for_backward(*gradients)
        else:
            ctx.save_for_backward(h, w, targets, sizes)
        return found

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> Any:
        slope = slopes[0][0, :, 0]
        if ctx.even:
            gh, gw = ctx.saved_tensors
            assert bool((slope == slope[:1]).all()), "a loss said to be even weighs its targets differently"
            return (gh * slope[:1]).to(ctx.given[0]), None if gw is None else gw * slope[:1], None, None
        h, w, targets, sizes = ctx.saved_tensors
        gh, gw = torch.empty_like(h), None
        if ctx.needs_input_grad[1]:
            gw = torch.zeros(w.shape, dtype=ctx.given[1], device=w.device)
        for i, at in enumerate(spans(len(h), len(w))):
            z = ctx.chunks[i] if ctx.few else product(h[at], w).float().sub_(sizes[at, None]).exp_()
            back(z, sizes[at] if ctx.few else None, slope[at], h[at], w, targets[at], (gh[at], gw))
        ctx.chunks = []
        return gh.to(ctx.given[0]), gw, None, None


def back(
    z: torch.Tensor,
    total: torch.Tensor | None,
    slope: torch.Tensor | None,
    h: torch.Tensor,
    w: torch.Tensor,
    targets: torch.Tensor,
    into: tuple[torch.Tensor, torch.Tensor | None],
) -> None:
    """Write a chunk's gradient: slope x (one-hot of the target - z / total) through hidden [chunk, width] and weight.

    None in place of the weight's gradient: it is not needed.
    What has one number a row is multiplied to the hidden states, which are narrower than the vocabulary.
    """
    own = h if slope is None else h * slope[:, None].to(h.dtype)
    share = own if total is None else own / total[:, None].to(h.dtype)
    p = z.to(h.dtype)
    found = product(p, w.T)
    if total is not None:
        found /= total[:, None].to(h.dtype)
    found = w[targets] - found
    into[0].copy_(found if slope is None else found * slope[:, None].to(h.dtype))
    if into[1] is None:
        return
    if into[1].dtype == h.dtype:
        into[1].addmm_(p.T, share, alpha=-1)
    else:
        into[1].sub_(p.T @ share)
    into[1].index_add_(0, targets, own.to(into[1].dtype))


def spans(rows: int, vocabulary: int) -> list[slice]:
    """Slices of rows whose logits are about CHUNK numbers."""
    step = max(1, CHUNK // vocabulary)
    return [slice(a, a + step) for a in range(0, rows, step)]
