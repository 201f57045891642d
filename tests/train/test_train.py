"""Training: losses are exact however batches are cut, and a killed run ends with the same bits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from komainu.models.folder import load_tokenizer
from komainu.rows import Chat, Message
from komainu.train.base import Fit
from komainu.train.documents import pair_documents
from komainu.train.dpo import DPO
from komainu.train.flat import flatten, sequence_sums, target_logps
from komainu.train.gradients import Gradients
from komainu.train.muon import Muon, orthogonal
from komainu.train.optim import make_optimizer
from komainu.train.reference import Reference
from komainu.train.sft import SFT
from komainu.train.weights import load_model, recompute
from tests.train.world import Chats, Pairs, base, context

ROOT = Path(__file__).parents[2]


def sft(**fit: Any) -> SFT:
    values: dict[str, Any] = {"lr": 2e-3, "global_batch": 8, "steps": 6, **fit}
    return SFT(model=base(), data=Chats(), fit=Fit(**values))


def dpo(**fit: Any) -> DPO:
    pairs = Pairs()
    values: dict[str, Any] = {"lr": 1e-3, "global_batch": 8, "steps": 5, "schedule": "constant", **fit}
    return DPO(model=base(), data=pairs, reference=Reference(model=base(), data=pairs), fit=Fit(**values))


def tensors(path: Path) -> dict[str, torch.Tensor]:
    from safetensors.torch import load_file

    found: dict[str, torch.Tensor] = load_file(path / "model.safetensors")
    return found


def test_the_flat_loss_and_its_gradient_equal_those_of_each_chat_alone(built: Path) -> None:
    stage, source = sft(), built / "base" / base().id
    tokenizer = load_tokenizer(source)
    chats = [c for c in Chats().rows() if isinstance(c, Chat)][:8]
    units = stage.units(tokenizer, chats)
    model = load_model(source)
    flat = flatten([u.documents for u in units], torch.device("cpu"))
    loss, _ = stage.loss(target_logps(model, flat), flat, units)
    (loss / stage.weight(units)).backward()  # type: ignore[no-untyped-call]
    plain = AutoModelForCausalLM.from_pretrained(source)
    total, count = torch.zeros((), dtype=torch.float64), 0
    for unit in units:
        (document,) = unit.documents
        logits = plain(input_ids=torch.tensor([document.ids])).logits[0].log_softmax(-1)
        for i, trained in enumerate(document.trained):
            if i and trained:
                total = total - logits[i - 1, document.ids[i]].double()
                count += 1
    torch.autograd.backward(total / count)
    assert count == stage.weight(units)
    assert abs(float(loss.detach()) - float(total.detach())) / count < 1e-5
    for mine, theirs in zip(model.parameters(), plain.parameters(), strict=True):
        assert mine.grad is not None and torch.allclose(mine.grad, theirs.grad, atol=1e-5)


@pytest.mark.parametrize("make", [sft, dpo])
def test_cutting_a_global_batch_into_micro_batches_changes_nothing(built: Path, make: Any) -> None:
    ctx = context(built)
    whole, cut = make(), make(micro_tokens=24)
    one, other = ctx.store.build(whole, ctx), ctx.store.build(cut, ctx)
    assert abs(one.summary["last_loss"] - other.summary["last_loss"]) < 1e-5
    for name, value in tensors(one.path).items():
        assert torch.allclose(value, tensors(other.path)[name], atol=1e-4)


def test_only_the_assistants_turns_and_the_token_that_ends_them_are_trained(built: Path) -> None:
    tokenizer = load_tokenizer(built / "base" / base().id)
    turns = (
        Message("user", "犬は？"),
        Message("assistant", "いる"),
        Message("user", "猫"),
        Message("assistant", "いない"),
    )
    chat = Chat("c", turns)
    ((tokens,),) = [u.documents for u in sft().units(tokenizer, [chat])]
    trained = [i for i, t in zip(tokens.ids, tokens.trained, strict=True) if t]
    assert tokenizer.decode(trained) == "いる<|end|>いない<|end|>"


def test_loss_falls_and_the_model_loads_with_plain_transformers(built: Path) -> None:
    ctx = context(built)
    made = ctx.store.build(sft(steps=30), ctx)
    assert made.summary["last_loss"] < 0.7 * made.summary["first_loss"]
    model, tokenizer = AutoModelForCausalLM.from_pretrained(made.path), AutoTokenizer.from_pretrained(made.path)
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "犬を2回"}], add_generation_prompt=True, return_tensors="pt", return_dict=True
    )
    answer = model.generate(**prompt, max_new_tokens=8, do_sample=False)
    assert answer.shape[1] > prompt["input_ids"].shape[1]


def test_reference_log_probabilities_equal_the_starting_models_so_the_first_margin_is_zero(built: Path) -> None:
    ctx = context(built)
    made = ctx.store.build(dpo(), ctx)
    first = json.loads((made.path / "metrics.jsonl").read_text().splitlines()[0])
    assert abs(first["margin"]) < 1e-6 and abs(first["loss"] - 0.6931471805599453) < 1e-6
    last = json.loads((made.path / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["margin"] > 0 and last["accuracy"] == 1.0
    assert 0.01 < first["memory_gb"] <= last["memory_gb"] < 1000


def test_dpo_sums_equal_a_plain_forward_pass(built: Path) -> None:
    source = built / "base" / base().id
    tokenizer, model = load_tokenizer(source), load_model(source)
    units = pair_documents(tokenizer, "here", [*Pairs(n=3).rows()])  # type: ignore[list-item]
    flat = flatten([u.documents for u in units], torch.device("cpu"))
    sums = sequence_sums(target_logps(model, flat), flat)
    plain = AutoModelForCausalLM.from_pretrained(source)
    for n, document in enumerate(d for u in units for d in u.documents):
        logps = plain(input_ids=torch.tensor([document.ids])).logits[0].log_softmax(-1)
        wanted = sum(float(logps[i - 1, t].detach()) for i, t in enumerate(document.ids) if i and document.trained[i])
        assert abs(float(sums[n].detach()) - wanted) < 1e-4


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.train.test_train import dpo, sft
from tests.train.world import context
how = {"muon": {"optimizer": "muon"}, "neftune": {"neftune": 5.0}}.get(sys.argv[3], {})
stage = dpo(steps=40) if sys.argv[3] == "dpo" else sft(steps=40, **how)
ctx = context(Path(sys.argv[2]), checkpoint_seconds=0.0)
print(ctx.store.build(stage, ctx).path)
"""


@pytest.mark.parametrize("name", ["sft", "dpo", "muon", "neftune"])
def test_a_run_killed_in_the_middle_ends_with_the_same_bits(tmp_path: Path, name: str) -> None:
    def start(root: Path) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(ROOT), str(root), name], stdout=subprocess.PIPE, text=True
        )

    undisturbed = start(tmp_path / "a")
    whole = Path(undisturbed.communicate()[0].strip().splitlines()[-1])
    steps = tmp_path / "b" / ("dpo" if name == "dpo" else "sft")
    running = start(tmp_path / "b")
    while not [*steps.glob("*/.work/step-*")]:
        assert running.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    assert not [*steps.glob("*/record.json")]
    resumed = Path(start(tmp_path / "b").communicate()[0].strip().splitlines()[-1])
    assert (whole / "model.safetensors").read_bytes() == (resumed / "model.safetensors").read_bytes()
    lines = [[json.loads(x) for x in (p / "metrics.jsonl").read_text().splitlines()] for p in (whole, resumed)]
    assert [m["loss"] for m in lines[0]] == [m["loss"] for m in lines[1]]


def test_a_row_longer_than_the_context_is_named_before_the_first_step(built: Path) -> None:
    ctx = context(built)
    stage = sft()
    small = replace(stage, model=replace(base(), shape=replace(base().shape, context=8)))
    with pytest.raises(ValueError, match=r"rows chat-\d+, .*: \d+ tokens, the context holds 8"):
        ctx.store.build(small, ctx)
    assert not [*built.glob(f"sft/{small.id}/metrics.jsonl")]


@pytest.mark.parametrize("make", [sft, dpo])
def test_a_process_for_each_core_computes_the_same_gradient(built: Path, make: Any) -> None:
    stage, ctx = make(), context(built)
    for part in stage.inputs.values():
        ctx.store.build(part, ctx)
    units = stage.ready(stage.units(load_tokenizer(ctx.locate(base())), [*ctx.open(stage.data).rows()]), ctx)[:8]
    losses, grads = [], []
    for cores in (1, 2, 3):
        model = load_model(ctx.locate(base()))
        gradients = Gradients(stage, model, cores)
        losses.append(gradients.of(units).loss)
        grads.append([p.grad for p in model.parameters()])
        gradients.close()
        assert len(gradients.partners) == (cores - 1 if sys.platform == "linux" else 0)
    for loss, found in zip(losses[1:], grads[1:], strict=True):
        assert loss == pytest.approx(losses[0], rel=1e-6)
        assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(found, grads[0], strict=True))


@pytest.mark.skipif(sys.platform != "linux", reason="one process computes elsewhere than on Linux")
def test_a_process_sees_the_weights_as_they_are_now_and_its_death_is_told(built: Path) -> None:
    stage, ctx = sft(), context(built)
    units = stage.units(load_tokenizer(ctx.locate(base())), [*Chats().rows()])[:8]
    model = load_model(ctx.locate(base()))
    gradients = Gradients(stage, model, 2)
    before = gradients.of(units).loss
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(0.5)
    changed = gradients.of(units).loss
    alone = Gradients(stage, model, 1).of(units).loss
    assert changed == pytest.approx(alone, rel=1e-6) and changed != pytest.approx(before, rel=1e-3)
    os.kill(gradients.partners[0].process, signal.SIGKILL)
    with pytest.raises((RuntimeError, BrokenPipeError)):
        gradients.of(units)
    gradients.close()


@pytest.mark.parametrize("shape", [(3, 16, 48), (2, 48, 16), (1, 32, 32)])
def test_muons_updates_are_about_orthogonal(shape: tuple[int, int, int]) -> None:
    values = torch.linalg.svdvals(orthogonal(torch.randn(shape, generator=torch.Generator().manual_seed(0))))
    assert float(values.quantile(0.1)) > 0.5 and float(values.max()) < 1.5


def test_muon_gives_the_same_bits_on_any_number_of_cores_and_leaves_torchs_threads_alone() -> None:
    found, before = [], torch.get_num_threads()
    for cores in (1, 2, 3, 8):
        dice = torch.Generator().manual_seed(0)
        params = [torch.nn.Parameter(torch.randn(96, 64, generator=dice)) for _ in range(5)]
        optimizer = Muon([{"params": params, "weight_decay": 0.1}], cores, lr=1e-2)
        for p in params:
            p.grad = torch.randn(96, 64, generator=dice)
        optimizer.step()
        found.append(torch.stack([p.detach() for p in params]))
    assert all(torch.equal(found[0], other) for other in found) and torch.get_num_threads() == before


def test_muon_learns_and_leaves_tables_and_vectors_to_adamw(built: Path) -> None:
    ctx = context(built)
    source = ctx.locate(base())
    plain, muon = load_model(source), load_model(source)
    fit = Fit(lr=1e-2, optimizer="muon")
    optimizers = [make_optimizer(plain, replace(fit, optimizer="adamw")), make_optimizer(muon, fit)]
    for model, optimizer in zip((plain, muon), optimizers, strict=True):
        for i, p in enumerate(model.parameters()):
            p.grad = torch.randn(p.shape, generator=torch.Generator().manual_seed(i))
        optimizer.step()
    for (name, one), other in zip(plain.named_parameters(), muon.parameters(), strict=True):
        inner = one.ndim == 2 and "embed" not in name and "lm_head" not in name
        assert torch.equal(one, other) != inner, name
    stage = sft(optimizer="muon", steps=60)
    summary = ctx.store.build(stage, ctx).summary
    assert summary["last_loss"] < summary["first_loss"] / 2


@pytest.mark.parametrize("make", [sft, dpo])
def test_activations_computed_again_give_the_same_gradient_to_the_bit(built: Path, make: Any) -> None:
    stage, ctx = make(), context(built)
    for part in stage.inputs.values():
        ctx.store.build(part, ctx)
    units = stage.ready(stage.units(load_tokenizer(ctx.locate(base())), [*ctx.open(stage.data).rows()]), ctx)[:8]
    found, passes = [], []
    for again in (False, True):
        model, times = load_model(ctx.locate(base())), [0]
        model.get_decoder().layers[0].mlp.register_forward_pre_hook(lambda *_, t=times: t.append(1))
        if again:
            recompute(model)
        gradients = Gradients(stage, model, 1)
        found.append((gradients.of(units).loss, [p.grad for p in model.parameters()]))
        passes.append(len(times) - 1)
    assert found[0][0] == found[1][0] and passes[1] == 2 * passes[0]
    assert all(torch.equal(a, b) for a, b in zip(found[0][1], found[1][1], strict=True))
