"""The training loop: global batches by (seed, row id), exact resume, metrics for every step."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from komainu.context import Context
from komainu.errors import Stopped, UsageError
from komainu.files import write_json
from komainu.models.folder import load_tokenizer
from komainu.settings import without_keys
from komainu.train.base import Rollout, Train, Unit
from komainu.train.batches import Batches
from komainu.train.checkpoint import load_checkpoint, save_checkpoint
from komainu.train.gradients import Gradients
from komainu.train.optim import make_optimizer, rate_at
from komainu.train.ranks import Ranks, joined
from komainu.train.shards import full
from komainu.train.tokens import units_of
from komainu.train.trackers import Trackers
from komainu.train.usage import usage
from komainu.train.weights import context_of, load_model, recompute, save_model, set_up_cpu

STEPS = "steps.json"  # in the scratch folder: how many steps there are to be


@dataclass
class Loop:
    """One training run over tokenised units in `out`; the same bytes whether interrupted or not (CPU)."""

    stage: Train
    model: Any
    units: Sequence[Unit]
    out: Path
    ctx: Context
    ranks: Ranks = field(default_factory=Ranks)
    rollout: Rollout | None = None
    answered: tuple[list[Unit], dict[str, float]] = field(default_factory=lambda: ([], {}))

    @property
    def what(self) -> str:
        return type(self.stage).__name__

    def run(self) -> dict[str, Any]:
        """Train to the last step; returns the summary. Metrics go to `metrics.jsonl` in `out`."""
        batches = Batches(self.stage.fit, self.units)
        steps = self.stage.fit.total_steps(batches.count)
        threads = self.ctx.settings.threads or (os.cpu_count() or 1 if self.ranks.size == 1 else 1)
        optimizer = make_optimizer(self.model, self.stage.fit, threads)
        work, main = self.out / ".work", self.ranks.main
        metrics = work / "metrics.jsonl"
        first = load_checkpoint(work, self.model, optimizer, metrics, self.ranks)
        if main:
            write_json(work / STEPS, {"steps": steps, "ranks": self.ranks.size, "resumed": first})
        saved = time.monotonic()
        use = usage(self.stage, self.model.config.to_dict(), self.ctx.settings.train, self.ranks.size)
        root, run = self.ctx.store.root / ".trackers", f"{self.what}-{self.stage.id}"
        named = self.ctx.settings.trackers if main else ()
        trackers = Trackers(named, run, root, without_keys(self.ctx.settings))
        with (
            contextlib.closing(trackers),
            contextlib.closing(Gradients(self.stage, self.model, threads, self.ranks)) as gradients,
            self.ctx.progress(steps, self.what) as bar,
            open(metrics if main else os.devnull, "a", encoding="utf-8") as log,
        ):
            bar.update(first)
            for step in range(first, steps):
                started = time.monotonic()
                rate = rate_at(self.stage.fit, step, steps)
                units, notes = self.drawn(step, batches)
                found = self.step(gradients, optimizer, units, step, rate) | notes
                seconds = time.monotonic() - started
                speed = round(found["tokens"] / seconds, 1)
                line = {"step": step, **found, "tokens_per_s": speed, "memory_gb": self.ranks.memory_gb}
                if use is not None:
                    line["mfu"] = round(use.share(units, seconds), 4)
                log.write(json.dumps(line) + "\n")
                log.flush()  # others look at it while it runs
                trackers.log(step, line)
                bar.update(note=f"loss {found['loss']:.3f}, {line['tokens_per_s']:.0f} tokens/s")
                due = main and time.monotonic() - saved > self.ctx.settings.checkpoint_seconds
                stop, save = self.ranks.any(self.ctx.group.stop, due)
                if (stop or save) and step + 1 < steps and (step + 1) % self.stage.uses == 0:
                    save_checkpoint(work, self.model, optimizer, step + 1, self.ranks)
                    saved = time.monotonic()
                    if stop:
                        raise Stopped(
                            f"{self.stage.label}: stopped by a signal after step {step + 1} of {steps}"
                            ". Its checkpoint is saved: run again to go on"
                        )
        return self.summary(metrics, steps) if main else {}

    def drawn(self, step: int, batches: Batches) -> tuple[list[Unit], dict[str, float]]:
        """What a step learns from, and numbers worth logging; a batch that is answered here serves `uses` steps.

        No checkpoint lies between those, so a resumed run begins with answering.
        """
        uses = self.stage.uses
        if self.rollout is None:
            return batches.of(step // uses), {}
        if step % uses == 0:
            self.answered = self.rollout(batches.of(step // uses), step)
        return self.answered

    def step(
        self, gradients: Gradients, optimizer: torch.optim.Optimizer, units: list[Unit], step: int, rate: float
    ) -> dict[str, float]:
        """One optimiser step on a global batch."""
        found = gradients.of(units, step)
        clipped = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.stage.fit.max_norm or float("inf"))
        norm = full(clipped)
        if not torch.isfinite(norm):
            raise FloatingPointError(f"{self.what}: the gradient is not finite; rows {[u.id for u in units][:4]} ...")
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        return {
            "loss": found.loss,
            "lr": rate,
            "grad_norm": float(norm),
            "tokens": found.tokens,
            **gradients.cut.json(),
            **found.notes,
        }

    def summary(self, metrics: Path, steps: int) -> dict[str, Any]:
        """Loss at the ends, tokens seen; nothing that depends on the clock. Copies the metrics to the artifact."""
        lines = [json.loads(line) for line in metrics.read_text(encoding="utf-8").splitlines()]
        assert [m["step"] for m in lines] == list(range(steps)), "metrics.jsonl has lost or doubled a step"
        shutil.copyfile(metrics, self.out / "metrics.jsonl")
        tail = lines[-min(20, steps) :]
        return {
            "steps": steps,
            "rows": len(self.units),
            "tokens": sum(m["tokens"] for m in lines),
            "first_loss": lines[0]["loss"],
            "loss": sum(m["loss"] for m in tail) / len(tail),
            "last_loss": lines[-1]["loss"],
        }


def train(stage: Train, out: Path, ctx: Context, fresh: Callable[[Any, Any], Any] | None = None) -> dict[str, Any]:
    """Everything a training stage does: load, look at every row, train, write a model directory.

    `fresh(stage, tokenizer)` makes new weights where there are none to load.
    """
    set_up_cpu(ctx.settings.threads)
    sharded = ctx.settings.train.shard and type(stage).rollout is Train.rollout  # whole models draw answers
    with joined(ctx.group, sharded=sharded) as ranks:
        return train_on(ranks, stage, out, ctx, fresh)


def train_on(
    ranks: Ranks, stage: Train, out: Path, ctx: Context, fresh: Callable[[Any, Any], Any] | None
) -> dict[str, Any]:
    """The part of one rank; only the first writes files and has a summary."""
    fits(stage, ranks)
    source = ctx.open(stage.model).path
    tokenizer = load_tokenizer(source)
    units = stage.ready(units_of(stage, tokenizer, ctx), ctx)
    bits = stage.adapter.quantised if stage.adapter else ""
    waits = ranks.sharded or (stage.adapter is not None and not bits)
    model = fresh(stage, tokenizer) if fresh else load_model(source, bits, waits=waits)
    stage.examine(tokenizer, context_of(model.config), units)
    if ctx.settings.train.recompute:
        recompute(model)
    attached = None
    if stage.adapter is not None:
        from komainu.train.lora import Attached, finished

        attached = Attached(model, stage.adapter, stage.fit.seed)
        if waits and not ranks.sharded:
            attached.settle()
    rollout = stage.rollout(model, tokenizer, ctx.open(stage.data).rows(), ranks)
    summary = Loop(stage, ranks.shard(model), units, out, ctx, ranks, rollout).run()
    weights = ranks.gathered(model)
    if ranks.main and attached is not None:
        model, facts = finished(stage, attached, weights, source, units, out)
        summary, weights = summary | facts, None
    if ranks.main:
        save_model(model, tokenizer, out, weights)
    ranks.wait()
    return summary


def fits(stage: Train, ranks: Ranks) -> None:
    """Raise UsageError for what so many ranks cannot do."""
    if stage.fit.global_batch < ranks.size:
        raise UsageError(
            f"{stage.label}: a global batch of {stage.fit.global_batch} rows for {ranks.size} ranks"
            "; lower `ranks` in [train], or raise the batch"
        )
    if ranks.sharded and stage.fit.optimizer == "muon":
        raise UsageError(f"{stage.label}: Muon needs whole matrices; take AdamW, or set `shard = false` in [train]")
