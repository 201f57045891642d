"""Your own files: a base model and your chats, then, if you have them, your preference pairs.

komainu run recipes/finetune.py:finetune base=DIR chats=chats.jsonl pairs=pairs.jsonl
komainu run recipes/finetune.py:lora base=DIR chats=chats.jsonl
komainu run recipes/finetune.py:qlora base=DIR chats=chats.jsonl
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from komainu.data.files import ChatFile, PairFile
from komainu.stage import Stage
from komainu.train.adapter import Adapter
from komainu.train.base import Fit
from komainu.train.directory import model_at
from komainu.train.dpo import DPO
from komainu.train.kto import KTO
from komainu.train.reference import Reference
from komainu.train.sft import SFT
from komainu.train.unpaired import UnpairedReference


def finetune(
    base: str,
    chats: str = "",
    pairs: str = "",
    licence: str = "unknown",
    lr: float = 1e-5,
    batch: int = 128,
    epochs: float = 3.0,
    seed: int = 0,
) -> Stage:
    """SFT on `chats`, then DPO on `pairs` at 1/80 of the learning rate; either may be left out.

    `base` is a model directory or owner/name@commit of the hub; the defaults suit an 8B model.
    """
    fit = Fit(lr=lr, global_batch=batch, epochs=epochs, seed=seed)
    model = model_at(base, licence)
    return (model, *trained(model, fit, chats, pairs, licence))[-1]


def trained(model: Stage, fit: Fit, chats: str = "", pairs: str = "", licence: str = "unknown") -> Iterator[Stage]:
    """The stages that train `model` on the files that are given, each on top of the one before."""
    if chats:
        model = SFT(model=model, data=ChatFile(path=chats, licence=licence), fit=fit)
        yield model
    if pairs:
        preferences = PairFile(path=pairs, licence=licence)
        reference = Reference(model=model, data=preferences)
        gentle = Fit(lr=fit.lr / 80, global_batch=max(1, fit.global_batch // 2), schedule="constant", seed=fit.seed)
        yield DPO(model=model, data=preferences, reference=reference, fit=gentle)


def lora(
    base: str,
    chats: str,
    licence: str = "unknown",
    rank: int = 16,
    lr: float = 2e-4,
    batch: int = 16,
    epochs: float = 2.0,
    seed: int = 0,
) -> SFT:
    """SFT of an adapter beside the linear layers, merged at the end; for one GPU.

    Learning rate and batch are those that QLoRA's authors took for 7B and 13B (arXiv 2305.14314).
    """
    fit = Fit(lr=lr, global_batch=batch, epochs=epochs, seed=seed)
    adapter = Adapter(rank=rank, alpha=2.0 * rank)
    return SFT(model=model_at(base, licence), data=ChatFile(path=chats, licence=licence), fit=fit, adapter=adapter)


def qlora(
    base: str,
    chats: str,
    licence: str = "unknown",
    rank: int = 16,
    lr: float = 2e-4,
    batch: int = 16,
    epochs: float = 2.0,
    seed: int = 0,
) -> SFT:
    """The same with the frozen layers in four bits, with bitsandbytes."""
    whole = lora(base, chats, licence, rank, lr, batch, epochs, seed)
    return replace(whole, adapter=Adapter(rank=rank, alpha=2.0 * rank, quantised="nf4"))


def kto(base: str, chats: str, licence: str = "unknown", lr: float = 5e-7, batch: int = 64, epochs: float = 1.0) -> KTO:
    """KTO on chats that are each labelled as wanted or not (`label`: true or false), without counterparts."""
    model, data = model_at(base, licence), ChatFile(path=chats, licence=licence)
    fit = Fit(lr=lr, global_batch=batch, epochs=epochs, schedule="constant")
    return KTO(model=model, data=data, reference=UnpairedReference(model=model, data=data), fit=fit)
