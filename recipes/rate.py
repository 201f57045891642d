"""The learning rate of a new base: short runs over a grid around what the scale rule says.

komainu run recipes/rate.py:rate base=DIR chats=chats.jsonl params=8e9
"""

from __future__ import annotations

from komainu.data.files import ChatFile
from komainu.eval.rates import RateSweep
from komainu.train.base import Fit
from komainu.train.directory import model_at
from komainu.train.heldout import HeldOut
from komainu.train.scale import SFT as ANCHOR
from komainu.train.sft import SFT


def rate(
    base: str,
    chats: str,
    params: float,
    licence: str = "unknown",
    batch: int = 128,
    steps: int = 100,
    points: int = 7,
    span: float = 10.0,
) -> RateSweep:
    """SFT for `steps` steps at `points` rates, from the rule's rate / `span` to it x `span`, evenly in the logarithm.

    `params` are the base's active parameters. The last 5 % of the rows are held out. `lr0` in the summary is what each
    rate says of an 8B model at batch 128, the anchor of the rule.
    """
    model = model_at(base, licence)
    train, held = (ChatFile(path=chats, part=part, licence=licence) for part in ("[:95%]", "[95%:]"))
    middle = ANCHOR.at(params, batch)
    exponents = [2 * i / (points - 1) - 1 for i in range(points)] if points > 1 else [0.0]
    rates = tuple(float(f"{middle * span**e:.3g}") for e in exponents)
    runs = [SFT(model=model, data=train, fit=Fit(lr=lr, global_batch=batch, steps=steps)) for lr in rates]
    losses = tuple(HeldOut(model=run, data=held) for run in runs)
    return RateSweep(rates=rates, anchors=tuple(ANCHOR.known(lr, params, batch).lr for lr in rates), losses=losses)
