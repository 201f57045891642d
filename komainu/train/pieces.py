"""Attention over flat tokens on a CPU: a kernel call for each piece of a segment, on views of the row.

Nothing is padded, and nothing is copied but the keys of an answer that does not follow its prompt at once. The gradient
is written out so that each call's part is added in its place. PyTorch's CPU kernel computes all keys that it is given
(512 at a time), also those that no query may see; so segments are cut into pieces of queries, each with the keys up to
its end. The kernel is FlashAttention-2 (arXiv 2307.08691) as PyTorch has it for CPUs; float32, no dropout, values as
wide as keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

PIECE = 128  # queries of a call
LONG = 1024  # tokens of a segment beyond which the kernel itself leaves out enough


class Segment(NamedTuple):
    """`length` tokens from `start` on, which see themselves causally and `before` tokens from `prefix` on whole."""

    start: int
    length: int
    prefix: int = 0
    before: int = 0

    @property
    def area(self) -> int:
        """Pairs of a query and a key."""
        return self.length * (self.before + self.length)

    @property
    def own(self) -> slice:
        return slice(self.start, self.start + self.length)

    @property
    def looked_at(self) -> slice:
        """What lies before it."""
        return slice(self.prefix, self.prefix + self.before)

    @property
    def apart(self) -> bool:
        """Whether its keys lie in two stretches."""
        return bool(self.before) and self.prefix + self.before != self.start


@dataclass(frozen=True)
class Pieces:
    """The pieces of a row, and what their queries must not see.

    `late` [most queries, most before + most queries] has 0 where a query sees a key, else minus infinity; the last
    columns are the queries' own tokens.
    """

    pieces: tuple[Segment, ...]
    late: torch.Tensor

    def mask(self, piece: Segment) -> torch.Tensor | None:
        """[length, before + length], added to the attention logits; None for a piece with nothing before it."""
        if not piece.before:
            return None
        middle = self.late.shape[1] - self.late.shape[0]
        return self.late[: piece.length, middle - piece.before : middle + piece.length]

    def only(self, rows: Sequence[int]) -> Pieces:
        """The pieces that some of these tokens are queries of; the others' tokens get zeros."""
        wanted = set(rows)
        return Pieces(tuple(p for p in self.pieces if wanted.intersection(range(p.own.start, p.own.stop))), self.late)


def in_pieces(segments: Sequence[Segment]) -> Pieces:
    made = [piece for segment in segments for piece in cut(segment)]
    masked = [piece for piece in made if piece.before]
    queries, before = max((p.length for p in masked), default=0), max((p.before for p in masked), default=0)
    return Pieces(tuple(made), torch.full((queries, before + queries), -torch.inf).triu_(before + 1))


def cut(segment: Segment) -> Iterator[Segment]:
    """A segment whose keys lie in one stretch as pieces, each of which sees what lies before it whole."""
    start, length, prefix, before = segment
    if length > LONG or segment.apart:
        yield segment
        return
    first = prefix if before else start
    for at in range(start, start + length, PIECE):
        yield Segment(at, min(PIECE, start + length - at), first, at - first)


class Attend(torch.autograd.Function):
    """query, key, value [1, heads, N, dim] -> [1, N, heads, dim]."""

    @staticmethod
    def forward(
        ctx: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, cut: Pieces, scale: float | None
    ) -> torch.Tensor:
        out, sizes = query.new_zeros(query.transpose(1, 2).shape), []
        for piece in cut.pieces:
            found, size = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
                *seen(piece, query, key, value), 0.0, not piece.before, attn_mask=cut.mask(piece), scale=scale
            )
            out[:, piece.own] = found.transpose(1, 2)
            sizes.append(size)
        ctx.save_for_backward(query, key, value, out, *sizes)
        ctx.cut, ctx.scale = cut, scale
        return out

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> Any:
        query, key, value, out, *sizes = ctx.saved_tensors
        slope, out = slopes[0].contiguous().transpose(1, 2), out.transpose(1, 2)
        gq, gk, gv = (t.new_zeros(t.transpose(1, 2).shape).transpose(1, 2) for t in (query, key, value))
        for piece, size in zip(ctx.cut.pieces, sizes, strict=True):
            gq[:, :, piece.own], *parts = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward(
                slope[:, :, piece.own],
                *seen(piece, query, key, value),
                out[:, :, piece.own],
                size,
                0.0,
                not piece.before,
                attn_mask=ctx.cut.mask(piece),
                scale=ctx.scale,
            )
            for total, part in zip((gk, gv), parts, strict=True):
                total[:, :, piece.looked_at] += part[:, :, : piece.before]
                total[:, :, piece.own] += part[:, :, piece.before :]
        return gq, gk, gv, None, None


def seen(
    piece: Segment, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A piece's queries, and the keys and values that they may see some of."""
    q = query[:, :, piece.own]
    if piece.apart:
        k, v = (torch.cat((t[:, :, piece.looked_at], t[:, :, piece.own]), 2) for t in (key, value))
        return q, k, v
    whole = slice(piece.start - piece.before, piece.own.stop)
    return q, key[:, :, whole], value[:, :, whole]
