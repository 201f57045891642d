"""Drawing the next token from logits: pure functions on a batch, each row with its own random number.

Sources: top-p (nucleus) Holtzman et al. 2020; min-p Nguyen et al. 2024; the counter-based generator is SplitMix64
(Steele et al. 2014). Not covered: top-k, repetition penalties, logit bias.
"""

from __future__ import annotations

import torch
from torch import Tensor

BITS = 48  # of randomness in a uniform number: u * total < total for every float64 total
GOLDEN, FIRST, SECOND = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def draw(logits: Tensor, uniform: Tensor, *, temperature: float, top_p: float, min_p: float) -> Tensor:
    """One token a row. logits [B, V], uniform [B] in [0, 1) -> [B] int64; temperature 0 takes the most probable."""
    if temperature == 0:
        return logits.argmax(-1)
    return pick(kept(tempered(logits, temperature), top_p, min_p), uniform)


def tempered(logits: Tensor, temperature: float) -> Tensor:
    """softmax(logits / temperature) in float32, [B, V]; safe for temperatures near zero."""
    logits = logits.float()
    return ((logits - logits.amax(-1, keepdim=True)) / temperature).softmax(-1)


def kept(probabilities: Tensor, top_p: float, min_p: float) -> Tensor:
    """The probabilities [B, V] with what is left out set to zero, not normalised again.

    top_p keeps the smallest set of most probable tokens whose sum reaches it (the token that crosses included; of equal
    ones the lower id first). min_p keeps tokens of at least min_p times the highest probability. Both look at the
    whole distribution, and what both keep is kept: at least the most probable token.
    """
    if top_p < 1:
        ordered, ids = probabilities.sort(dim=-1, descending=True, stable=True)
        before = ordered.cumsum(-1, dtype=torch.float64) - ordered
        inside = before < top_p
        inside[:, 0] = True
        probabilities = torch.zeros_like(probabilities).scatter_(-1, ids, ordered * inside)
    if min_p > 0:
        least = min(min_p, 1.0) * probabilities.amax(-1, keepdim=True)
        probabilities = probabilities * (probabilities >= least)
    return probabilities


def pick(weights: Tensor, uniform: Tensor) -> Tensor:
    """The token at which the running sum of the weights [B, V] passes uniform [B] times their sum; never weight 0."""
    running = weights.cumsum(-1, dtype=torch.float64)
    return torch.searchsorted(running, uniform[:, None] * running[:, -1:], right=True)[:, 0]


def uniforms(seeds: Tensor, step: int) -> Tensor:
    """Random numbers in [0, 1), float64 [B]: a function of each row's seed (int64 [B]) and the step, nothing else."""
    bits = mixed(mixed(seeds) + signed(GOLDEN * (step + 1)))
    return shifted(bits, 64 - BITS).double() / 2.0**BITS


def mixed(x: Tensor) -> Tensor:
    """SplitMix64's finaliser on int64 seen as 64 plain bits: multiplication wraps, shifts bring in zeros."""
    x = (x ^ shifted(x, 30)) * signed(FIRST)
    x = (x ^ shifted(x, 27)) * signed(SECOND)
    return x ^ shifted(x, 31)


def shifted(x: Tensor, n: int) -> Tensor:
    """x >> n with zeros from the left; int64's own shift repeats the sign."""
    return (x >> n) & ((1 << (64 - n)) - 1)


def signed(x: int) -> int:
    """The low 64 bits of x as an int64 value."""
    return (x + (1 << 63)) % (1 << 64) - (1 << 63)
