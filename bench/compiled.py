"""Whether `torch.compile` makes a training step on a CPU cheaper: eager steps beside compiled ones, losses compared.

python -m bench.compiled [STEPS]    default: 8, about 3 minutes; one thread

Whole steps of SFT on the model and rows of bench.train, each with other lengths, so compiled with `dynamic=True`, by
inductor (a C++ compiler, Python's headers). Every way has a model of its own; they take turns. Outside stay attention
in pieces, whose layout is new with every batch, and the last layer, whose feed-forward part takes other positions in
every batch: they would be compiled again at every step. Whole layers have PyTorch's products in place of oneDNN's.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from types import MethodType
from typing import Any

import torch
from transformers import AttentionInterface
from transformers.models.llama.modeling_llama import LlamaDecoderLayer, LlamaMLP, LlamaRMSNorm

from bench.train_cost import of_rows
from bench.training import write_model
from komainu.train.attention import FLAT, flat_attention
from komainu.train.base import Fit
from komainu.train.flat import flatten, target_logps
from komainu.train.narrow import narrowed
from komainu.train.optim import make_optimizer
from komainu.train.render import Tokens
from komainu.train.weights import load_model, set_up_cpu

ROOT = Path(__file__).parents[1]
FIRST = 2  # steps that are for compiling
AGREE = 1e-5  # of the losses of every step


def norms(model: Any) -> None:
    """The norms, and what stands between the matrices of the feed-forward parts."""
    norm = torch.compile(LlamaRMSNorm.forward, dynamic=True)
    gated = torch.compile(lambda gate, up: torch.nn.functional.silu(gate) * up, dynamic=True)

    def forward(part: Any, rows: torch.Tensor) -> Any:
        return part.down_proj(gated(part.gate_proj(rows), part.up_proj(rows)))

    for part in model.modules():
        if isinstance(part, (LlamaRMSNorm, LlamaMLP)):
            part.forward = MethodType(norm if isinstance(part, LlamaRMSNorm) else forward, part)


def layers(model: Any) -> None:
    forward = torch.compile(LlamaDecoderLayer.forward, dynamic=True)
    for layer in model.get_decoder().layers[:-1]:
        layer.forward = MethodType(forward, layer)
        for part in filter(lambda part: type(part) is torch.nn.Linear, layer.modules()):
            vars(part).pop("forward", None)


WAYS: dict[str, Callable[[Any], None]] = {"nothing": lambda _: None, "norms and gates": norms, "whole layers": layers}


class Trained:
    """A model that is trained one way, and what its steps took."""

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.model = name, load_model(path)
        WAYS[name](self.model)
        self.optimizer = make_optimizer(self.model, Fit(lr=1e-4))
        self.cpu, self.losses = list[float](), list[float]()

    def step(self, units: Sequence[Sequence[Tokens]]) -> None:
        started = spent()
        flat = flatten(units, torch.device("cpu"))
        with narrowed(self.model, flat.rows):
            loss = -target_logps(self.model, flat, even=True).double().mean()
            torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.cpu.append(spent() - started)
        self.losses.append(float(loss.detach()))


def spent() -> float:
    """CPU seconds of this process and of its children that have ended."""
    return sum(os.times()[:4])


def row(way: Trained, eager: Trained) -> str:
    """The medians of the steps after the first ones, and what those took more than so many of them."""
    cpu = median(way.cpu[FIRST:])
    ratio = median(a / b for a, b in zip(eager.cpu[FIRST:], way.cpu[FIRST:], strict=True))
    apart = max(abs(a - b) for a, b in zip(eager.losses, way.losses, strict=True))
    if apart > AGREE:
        raise SystemExit(f"{way.name}: the losses differ by {apart:.1e}")
    return f"| {way.name} | {cpu:.3f} | {ratio:.3f} | {sum(way.cpu[:FIRST]) - FIRST * cpu:.1f} | {apart:.1e} |"


def main(steps: int) -> None:
    path = ROOT / ".bench" / "train" / "model"
    if not path.exists():
        write_model(path)
    set_up_cpu(1)
    AttentionInterface.register(FLAT, torch.compiler.disable(flat_attention))  # type: ignore[no-untyped-call]
    with tempfile.TemporaryDirectory() as cache:
        os.environ |= {"TORCHINDUCTOR_CACHE_DIR": cache, "TORCHINDUCTOR_COMPILE_THREADS": "1"}
        ways = [Trained(way, path) for way in WAYS]
        for step in range(FIRST + steps):
            for way in ways[step % len(ways) :] + ways[: step % len(ways)]:
                way.step(of_rows(8, str(step)).units)
                print(f"step {step}: {way.name} {way.cpu[-1]:.2f} CPU s", file=sys.stderr)
    print("| compiled | CPU s a step | nothing / this | compiling, CPU s | losses differ by |\n|---|---|---|---|---|")
    print("\n".join(row(way, ways[0]) for way in ways))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 8)
