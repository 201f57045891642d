"""The last feed-forward part sees only the positions whose logits are needed, on the way there and back."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM, Olmo2Config, Olmo2ForCausalLM

from komainu.train.attention import FLAT
from komainu.train.flat import flatten, target_logps
from komainu.train.narrow import narrowed
from komainu.train.render import Tokens

SHAPE: dict[str, Any] = {
    "vocab_size": 50,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
}
PAIR = (
    Tokens("c", [1, 2, 3, 4, 5, 6], [False] * 4 + [True] * 2),
    Tokens("r", [1, 2, 3, 4, 7], [False] * 4 + [True]),
)


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("kind, config", [(LlamaForCausalLM, LlamaConfig), (Olmo2ForCausalLM, Olmo2Config)])
def test_the_log_probabilities_and_the_gradient_stay(kind: Any, config: Any, again: bool) -> None:
    flat = flatten([PAIR], torch.device("cpu"))
    assert flat.rows.tolist() == [3, 4, 3]  # the answers' first tokens are told by one position
    torch.manual_seed(0)
    settings = config(**SHAPE)
    settings._attn_implementation = FLAT
    model = kind(settings).float().train()
    if again:
        model.activation_checkpointing_enable({"use_reentrant": False})
    seen: list[int] = []
    for layer in model.model.layers:
        layer.mlp.gate_proj.register_forward_hook(lambda module, given, out: seen.append(given[0].shape[1]))

    def made() -> list[torch.Tensor]:
        model.zero_grad()
        logps = target_logps(model, flat)
        torch.autograd.backward((logps * torch.tensor([1.0, -2.0, 0.5])).sum())
        return [logps, *(p.grad for p in model.parameters())]

    whole = made()
    assert set(seen) == {7}
    seen.clear()
    with narrowed(model, flat.rows):
        found = made()
    assert seen == [7, 2] + ([2, 7] if again else [])
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(whole, found, strict=True))
    seen.clear()
    made()
    assert set(seen) == {7}
