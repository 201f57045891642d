"""Summed log-probabilities of answers under a model, without gradients."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from komainu.context import Context
from komainu.rows import Score
from komainu.train.flat import flatten, micro_batches, sequence_sums, target_logps
from komainu.train.preflight import preflight
from komainu.train.reference import Reference
from komainu.train.weights import context_of, load_model, load_tokenizer, set_up_cpu

TOKENS = 4096  # of one forward pass


def reference_scores(stage: Reference, ctx: Context) -> Iterator[Score]:
    """Score(row id, one of the stage's `names`, sum of log-probabilities), in the data's order."""
    set_up_cpu(ctx.settings.threads)
    source = ctx.open(stage.model).path
    tokenizer, model = load_tokenizer(source), load_model(source).eval()
    units = stage.units(tokenizer, [*ctx.open(stage.data).rows()])
    preflight(tokenizer, context_of(model.config), units, names=stage.names)
    device = next(model.parameters()).device
    with ctx.progress(len(units), "reference") as bar, torch.inference_mode():
        for start, stop in micro_batches([u.documents for u in units], TOKENS):
            flat = flatten([u.documents for u in units[start:stop]], device)
            with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
                sums = sequence_sums(target_logps(model, flat), flat).tolist()
            named = [(unit.id, name) for unit in units[start:stop] for name in stage.names]
            yield from (Score(*of, found, by=stage.model.id) for of, found in zip(named, sums, strict=True))
            bar.update(stop - start)
