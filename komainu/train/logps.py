"""Summed log-probabilities of answers under a model, without gradients."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch

from komainu.context import Context
from komainu.models.folder import load_tokenizer
from komainu.rows import Score
from komainu.train.adapter import Bits
from komainu.train.base import Unit
from komainu.train.batches import runs
from komainu.train.flat import flatten, sequence_sums, target_logps
from komainu.train.heldout import HeldOut
from komainu.train.narrow import narrowed
from komainu.train.precision import mixed
from komainu.train.preflight import preflight
from komainu.train.reference import Reference
from komainu.train.tokens import units_of
from komainu.train.weights import context_of, load_frozen, set_up_cpu

TOKENS = 4096  # of one forward pass


class Summed(NamedTuple):
    """A unit, and the summed log-probability of each of its documents."""

    unit: Unit
    sums: list[float]


def reference_scores(stage: Reference, ctx: Context) -> Iterator[Score]:
    """Score(row id, one of the stage's `names`, sum of log-probabilities), in the data's order."""
    for unit, sums in summed(stage, stage.names, ctx, stage.quantised):
        for name, found in zip(stage.names, sums, strict=True):
            yield Score(unit.id, name, found, by=stage.model.id)


def heldout_scores(stage: HeldOut, ctx: Context) -> Iterator[Score]:
    """See HeldOut; in the data's order."""
    for unit, (found,) in summed(stage, ("",), ctx):
        yield Score(unit.id, "nll", -found, by=stage.model.id)
        yield Score(unit.id, "tokens", float(unit.documents[0].targets), by=stage.model.id)


def summed(stage: Reference | HeldOut, names: tuple[str, ...], ctx: Context, bits: Bits = "") -> Iterator[Summed]:
    """Every unit of a stage's data under its model; `names` are those of a unit's documents."""
    set_up_cpu(ctx.settings.threads)
    source = ctx.open(stage.model).path
    tokenizer, model = load_tokenizer(source), load_frozen(source, bits)
    units = units_of(stage, tokenizer, ctx)
    preflight(tokenizer, context_of(model.config), units, names=names)
    device = next(model.parameters()).device
    with ctx.progress(len(units), type(stage).__name__.lower()) as bar, torch.inference_mode():
        for some in runs(units, TOKENS):
            flat = flatten([u.documents for u in some], device)
            with mixed(device), narrowed(model, flat.rows):
                sums = sequence_sums(target_logps(model, flat), flat).view(-1, len(names)).tolist()
            for unit, found in zip(some, sums, strict=True):
                yield Summed(unit, found)
            bar.update(len(some))
