"""Whether a GGUF file says what its model says: the same tokens, the same choices, the same distributions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from komainu.errors import GateFailed


class Limit(NamedTuple):
    """How far a file may be from its model: `kl` the mean Kullback-Leibler divergence a token in nats, `lead` by how
    many nats the model may put its own choice before the file's, where the two differ."""

    kl: float
    lead: float


LIMITS = {  # the runtime keeps keys and values in 16 bits whatever the weights have
    "f32": Limit(1e-4, 0.02),
    "f16": Limit(1e-4, 0.02),
    "bf16": Limit(1e-3, 0.1),
    "q8_0": Limit(5e-3, 0.5),
}


class Said(NamedTuple):
    """What the file makes of one prompt: its tokens, the greedy answer, and the logits after each token of both."""

    asked: list[int]
    answer: list[int]
    logits: torch.Tensor


def said(told: dict[str, Any], folder: Path) -> Iterator[Said]:
    """What outside/gguf_answers.py tells."""
    for number, (asked, answer) in enumerate(zip(told["asked"], told["said"], strict=True)):
        yield Said(asked, answer, torch.from_numpy(np.load(folder / f"logits-{number}.npy", allow_pickle=False)))


def agreement(model: Any, wanted: Sequence[list[int]], found: Sequence[Said], limit: Limit) -> dict[str, Any]:
    """How near the file is to `model`, a transformers model in float32, whose tokenizer makes `wanted` of the prompts.

    tokens       compared: of prompts and greedy answers
    kl, kl_max   the divergence of the file from the model, a token: mean and greatest
    chosen       the share of tokens after which both choose the same next one
    lead         where they do not, the most that the model puts its choice before the file's, in log-probability

    Raises GateFailed past `limit`, and where the file splits a prompt into other tokens.
    """
    divergence, same, lead = [], [], [0.0]
    for ids, each in zip(wanted, found, strict=True):
        if each.asked != ids:
            raise GateFailed(
                f"the GGUF file makes other tokens of a prompt than the model: {each.asked}, not {ids}; do not use it: "
                "llama.cpp does not have this tokenizer"
            )
        with torch.inference_mode():
            logits = model(torch.tensor([[*ids, *each.answer][: len(each.logits)]])).logits[0]
        ours, theirs = logits.float().log_softmax(-1), each.logits.log_softmax(-1)
        divergence.append((ours.exp() * (ours - theirs)).sum(-1))
        chosen, other = ours.argmax(-1), theirs.argmax(-1)
        same.append(chosen == other)
        lead.append(float((ours.amax(-1) - ours.gather(1, other[:, None])[:, 0]).max()))
    every = torch.cat(divergence)
    told = {
        "tokens": len(every),
        "kl": float(f"{every.mean():.3g}"),
        "kl_max": float(f"{every.max():.3g}"),
        "chosen": round(float(torch.cat(same).float().mean()), 4),
        "lead": float(f"{max(lead):.3g}"),
    }
    if not (told["kl"] <= limit.kl and told["lead"] <= limit.lead):  # nan is no agreement
        raise GateFailed(f"the GGUF file does not say what its model says: {told}; the limits are {limit._asdict()}")
    return told
