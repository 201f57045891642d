"""Whether `torch.compile` makes a training step on a CPU cheaper: eager steps beside compiled ones, losses compared.

python -m bench.compiled [full|quick]    about 3 minutes, one thread; writes .bench/compiled.md

Steps of SFT as they are trained: loss, gradient, clipping, AdamW, on the model and the rows of bench.train, each step
with other lengths, so compiled with `dynamic=True`, by inductor, which needs a C++ compiler and Python's headers. Every
way has a model of its own, and the ways take turns at each step. Outside stay attention in pieces, whose layout is new
with every batch, and the last layer, whose feed-forward part takes other positions in every batch: with them every step
would be compiled again. Whole layers have PyTorch's own products in place of oneDNN's, which each layer has by itself.
"""

from __future__ import annotations

import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from types import MethodType
from typing import Any

import torch
from transformers import AttentionInterface
from transformers.models.llama.modeling_llama import LlamaDecoderLayer, LlamaMLP, LlamaRMSNorm

from bench.train_cost import document
from bench.training import SETS, Sampler, size, write_model
from komainu.train.attention import FLAT, flat_attention
from komainu.train.base import Fit
from komainu.train.flat import flatten, target_logps
from komainu.train.narrow import narrowed
from komainu.train.optim import make_optimizer
from komainu.train.render import Tokens
from komainu.train.weights import load_model, set_up_cpu

ROOT = Path(__file__).parents[1]
CPU = torch.device("cpu")
ROWS = 8  # of a step
FIRST = 2  # steps that are for compiling
AGREE = 1e-5  # of the losses of every step
Step = Sequence[Sequence[Tokens]]


def norms(model: Any) -> None:
    """The norms, and what stands between the matrices of the feed-forward parts."""
    norm = torch.compile(LlamaRMSNorm.forward, dynamic=True)
    gated = torch.compile(lambda gate, up: torch.nn.functional.silu(gate) * up, dynamic=True)

    def forward(part: Any, rows: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = part.down_proj(gated(part.gate_proj(rows), part.up_proj(rows)))
        return found

    for part in model.modules():
        if isinstance(part, (LlamaRMSNorm, LlamaMLP)):
            part.forward = MethodType(norm if isinstance(part, LlamaRMSNorm) else forward, part)


def layers(model: Any) -> None:
    """Whole layers."""
    forward = torch.compile(LlamaDecoderLayer.forward, dynamic=True)
    for layer in model.get_decoder().layers[:-1]:
        layer.forward = MethodType(forward, layer)
        for part in layer.modules():
            if isinstance(part, torch.nn.Linear):
                vars(part).pop("forward", None)


WAYS: dict[str, Callable[[Any], None]] = {
    "nothing": lambda model: None,
    "norms and gates": norms,
    "whole layers": layers,
}


class Trained:
    """A model that is trained one way, and what its steps took: CPU seconds with those of children, and seconds."""

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.model = name, load_model(path)
        WAYS[name](self.model)
        self.optimizer = make_optimizer(self.model, Fit(lr=1e-4))
        self.cpu: list[float] = []
        self.wall: list[float] = []
        self.losses: list[float] = []

    def step(self, units: Step) -> None:
        started = spent(), time.perf_counter()
        flat = flatten(units, CPU)
        with narrowed(self.model, flat.rows):
            loss = -target_logps(self.model, flat, even=True).double().mean()
            torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.cpu.append(spent() - started[0])
        self.wall.append(time.perf_counter() - started[1])
        self.losses.append(float(loss.detach()))


def spent() -> float:
    """CPU seconds of this process and of its children that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(u.ru_utime + u.ru_stime for u in both)


def drawn(step: int) -> Step:
    """Rows like those of bench.train's SFT."""
    dice, units = random.Random(step), []
    for i in range(ROWS):
        sampler = Sampler(SETS["sft"], f"compiled:{step}:{i}")
        prompt = sampler.prompt()
        before = sum(map(size, prompt))
        units.append((document(dice, before + size(sampler.answer(prompt)), range(before)),))
    return units


def row(way: Trained, eager: Trained) -> str:
    """The medians of the steps after the first ones, and what those took more than so many of them."""
    cpu, wall = median(way.cpu[FIRST:]), median(way.wall[FIRST:])
    ratio = median(a / b for a, b in zip(eager.cpu[FIRST:], way.cpu[FIRST:], strict=True))
    once = [sum(took[:FIRST]) - FIRST * usual for took, usual in ((way.cpu, cpu), (way.wall, wall))]
    apart = max(abs(a - b) for a, b in zip(eager.losses, way.losses, strict=True))
    if apart > AGREE:
        raise SystemExit(f"{way.name}: the losses differ by {apart:.1e}")
    return f"| {way.name} | {cpu:.3f} | {wall:.3f} | {ratio:.3f} | {once[0]:.1f} | {once[1]:.1f} | {apart:.1e} |"


def main(mode: str) -> None:
    work = ROOT / ".bench" / "train"
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "model").exists():
        write_model(work / "model")
    set_up_cpu(1)
    AttentionInterface.register(FLAT, torch.compiler.disable(flat_attention))  # type: ignore[no-untyped-call]
    with tempfile.TemporaryDirectory() as cache:
        os.environ |= {"TORCHINDUCTOR_CACHE_DIR": cache, "TORCHINDUCTOR_COMPILE_THREADS": "1"}
        ways = [Trained(way, work / "model") for way in WAYS]
        for step in range(FIRST + {"full": 8, "quick": 3}[mode]):
            for way in ways[step % len(ways) :] + ways[: step % len(ways)]:
                way.step(drawn(step))
                print(f"step {step}: {way.name} {way.cpu[-1]:.2f} CPU s", file=sys.stderr)
    text = "| compiled | CPU s a step | s a step | eager / this (CPU) | compiling, CPU s | s | losses differ by |\n"
    text += "|" + "---|" * 7 + "\n" + "\n".join(row(way, ways[0]) for way in ways)
    print(text)
    (ROOT / ".bench" / "compiled.md").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "full")
