"""Adapters: only they are trained, off they are the reference, and what is merged has the logits of both."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM

from komainu.context import Group
from komainu.errors import GateFailed, UsageError
from komainu.models.folder import load_tokenizer
from komainu.train.adapter import Adapter
from komainu.train.base import Fit, Train
from komainu.train.dpo import DPO
from komainu.train.flat import flatten, sequence_sums, target_logps
from komainu.train.precision import halve
from komainu.train.reference import Reference
from komainu.train.sft import SFT
from komainu.train.weights import load_model
from tests.train.gang import gang
from tests.train.test_ranks import trained
from tests.train.world import Chats, Pairs, base, context

peft = pytest.importorskip("peft")
ROOT = Path(__file__).parents[2]
LORA, DORA = Adapter(rank=4, alpha=8.0), Adapter(rank=4, alpha=8.0, dora=True)
NF4 = Adapter(rank=4, alpha=8.0, quantised="nf4")
four_bits = pytest.mark.skipif(find_spec("bitsandbytes") is None, reason="pip install 'komainu[quantised]'")


def sft(adapter: Adapter | None = LORA, **fit: Any) -> SFT:
    values: dict[str, Any] = {"lr": 1e-2, "global_batch": 8, "steps": 6, **fit}
    return SFT(model=base(), data=Chats(), fit=Fit(**values), adapter=adapter)


def dpo(adapter: Adapter | None = LORA, **fit: Any) -> DPO:
    pairs = Pairs()
    values: dict[str, Any] = {"lr": 5e-3, "global_batch": 8, "steps": 5, "schedule": "constant", **fit}
    reference = Reference(model=base(), data=pairs)
    return DPO(model=base(), data=pairs, reference=reference, fit=Fit(**values), adapter=adapter)


def attached(root: Path, adapter: Adapter) -> Any:
    """The base with an adapter that does something."""
    from komainu.train.lora import Attached

    found = Attached(load_model(context(root).locate(base())), adapter, 0)
    dice = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for p in found.trained.values():
            p.add_(torch.randn(p.shape, generator=dice) * 0.05)
    return found


@pytest.mark.parametrize("adapter", [LORA, DORA], ids=["lora", "dora"])
def test_what_is_merged_and_saved_has_the_logits_of_base_and_adapter_as_peft_loads_them(
    built: Path, adapter: Adapter
) -> None:
    ctx = context(built)
    made = ctx.store.build(sft(adapter), ctx)
    assert made.summary["merged_logits_apart"] <= 1e-4
    assert made.summary["last_loss"] < made.summary["first_loss"]
    merged = AutoModelForCausalLM.from_pretrained(made.path)
    start = AutoModelForCausalLM.from_pretrained(ctx.locate(base()))
    ids = torch.arange(5, 60)[None]
    before = start(input_ids=ids).logits.detach()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # PEFT asks transformers in a way that is to go
        beside = peft.PeftModel.from_pretrained(start, made.path / "adapter")
    found = beside(input_ids=ids).logits.detach()
    assert float((merged(input_ids=ids).logits.detach() - found).abs().max()) < 1e-4
    assert float((found - before).abs().max()) > 1e-2
    assert {*made.path.glob("*.safetensors")} == {made.path / "model.safetensors"}


def test_only_the_layers_with_an_adapter_change(built: Path) -> None:
    ctx = context(built)
    made = ctx.store.build(sft(replace(LORA, targets=("q_proj",))), ctx)
    old = AutoModelForCausalLM.from_pretrained(ctx.locate(base())).state_dict()
    new = AutoModelForCausalLM.from_pretrained(made.path).state_dict()
    assert {n for n in old if not torch.equal(old[n], new[n])} == {n for n in old if "q_proj" in n}
    assert made.summary["trained_parameters"] == 2 * 4 * (32 + 32)


@pytest.mark.parametrize("adapter", [LORA, DORA], ids=["lora", "dora"])
def test_with_the_adapter_off_the_sums_are_those_of_the_reference(built: Path, adapter: Adapter) -> None:
    ctx = context(built)
    stage = dpo(adapter)
    assert stage.reference is not None
    ctx.store.build(stage.reference, ctx)
    units = stage.ready(stage.units(load_tokenizer(ctx.locate(base())), [*Pairs().rows()]), ctx)[:8]
    found = attached(built, adapter)
    flat = flatten([u.documents for u in units], torch.device("cpu"))
    with torch.no_grad():
        on = sequence_sums(target_logps(found.tuner.model, flat), flat)
        with found.off():
            off = sequence_sums(target_logps(found.tuner.model, flat), flat)
    wanted = torch.tensor([n for u in units for n in u.numbers], dtype=torch.float64)
    assert torch.allclose(off, wanted, atol=1e-5) and float((on - wanted).abs().max()) > 0.01


def test_dpo_with_an_adapter_begins_at_margin_zero_and_learns(built: Path) -> None:
    ctx = context(built)
    made = ctx.store.build(dpo(steps=12), ctx)
    lines = [json.loads(line) for line in (made.path / "metrics.jsonl").read_text().splitlines()]
    assert abs(lines[0]["margin"]) < 1e-6 and lines[-1]["margin"] > 0.05


def test_a_merge_that_changes_the_logits_is_refused(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = attached(built, LORA)
    stage = sft()
    units = stage.units(load_tokenizer(context(built).locate(base())), [*Chats().rows()])
    weight = found.tuner.model.get_input_embeddings().weight
    merge = found.tuner.merge_and_unload

    def faulty(**how: Any) -> None:
        merge(**how)
        with torch.no_grad():
            weight.mul_(1.01)

    monkeypatch.setattr(found.tuner, "merge_and_unload", faulty)
    with pytest.raises(GateFailed, match="the merged model's logits are"):
        found.merge(units)


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.train.test_lora import DORA, sft
from tests.train.gang import gang
from tests.train.test_ranks import trained
from tests.train.world import context
ctx = context(Path(sys.argv[2]), checkpoint_seconds=0.0)
print(ctx.store.build(sft(DORA, steps=40), ctx).path)
"""


def test_a_run_killed_in_the_middle_ends_with_the_same_bits_and_its_checkpoint_is_the_adapter_alone(
    built: Path, tmp_path: Path
) -> None:
    def start(root: Path) -> subprocess.Popen[str]:
        return subprocess.Popen([sys.executable, "-c", SCRIPT, str(ROOT), str(root)], stdout=subprocess.PIPE, text=True)

    ctx = context(built)
    whole = ctx.store.build(sft(DORA, steps=40), ctx).path
    running = start(tmp_path)
    saved: list[Path] = []
    while not saved:
        assert running.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
        saved = [*tmp_path.glob("sft/*/.work/step-*/*.safetensors")]
    size = saved[0].stat().st_size if saved[0].exists() else 0
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    assert size < (whole / "model.safetensors").stat().st_size
    resumed = Path(start(tmp_path).communicate()[0].strip().splitlines()[-1])
    for name in ("model.safetensors", "adapter/adapter_model.safetensors", "adapter/adapter_config.json"):
        assert (whole / name).read_bytes() == (resumed / name).read_bytes()


def test_an_adapter_is_part_of_the_id_only_where_there_is_one() -> None:
    assert "adapter" not in sft(None).config(full=False)
    assert len({sft(a).id for a in (None, LORA, DORA)}) == 3


def test_what_cannot_be_is_told(built: Path) -> None:
    wrong: Train = sft(Adapter(rank=0, alpha=-1.0), optimizer="muon")
    told = " ".join(wrong.check())
    assert all(word in told for word in ("rank is 0", "alpha is -1.0", "Muon is for whole matrices"))
    assert any("the weights are new" in p for p in replace(base(), adapter=LORA).check())
    with pytest.raises(UsageError, match=r"the adapter does not suit LlamaForCausalLM: .*nowhere"):
        attached(built, Adapter(targets=("nowhere",)))


@four_bits
def test_an_adapter_beside_layers_in_four_bits_learns_and_is_merged_into_the_base_as_it_was(built: Path) -> None:
    ctx = context(built)
    made = ctx.store.build(sft(NF4), ctx)
    assert made.summary["merged_logits_apart"] <= 1e-4
    assert made.summary["last_loss"] < made.summary["first_loss"]
    beside = ctx.store.build(sft(LORA), ctx).summary
    assert beside["first_loss"] != made.summary["first_loss"] == pytest.approx(beside["first_loss"], rel=0.05)
    old, new = (load_file(path / "model.safetensors") for path in (ctx.locate(base()), made.path))
    trained = load_file(made.path / "adapter/adapter_model.safetensors")
    name = "model.layers.0.mlp.up_proj"
    a, b = (trained[f"base_model.model.{name}.lora_{side}.weight"] for side in "AB")
    assert torch.allclose(new[f"{name}.weight"], old[f"{name}.weight"] + 2 * b @ a, atol=1e-6)
    held = load_model(ctx.locate(base()), "nf4").get_submodule(name).weight
    assert (held.dtype, held.numel()) == (torch.uint8, old[f"{name}.weight"].numel() / 2)


@four_bits
def test_the_reference_of_layers_in_four_bits_is_of_them(built: Path) -> None:
    ctx = context(built)
    stage = dpo(NF4)
    assert any("reference has quantised='' and DPO.adapter 'nf4'" in told for told in stage.check())
    assert stage.reference is not None
    fitting = replace(stage, reference=replace(stage.reference, quantised="nf4"))
    assert [*fitting.check()] == []
    made = ctx.store.build(fitting, ctx)
    lines = [json.loads(line) for line in (made.path / "metrics.jsonl").read_text().splitlines()]
    assert abs(lines[0]["margin"]) < 1e-5 and lines[-1]["margin"] > 0.01


def test_what_four_bits_need_is_told_before_training(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("komainu.train.adapter.find_spec", lambda _: None)
    lacking = "quantised 'nf4' needs bitsandbytes: pip install 'komainu[quantised]'"
    assert [*sft(NF4).check()] == [f"SFT.adapter: {lacking}"]
    with pytest.raises(UsageError, match="needs bitsandbytes"):
        load_model(context(built).locate(base()), "nf4")


@pytest.mark.parametrize(
    ("adapter", "size", "shard"),
    [(DORA, 2, True), (LORA, 2, False), pytest.param(NF4, 2, True, marks=four_bits)],
    ids=["sharded", "replicated", "sharded-nf4"],
)
def test_ranks_end_with_the_weights_of_one(
    built: Path, tmp_path: Path, adapter: Adapter, size: int, shard: bool
) -> None:
    stage, out = sft(adapter), tmp_path / "out"
    alone = context(built).store.build(stage, context(built))
    summary, *_ = gang(size, tmp_path / "ranks", lambda group: trained(stage, built, out, group, shard))
    assert summary["merged_logits_apart"] <= 1e-4
    for name in ("model.safetensors", "adapter/adapter_model.safetensors"):
        mine, wanted = load_file(out / name), load_file(alone.path / name)
        assert mine.keys() == wanted.keys()
        assert all(torch.allclose(mine[n], wanted[n], atol=1e-4) for n in wanted)


def in_half(device: torch.device, *, kept: bool = False) -> torch.autocast:
    """What `mixed` is on a GPU, on a CPU."""
    return torch.autocast(device.type, torch.bfloat16, cache_enabled=kept)


@pytest.mark.parametrize("adapter", [LORA, DORA], ids=["lora", "dora"])
def test_frozen_matrices_held_in_half_give_the_same_bits_and_are_merged_as_they_were(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, adapter: Adapter
) -> None:
    held = list[dict[str, torch.dtype]]()

    def halved(model: Any, *, half: bool = True) -> Any:
        if half:
            halve(model)
        held.append({n: p.dtype for n, p in model.named_parameters()})
        return model

    ctx = context(built)
    ctx.store.build(Chats(), ctx)
    monkeypatch.setattr("komainu.train.gradients.mixed", in_half)
    plain = trained(sft(adapter), built, tmp_path / "plain", Group(), False)
    monkeypatch.setattr("komainu.train.lora.on_gpu", halved)
    small = trained(sft(adapter), built, tmp_path / "small", Group(), False)
    found = [name for name, kind in held[0].items() if kind == torch.bfloat16]
    assert len(found) == (0 if adapter.dora else 2 * 7) and all("base_layer" in name for name in found)
    assert small == plain and plain["first_loss"] > plain["last_loss"]
    one, other = (load_file(tmp_path / name / "model.safetensors") for name in ("plain", "small"))
    assert all(torch.equal(one[name], other[name]) for name in one)
