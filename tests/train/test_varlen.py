"""Attention on a GPU, as far as a CPU can show it: one call for all segments, and what stands in for it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.attention import varlen as kernels

from komainu.train import attention, varlen, weights
from komainu.train.attention import FLAT, in_blocks, over_blocks
from komainu.train.base import Fit
from komainu.train.checkpoint import load_checkpoint, save_checkpoint
from komainu.train.flat import flatten, sequence_sums, target_logps
from komainu.train.narrow import narrowed
from komainu.train.optim import make_optimizer
from komainu.train.pieces import Segment
from komainu.train.precision import mixed
from komainu.train.varlen import TRIED, Heads, Ragged, differs
from tests.train.test_prefix import CPU, PAIR, alone, document, small

TREE = [Segment(0, 5), Segment(5, 3, 0, 5), Segment(8, 2, 0, 5), Segment(10, 4)]
HEADS = Heads(4, 2, 8)


def by_hand(q: Any, k: Any, v: Any, ends: Any, key_ends: Any, *more: Any, aligned: bool = True, **how: Any) -> Any:
    """What varlen_attn is documented to give, a segment at a time; else with causal queries at the wrong end."""
    assert how["window_size"] == (-1, 0) and how["enable_gqa"] == (q.shape[1] != k.shape[1])
    assert more == (int(ends.diff().max()), int(key_ends.diff().max()))
    assert ends.dtype == key_ends.dtype == torch.int32
    k, v = (t.repeat_interleave(q.shape[1] // t.shape[1], 1) for t in (k, v))
    outs = []
    for (a, b), (c, d) in zip(pairwise(ends.tolist()), pairwise(key_ends.tolist()), strict=True):
        mask = torch.ones(b - a, d - c, dtype=torch.bool).tril(d - c - (b - a) if aligned else 0)
        q1, k1, v1 = (t.transpose(0, 1) for t in (q[a:b], k[c:d], v[c:d]))
        outs.append(F.scaled_dot_product_attention(q1, k1, v1, attn_mask=mask, scale=how["scale"]).transpose(0, 1))
    return torch.cat(outs)


@pytest.fixture
def trusted() -> Iterator[None]:
    """As on a GPU on which the kernel is right; it takes float32 here, so that numbers can be compared."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(varlen, "varlen_attn", by_hand)
        patch.setattr(varlen, "HALVES", (torch.float32,))
        patch.setattr(varlen, "TRUSTED", {Heads(4, n, 4) for n in (1, 2, 4)})
        patch.setattr(attention, "SHORT", 1 << 30)  # not in pieces
        yield


@pytest.mark.usefixtures("trusted")
@settings(max_examples=20)
@given(st.lists(PAIR, min_size=1, max_size=5), st.sampled_from([1, 2, 4]))
def test_one_call_for_all_segments_gives_the_sums_and_gradients_of_each_document_alone(
    pairs: list[tuple[list[int], list[int], list[int]]], kv_heads: int
) -> None:
    units = [(document(p + c, len(p)), document(p + r, len(p))) for p, c, r in pairs]
    model, plain = small(FLAT, kv_heads), small("eager", kv_heads)
    flat = flatten(units, CPU)
    wanted = torch.stack([alone(plain, each) for unit in units for each in unit])
    signs = torch.tensor([1.0, -0.5] * len(units), dtype=torch.float64)
    with narrowed(model, flat.rows):
        sums = sequence_sums(target_logps(model, flat), flat)
        torch.autograd.backward((sums * signs).sum())
    assert "ragged" in vars(flat.layout) and "blocks" not in vars(flat.layout), "attention took the kernel"
    assert torch.allclose(sums, wanted, atol=1e-4)
    torch.autograd.backward((wanted * signs).sum())
    for mine, theirs in zip(model.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(mine.grad, theirs.grad, atol=1e-4)


def test_an_answers_keys_are_its_prompts_and_then_its_own() -> None:
    found = Ragged.of(TREE, CPU)
    assert found.ends.tolist() == [0, 5, 8, 10, 14] and found.key_ends.tolist() == [0, 5, 13, 20, 24]
    assert found.keys is not None and found.keys.tolist() == [
        *range(5), *range(5), 5, 6, 7, *range(5), 8, 9, 10, 11, 12, 13
    ]  # fmt: skip
    assert (found.longest, found.most) == (5, 8)
    assert Ragged.of([Segment(0, 3), Segment(3, 2)], CPU).keys is None, "nothing is copied where nothing is shared"


def test_torchs_operator_takes_what_it_is_given_and_gives_gradients_of_the_same_shapes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Shapes and types alone: on a CPU the operator computes nothing."""
    monkeypatch.setattr(varlen, "dtype_of", lambda tensor: tensor.dtype)
    given = [torch.empty(1, n, 14, 8, device="meta", dtype=torch.bfloat16, requires_grad=True) for n in (4, 2, 2)]
    found = varlen.attend(given[0], given[1], given[2], Ragged.of(TREE, torch.device("meta")), 0.25)
    assert (found.shape, found.dtype) == ((1, 14, 4, 8), torch.bfloat16)
    torch.autograd.backward(found.sum())
    assert [t.grad.shape for t in given if t.grad is not None] == [t.shape for t in given]


def test_a_kernel_is_taken_where_it_is_right_on_this_machine_and_not_where_it_is_wrong_or_not_there(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(varlen, "TRUSTED", set[Heads]())
    config = small(FLAT).config
    monkeypatch.setattr(varlen, "varlen_attn", lambda *a, **how: by_hand(*a, **how, aligned=False))
    assert "its values differ" in differs(HEADS, CPU)
    monkeypatch.setattr(varlen, "varlen_attn", lambda *a, **how: Twisted.apply(by_hand(*a, **how)))  # type: ignore[no-untyped-call]
    assert "its gradient of q differ" in differs(HEADS, CPU)
    with caplog.at_level(logging.WARNING, "komainu"), monkeypatch.context() as patch:
        patch.setattr(varlen, "varlen_attn", kernels.varlen_attn)  # PyTorch's own, which no CPU has
        varlen.prove(config, CPU)
    assert not varlen.TRUSTED and "attention is computed in blocks" in caplog.text
    monkeypatch.setattr(varlen, "varlen_attn", by_hand)
    varlen.prove(config, CPU)
    assert {Heads(4, 2, 4)} == varlen.TRUSTED


def test_under_autocast_the_kernel_is_given_one_precision_whatever_rotation_made_of_queries(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    q, k, v = (torch.randn(1, n, 14, 8) for n in (4, 2, 2))
    kinds: list[set[torch.dtype]] = []

    def seen(q: Any, k: Any, v: Any, *a: Any, **how: Any) -> Any:
        kinds.append({q.dtype, k.dtype, v.dtype})
        return by_hand(q, k, v, *a, **how)

    monkeypatch.setattr(varlen, "varlen_attn", seen)
    monkeypatch.setattr(varlen, "TRUSTED", {HEADS})
    assert not varlen.taken(q, k), "float32 alone is not for it"
    with torch.autocast("cpu", torch.bfloat16):
        assert varlen.taken(q, k)
        varlen.attend(q, k, v.bfloat16(), Ragged.of(TREE, CPU), None)
    assert kinds == [{torch.bfloat16}]


class Twisted(torch.autograd.Function):
    """The same value with another gradient."""

    @staticmethod
    def forward(ctx: Any, value: torch.Tensor) -> torch.Tensor:
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> torch.Tensor:
        return slopes[0] * 1.2


def test_bfloat16_is_within_the_limit_and_one_key_too_many_far_beyond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(varlen, "varlen_attn", by_hand)
    assert differs(Heads(8, 2, 64), CPU) == ""
    monkeypatch.setattr(varlen, "TRIED", (Segment(0, 40), Segment(40, 24, 0, 40), Segment(64, 17, 1, 39), TRIED[3]))
    wider = Ragged.of(TRIED, CPU)
    monkeypatch.setattr(Ragged, "of", lambda *a: wider)
    assert "differ" in differs(Heads(8, 2, 64), CPU)


def test_blocks_give_the_same_whether_keys_are_repeated_as_on_a_gpu_or_not(monkeypatch: pytest.MonkeyPatch) -> None:
    q, k, v = (torch.randn(1, n, 14, 8, generator=torch.Generator().manual_seed(n)) for n in (4, 2, 3))
    v = v[:, :2]
    asked: list[bool] = []
    plain = F.scaled_dot_product_attention

    def seen(*a: Any, **how: Any) -> Any:
        asked.append(how["enable_gqa"])
        return plain(*a, **how)

    monkeypatch.setattr(F, "scaled_dot_product_attention", seen)
    here = over_blocks(q, k, v, in_blocks(TREE, CPU), None)
    assert any(asked)
    asked.clear()
    monkeypatch.setattr(attention, "cheap", lambda *_: False)
    assert torch.allclose(over_blocks(q, k, v, in_blocks(TREE, CPU), None), here, atol=1e-6)
    assert asked and not any(asked)


def test_a_model_that_ranks_are_to_share_is_not_first_put_on_one_gpu_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    model, moved = small("eager"), list[str]()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(weights, "prove", lambda *_: None)
    monkeypatch.setattr(model, "to", moved.append)
    assert weights.for_training(model, waits=True) is model and not moved
    weights.for_training(model)
    assert moved == ["cuda"]


def test_no_copy_of_a_weight_outlives_its_layer() -> None:
    with mixed(CPU):
        assert not torch.is_autocast_cache_enabled()
    with mixed(CPU, kept=True):
        assert torch.is_autocast_cache_enabled()


def test_a_checkpoint_puts_all_of_an_optimisers_state_on_the_device_of_its_parameter(tmp_path: Path) -> None:
    """A fused optimiser on a GPU reads its step there; one that lies in the machine's memory ends the process."""
    fit = Fit(lr=1e-3)
    model = small(FLAT)
    optimizer = make_optimizer(model, fit)
    for p in model.parameters():
        p.grad = torch.ones_like(p)
    optimizer.step()
    save_checkpoint(tmp_path, model, optimizer, 1)
    elsewhere = small(FLAT).to("meta")
    resumed = make_optimizer(elsewhere, fit)
    assert load_checkpoint(tmp_path, elsewhere, resumed, tmp_path / "metrics.jsonl") == 1
    states = [value for state in resumed.state.values() for value in state.values()]
    assert len(states) == 3 * len([*model.parameters()])
    assert {value.device.type for value in states} == {"meta"}
