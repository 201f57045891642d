"""AdamW with its moments in 8 bits: whose numbers these are, and that ranks and stops change none of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from bitsandbytes.optim import AdamW8bit as Published
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import Shard, distribute_tensor
from transformers import LlamaConfig, LlamaForCausalLM

from komainu.context import Group
from komainu.train.adamw8bit import AdamW8bit
from komainu.train.adapter import Adapter
from komainu.train.architecture import Architecture
from komainu.train.base import Fit
from komainu.train.lora import Attached
from komainu.train.memory import PAGES, Run, needed
from komainu.train.optim import make_optimizer
from komainu.train.ranks import joined
from komainu.train.sft import SFT
from komainu.train.shards import local
from tests.train.gang import gang, killed
from tests.train.test_ranks import losses, trained
from tests.train.world import Chats, base, context
from tests.train.worlds import WIDE

HOW: dict[str, Any] = {"lr": 1e-2, "betas": (0.9, 0.99), "eps": 1e-8}


def sft(**fit: Any) -> SFT:
    how = {"lr": 1e-3, "global_batch": 8, "steps": 6, "weight_decay": 0.1, "optimizer": "adamw8bit", **fit}
    return SFT(model=replace(base(), shape=WIDE), data=Chats(), fit=Fit(**how))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("store")
    ctx = context(root)
    for stage in sft().inputs.values():
        ctx.store.build(stage, ctx)
    return root


def drawn(rows: int, steps: int = 4) -> Iterator[torch.Tensor]:
    """Weights, then gradients, some rows of them far larger than others."""
    dice = torch.Generator().manual_seed(rows)
    for _ in range(steps + 1):
        yield torch.randn(rows, 512, generator=dice) * 10 ** torch.randn(rows, 1, generator=dice)


def test_the_update_is_that_of_the_published_optimiser_to_the_bit() -> None:
    weights, *gradients = drawn(3000)  # more rows than are taken at a time
    ours, theirs = (torch.nn.Parameter(weights.clone()) for _ in range(2))
    mine = AdamW8bit([{"params": [ours], "weight_decay": 0.1}], set(), **HOW)
    published = Published([theirs], weight_decay=0.1, **HOW)
    for gradient in gradients:
        ours.grad, theirs.grad = gradient.clone(), gradient.clone()
        mine.step()
        published.step()
    assert torch.equal(ours, theirs) and not torch.equal(ours, weights)


def stepped(rows: int, group: Group, file: Path) -> None:
    """Steps with given gradients; the rank leaves its rows of the weights and of the state in a file."""
    weights, *gradients = drawn(rows)
    with joined(group, sharded=True) as ranks:
        mesh = init_device_mesh("cpu", (ranks.size,)) if ranks.sharded else None

        def cut(whole: torch.Tensor) -> torch.Tensor:
            return distribute_tensor(whole, mesh, [Shard(0)]) if mesh else whole

        p = torch.nn.Parameter(cut(weights))
        optimizer = AdamW8bit([{"params": [p], "weight_decay": 0.1}], set(), **HOW)
        for gradient in gradients:
            p.grad = cut(gradient)
            optimizer.step()
        state = {k: v for k, v in optimizer.state[p].items() if k != "step"}
        here = {k: local(v.detach()).contiguous() for k, v in {"weights": p, **state}.items()}
        save_file(here, file / str(group.rank))


@pytest.mark.parametrize("rows", [64, 10, 3])  # even shards, uneven ones, a rank without any
def test_four_ranks_hold_the_codes_scales_and_weights_of_one(rows: int, tmp_path: Path) -> None:
    stepped(rows, Group(), tmp_path)
    whole = load_file(tmp_path / "0")
    gang(4, tmp_path / "out", lambda group: stepped(rows, group, tmp_path))
    shards = [load_file(tmp_path / str(rank)) for rank in range(4)]
    assert whole.keys() == {"weights", "moment1", "moment2", "scale1", "scale2"}
    assert all(torch.equal(torch.cat([shard[name] for shard in shards]), whole[name]) for name in whole)
    assert whole["moment1"].dtype == torch.uint8 and whole["scale1"].shape == (rows, 2)


def llama(tied: bool, **sizes: int) -> LlamaForCausalLM:
    shape = {"hidden_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2}
    given: dict[str, Any] = {**shape, "intermediate_size": 320, "vocab_size": 100, **sizes}
    return LlamaForCausalLM(LlamaConfig(**given, tie_word_embeddings=tied))


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("sizes", [{}, {"intermediate_size": 512}, {"hidden_size": 128}])
@pytest.mark.parametrize("rank", [0, 4, 256])
def test_the_state_takes_the_bytes_that_a_plan_says(tied: bool, sizes: dict[str, int], rank: int) -> None:
    model = llama(tied, **sizes)
    adapter = Adapter(rank=rank) if rank else None
    if adapter:
        Attached(model, adapter, 0)
    optimizer = make_optimizer(model, Fit(lr=1e-3, optimizer="adamw8bit"))
    for p in model.parameters():
        p.grad = torch.ones_like(p) if p.requires_grad else None
    optimizer.step()
    matrices = [s for p, s in optimizer.state.items() if p.ndim == 2]
    held = sum(v.nbytes for state in matrices for k, v in state.items() if k != "step")
    run = Run(tokens=8, targets=1.0, several=True, gpu=False, optimizer="adamw8bit", adapter=adapter)
    said = needed(Architecture.of_config(model.config.to_dict(), "config.json"), run).optimiser
    assert held == pytest.approx(said / PAGES)


def test_embeddings_vectors_and_narrow_matrices_keep_float32() -> None:
    model = llama(False)
    optimizer = make_optimizer(model, Fit(lr=1e-3, optimizer="adamw8bit"))
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    optimizer.step()
    names = {id(p): name for name, p in model.named_parameters()}
    eight = {names[id(p)] for p, state in optimizer.state.items() if "moment1" in state}
    layer = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj", "mlp.gate_proj")
    inner = {f"model.layers.{n}.{name}.weight" for n in range(2) for name in (*layer, "mlp.up_proj")}
    assert eight == inner | {"lm_head.weight"}  # down_proj has rows of 320
    assert {p.dtype for p in model.parameters()} == {torch.float32}


def test_a_checkpoint_holds_eight_bits_and_one_process_goes_on_from_it_to_the_same_bits(
    built: Path, tmp_path: Path
) -> None:
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    trained(sft(), built, whole, Group(), False)
    trained(sft(), built, cut, Group(), False, stop_after=3)
    (file,) = cut.glob(".work/step-00000003/*")
    with safe_open(file, "pt") as held:
        kinds = {key: held.get_tensor(key).dtype for key in held.keys()}  # noqa: SIM118
    assert sum(kind == torch.uint8 for kind in kinds.values()) == 2 * 7
    assert all("moment" in key for key, kind in kinds.items() if kind == torch.uint8)
    trained(sft(), built, cut, Group(), False)
    assert (whole / "model.safetensors").read_bytes() == (cut / "model.safetensors").read_bytes()
    assert losses(whole) == losses(cut)


def test_four_ranks_with_shards_killed_at_any_moment_end_with_the_same_bits(built: Path, tmp_path: Path) -> None:
    stage, whole, cut = sft(steps=20), tmp_path / "whole", tmp_path / "cut"
    gang(4, tmp_path / "a", lambda group: trained(stage, built, whole, group, True))
    killed(4, tmp_path / "b", lambda group: trained(stage, built, cut, group, True, every=0.0), cut / ".work")
    assert not (cut / "metrics.jsonl").exists()
    gang(4, tmp_path / "c", lambda group: trained(stage, built, cut, group, True))
    assert (whole / "model.safetensors").read_bytes() == (cut / "model.safetensors").read_bytes()
    assert losses(whole) == losses(cut)


def test_four_ranks_learn_what_one_does_also_from_a_checkpoint_of_three(built: Path, tmp_path: Path) -> None:
    alone, four, changed = tmp_path / "alone", tmp_path / "four", tmp_path / "changed"
    trained(sft(), built, alone, Group(), False)
    gang(4, tmp_path / "a", lambda group: trained(sft(), built, four, group, True))
    gang(3, tmp_path / "b", lambda group: trained(sft(), built, changed, group, True, stop_after=3))
    gang(2, tmp_path / "c", lambda group: trained(sft(), built, changed, group, False))
    wanted = load_file(alone / "model.safetensors")
    for out in (four, changed):
        assert losses(out) == pytest.approx(losses(alone), abs=1e-5)
        found = load_file(out / "model.safetensors")
        assert all(torch.allclose(found[name], wanted[name], atol=1e-4) for name in wanted)


def test_it_learns_as_adamw_does(built: Path, tmp_path: Path) -> None:
    found = {}
    for optimizer in ("adamw", "adamw8bit"):
        trained(sft(optimizer=optimizer, steps=30), built, tmp_path / optimizer, Group(), False)
        found[optimizer] = losses(tmp_path / optimizer)
    assert found["adamw"] != found["adamw8bit"]
    assert found["adamw8bit"] == pytest.approx(found["adamw"], abs=0.05)
    assert found["adamw8bit"][-1] < found["adamw8bit"][0] / 2


def test_what_it_needs_is_told_before_training(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [*sft().check()] == []
    monkeypatch.setattr("komainu.train.base.find_spec", lambda _: None)
    assert [*sft().check()] == ["SFT.fit.optimizer needs bitsandbytes: pip install 'komainu[quantised]'"]
    assert [*sft(optimizer="adamw").check()] == []
