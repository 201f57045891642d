"""What the two answers to a prompt begin with alike is computed once, and nothing else changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import LlamaConfig, LlamaForCausalLM

from komainu.train import attention, pieces
from komainu.train.attention import FLAT
from komainu.train.base import Unit
from komainu.train.batches import micro_batches, runs
from komainu.train.flat import flatten, laid, sequence_sums, shared, target_logps
from komainu.train.narrow import narrowed
from komainu.train.render import Tokens

CPU = torch.device("cpu")


def document(ids: Sequence[int], prompt: int) -> Tokens:
    return Tokens("d", [*ids], [i >= prompt for i in range(len(ids))])


def small(attention: str, kv_heads: int = 2) -> Any:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=50,
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=kv_heads,
        max_position_embeddings=64,
        tie_word_embeddings=False,
    )
    config._attn_implementation = attention
    return LlamaForCausalLM(config).float()


IDS = st.lists(st.integers(0, 49), min_size=1, max_size=9)
PAIR = st.tuples(IDS, IDS, IDS)


@settings(max_examples=40, deadline=None)
@given(st.lists(PAIR, min_size=1, max_size=6), st.sampled_from([1, 2, 4]), st.sampled_from([0, 3, 128]))
def test_log_probabilities_and_gradients_equal_those_of_each_document_alone(
    pairs: list[tuple[list[int], list[int], list[int]]], kv_heads: int, piece: int
) -> None:
    units = [(document(p + c, len(p)), document(p + r, len(p))) for p, c, r in pairs]
    model, plain = small(FLAT, kv_heads), small("eager", kv_heads)
    with pytest.MonkeyPatch.context() as patch:
        if piece:  # else in blocks
            patch.setattr(attention, "SHORT", 0)
            patch.setattr(pieces, "PIECE", piece)
        flat = flatten(units, CPU)
    assert bool(flat.layout.pieces) == bool(piece)
    wanted = torch.stack([alone(plain, each) for unit in units for each in unit])
    signs = torch.tensor([1.0, -0.5] * len(units), dtype=torch.float64)
    with narrowed(model, flat.rows):
        sums = sequence_sums(target_logps(model, flat), flat)
        torch.autograd.backward((sums * signs).sum())
    assert torch.allclose(sums, wanted, atol=1e-4)
    torch.autograd.backward((wanted * signs).sum())
    for mine, theirs in zip(model.parameters(), plain.parameters(), strict=True):
        assert torch.allclose(mine.grad, theirs.grad, atol=1e-4)


def alone(model: Any, each: Tokens) -> torch.Tensor:
    logps = model(input_ids=torch.tensor([each.ids])).logits[0].log_softmax(-1)
    found = [logps[i - 1, t] for i, t in enumerate(each.ids) if i and each.trained[i]]
    return torch.stack(found).double().sum() if found else torch.zeros((), dtype=torch.float64)


def test_a_prompt_is_laid_down_once_and_ends_where_answers_part_or_training_begins() -> None:
    assert shared((document([1, 2, 3, 4, 5], 3), document([1, 2, 3, 4, 6], 3))) == 3  # the fourth is a target
    assert shared((document([1, 2, 3, 4], 3), document([1, 2, 9, 4], 3))) == 2  # a token that merges both
    assert shared((document([1, 2, 3], 3), document([1, 2, 3, 4], 3))) == 2  # one ends: it keeps a token
    assert shared((document([1, 2], 1),)) == 0
    unit = (document([1, 2, 3, 4, 5], 3), document([1, 2, 3, 7], 3))
    assert laid(unit) == 6 and flatten([unit, unit], CPU).tokens == 12
    assert flatten([unit], CPU).layout.positions.tolist() == [[0, 1, 2, 3, 4, 3]]


def test_the_last_layer_leaves_out_what_no_target_follows() -> None:
    units = [(document(range(300), 290), document([*range(290), 7, 8], 290)), (document(range(200), 1),)]
    placed = flatten(units, CPU).layout
    assert placed.pieces and placed.last
    left_out = {*placed.pieces.pieces} - {*placed.last.pieces}
    assert [(p.start, p.length) for p in sorted(left_out)] == [(0, 128), (128, 128)]


def test_units_of_one_document_need_no_mask() -> None:
    flat = flatten([(document([1, 2, 3], 1),), (document([4, 5], 1),)], CPU)
    assert all(block.mask is None for block in flat.layout.blocks.blocks)


def test_micro_batches_count_a_shared_beginning_once() -> None:
    unit = Unit("pair", (document([1, 2, 3, 4], 3), document([1, 2, 3, 5], 3)))
    assert [*runs([unit] * 4, 10)] == [[unit] * 2] * 2 == micro_batches([unit] * 4, 10)
