"""The family from 7B to 70B: one method and one set of data for every size; the learning rate follows from the size.

komainu run recipes/shisa_v2.py:family size=llama3.1-8b base=DIR chats=chats.jsonl pairs=pairs.jsonl
"""

from __future__ import annotations

from typing import Literal

from komainu.data.files import ChatFile, PairFile
from komainu.train import scale
from komainu.train.base import Fit
from komainu.train.directory import model_at
from komainu.train.dpo import DPO
from komainu.train.reference import Reference
from komainu.train.sft import SFT

Size = Literal["qwen2.5-7b", "llama3.1-8b", "mistral-nemo-12b", "unphi4-14b", "qwen2.5-32b", "llama3.3-70b"]
PARAMS: dict[Size, float] = {
    "qwen2.5-7b": 7e9,
    "llama3.1-8b": 8e9,
    "mistral-nemo-12b": 12e9,
    "unphi4-14b": 14e9,
    "qwen2.5-32b": 32e9,
    "llama3.3-70b": 70e9,
}


def sft_fit(size: Size, batch: int, seed: int) -> Fit:
    return Fit(
        lr=scale.SFT.at(PARAMS[size], batch),
        global_batch=batch,
        epochs=3.0,
        schedule="linear",
        warmup=0.03,
        weight_decay=1e-4,
        betas=(0.9, 0.999),
        neftune=5.0,
        micro_tokens=8192,
        seed=seed,
    )


def dpo_fit(size: Size, batch: int, seed: int) -> Fit:
    return Fit(
        lr=scale.DPO.at(PARAMS[size], batch),
        global_batch=batch,
        schedule="constant",
        warmup=0.03,
        betas=(0.9, 0.999),
        micro_tokens=8192,
        seed=seed,
    )


def family(
    size: Size, base: str, chats: str, pairs: str, licence: str = "unknown", batch: int = 128, seed: int = 0
) -> DPO:
    """SFT on `chats` in batches of `batch`, then DPO on `pairs` in batches of half as many.

    `base` is a model directory or owner/name@commit of the hub; `size` says which learning rates it gets. The 70B's
    own batch is not published: give it as `batch`, and the learning rates follow.
    """
    data, preferences = ChatFile(path=chats, licence=licence), PairFile(path=pairs, licence=licence)
    sft = SFT(model=model_at(base, licence), data=data, fit=sft_fit(size, batch, seed))
    reference = Reference(model=sft, data=preferences)
    return DPO(model=sft, data=preferences, reference=reference, fit=dpo_fit(size, max(1, batch // 2), seed))
