"""The trainer on the GPU that is there: tokens and pairs a second, MFU, memory; a run that was stopped goes on.

python -m bench.gpu SIZE [DEVICE] [STEPS]    SIZE: 8b, 1b or tiny; DEVICE as in [train], for MFU; default: 20 steps

A Llama of random weights and made-up rows: SFT of packs of 8,192 tokens, DPO of prompts of about 610 tokens without a
reference. SFT is also run in blocks, without the kernel for segments of any length. 8b holds AdamW's state in 8 bits
(bitsandbytes) and computes activations again; it needs 105 GB of a GPU and 20 GB of disk. The others run SFT with AdamW
of 8 and of 32 bits, each stopped once, and need as much disk for a checkpoint. Writes .bench/gpu.md. Not covered: other
trainers on the same GPU, several GPUs.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, Literal, NamedTuple

import msgspec
import torch

from bench.training import rows, write_model, write_rows
from komainu.context import Context, Group
from komainu.data.files import ChatFile, PairFile
from komainu.errors import Stopped
from komainu.launch import open_context
from komainu.models.folder import load_tokenizer
from komainu.settings import DeviceName, Settings, Training
from komainu.train import varlen
from komainu.train.base import Fit, Train
from komainu.train.directory import Directory
from komainu.train.dpo import DPO
from komainu.train.loop import Loop
from komainu.train.losses.simpo import SimPO
from komainu.train.sft import SFT
from komainu.train.weights import load_model, recompute

ROOT = Path(__file__).parents[1]
LLAMA = {"num_key_value_heads": 8, "vocab_size": 128_256, "max_position_embeddings": 8192, "num_attention_heads": 32}
SHAPES: dict[str, dict[str, int]] = {
    "8b": {"hidden_size": 4096, "num_hidden_layers": 32, "intermediate_size": 14336, **LLAMA},
    "1b": {"hidden_size": 2048, "num_hidden_layers": 16, "intermediate_size": 8192, **LLAMA},
    "tiny": {"hidden_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2},
}
WARM = 2  # steps that are not counted


class Case(NamedTuple):
    """What is trained; `kernel`: attention with the kernel where there is one; `stopped` after the first step."""

    name: str
    stage: Train
    kernel: bool = True
    stopped: bool = False


def cases(size: str, work: Path, steps: int) -> Iterator[Case]:
    pack, batch = 1024 if size == "tiny" else 8192, 2
    optimizer: Literal["adamw8bit", "adamw"] = "adamw8bit" if size == "8b" else "adamw"
    fit = Fit(lr=1e-5, global_batch=batch, steps=steps, micro_tokens=pack, pack=pack, optimizer=optimizer)
    model = Directory(path=str(work / "model"))
    sft = SFT(model=model, data=ChatFile(path=str(work / "sft.jsonl"), licence="mit"), fit=fit)
    yield Case("SFT", sft)
    yield Case("SFT in blocks", sft, kernel=False)
    if size != "8b":
        yield Case("SFT, stopped and gone on", sft, stopped=True)
        eight = replace(sft, fit=replace(fit, optimizer="adamw8bit"))
        yield Case("SFT, 8-bit AdamW", eight)
        yield Case("SFT, 8-bit AdamW, stopped and gone on", eight, stopped=True)
    pairs = PairFile(path=str(work / "rp.jsonl"), licence="mit")
    yield Case("DPO", DPO(model=model, data=pairs, objective=SimPO(), fit=replace(fit, global_batch=8, pack=0)))


def measured(case: Case, work: Path, ctx: Context) -> list[dict[str, Any]]:
    """What its steps came to, as metrics.jsonl has it."""
    tokenizer, out = load_tokenizer(work / "model"), work / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    rows = case.stage.data.peek()
    assert rows is not None, "files can be looked at"
    units = case.stage.units(tokenizer, [*rows])
    for stop in (True, False) if case.stopped else (False,):
        model = load_model(work / "model")
        if ctx.settings.train.recompute:
            recompute(model)
        if not case.kernel:
            varlen.TRUSTED.clear()
        if torch.cuda.is_available():
            torch.cuda.reset_peak_memory_stats()
        try:
            Loop(case.stage, model, units, out, replace(ctx, group=Group(stop=stop))).run()
        except Stopped:
            del model
    return [json.loads(line) for line in (out / "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def told(case: Case, steps: list[dict[str, Any]], pairs: int) -> str:
    counted = steps[WARM:] or steps
    speed, tokens = median(s["tokens_per_s"] for s in counted), median(s["tokens"] for s in counted)
    each = f"{speed / tokens * pairs:.3g} pairs" if pairs else f"{speed:,.0f} tokens"
    mfu = f"{median(s['mfu'] for s in counted):.1%}" if "mfu" in steps[0] else ""
    loss = f"{steps[0]['loss']:.4f} to {steps[-1]['loss']:.4f}"
    return f"| {case.name} | {each} | {mfu} | {max(s['memory_gb'] for s in steps):.4g} | {loss} |"


def main(size: str, device: DeviceName | Literal[""] = "", steps: int = 20) -> str:
    work = ROOT / ".bench" / "gpu" / size
    work.mkdir(parents=True, exist_ok=True)
    if not (work / "model").exists():
        write_model(work / "model", size == "8b", **SHAPES[size])
    for name, count in (("sft", 40 if size == "tiny" else 1200), ("rp", 40)):
        write_rows(work / f"{name}.jsonl", [*rows(name, count)])
    train = Training(device=device, recompute=size == "8b")
    lines = ["| | a second | MFU | memory, GB | loss |", "|---|---|---|---|---|"]
    with open_context(Settings(store=str(work / "store"), train=train)) as ctx:
        for case in cases(size, work, steps):
            found = measured(case, work, ctx)
            kernel = "" if case.kernel and varlen.TRUSTED else "; no kernel for segments of any length"
            lines.append(told(case, found, 8 if case.name == "DPO" else 0))
            print(f"{lines[-1]}{kernel}", file=sys.stderr)
    text = "\n".join(lines)
    (ROOT / ".bench" / "gpu.md").write_text(text + "\n", encoding="utf-8")
    return text


if __name__ == "__main__":
    wanted, on, number = [*sys.argv[1:], *("1b", "", "20")[len(sys.argv) - 1 :]]
    print(main(wanted, msgspec.convert(on, DeviceName | Literal[""]), int(number)))
