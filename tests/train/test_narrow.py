"""Logits and the last feed-forward part at target positions only: the same log-probabilities and gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Olmo2Config,
    Olmo2ForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from komainu.train import head
from komainu.train.attention import FLAT
from komainu.train.flat import flatten, target_logps
from komainu.train.narrow import narrow, narrowed
from komainu.train.render import Tokens

SHAPE: dict[str, Any] = {
    "vocab_size": 50,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}
UNITS = [(Tokens("a", [1, 2, 3, 4, 5, 6], [False] * 3 + [True] * 3),), (Tokens("b", [7, 8, 9], [False, True, True]),)]


def pair(kind: Any, config: Any, tied: bool) -> tuple[Any, Any]:
    """A model as it is, and a narrow one with the same weights."""
    made = []
    for _ in range(2):
        torch.manual_seed(0)
        settings = config(**SHAPE, tie_word_embeddings=tied)
        settings._attn_implementation = FLAT
        made.append(kind(settings).float())
    narrow(made[1])
    return made[0], made[1]


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("even", [False, True])
@pytest.mark.parametrize("chunk, kept", [(1 << 22, 1 << 24), (100, 1 << 24), (100, 0)])
@pytest.mark.parametrize(
    "kind, config",
    [
        (LlamaForCausalLM, LlamaConfig),
        (Qwen2ForCausalLM, Qwen2Config),
        (Qwen3ForCausalLM, Qwen3Config),
        (MistralForCausalLM, MistralConfig),
    ],
)
def test_a_narrow_model_gives_the_same_log_probabilities_and_gradients(
    kind: Any, config: Any, tied: bool, even: bool, chunk: int, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head, "CHUNK", chunk)
    monkeypatch.setattr(head, "KEPT", kept)
    plain, narrower = pair(kind, config, tied)
    assert narrowed(narrower) and not narrowed(plain)
    flat = flatten(UNITS, torch.device("cpu"))
    slopes = torch.ones(5) if even else torch.tensor([1.0, -2.0, 0.5, 3.0, 1.5])
    found = [target_logps(plain, flat), target_logps(narrower, flat, even=even)]
    assert torch.allclose(found[0], found[1], atol=1e-6)
    for logps in found:
        torch.autograd.backward((0.3 * slopes * logps).sum())
    for one, other in zip(plain.parameters(), narrower.parameters(), strict=True):
        assert torch.allclose(one.grad, other.grad, atol=1e-6)


def test_a_model_that_computes_otherwise_is_left_as_it_is() -> None:
    plain, same = pair(Olmo2ForCausalLM, Olmo2Config, False)
    assert not narrowed(same)
    flat = flatten(UNITS, torch.device("cpu"))
    assert torch.equal(target_logps(plain, flat), target_logps(same, flat))


def test_a_loss_that_is_not_even_is_not_taken_for_one() -> None:
    _, narrower = pair(LlamaForCausalLM, LlamaConfig, False)
    logps = target_logps(narrower, flatten(UNITS, torch.device("cpu")), even=True)
    with pytest.raises(AssertionError, match="weighs its targets differently"):
        torch.autograd.backward((torch.arange(5) * logps).sum())
