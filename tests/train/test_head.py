"""Log-probabilities in chunks: those of the whole logits, and the same gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformers import (
    GraniteConfig,
    GraniteForCausalLM,
    LlamaConfig,
    LlamaForCausalLM,
    Olmo2Config,
    Olmo2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from komainu.train import flat as flats
from komainu.train import head
from komainu.train.attention import FLAT
from komainu.train.flat import flatten, target_logps
from komainu.train.head import is_last
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
CPU = torch.device("cpu")


def model(kind: Any, config: Any, **changed: Any) -> Any:
    torch.manual_seed(0)
    settings = config(**SHAPE, **changed)
    settings._attn_implementation = FLAT
    return kind(settings).float()


def whole(made: Any, monkeypatch: pytest.MonkeyPatch) -> torch.Tensor:
    """From all logits at once."""
    with monkeypatch.context() as patch:
        patch.setattr(flats, "is_last", lambda model: False)
        return target_logps(made, flatten(UNITS, CPU))


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("even", [False, True])
@pytest.mark.parametrize("chunk, kept", [(1 << 22, 1 << 24), (100, 1 << 24), (100, 0)])
@pytest.mark.parametrize(
    "kind, config",
    [(LlamaForCausalLM, LlamaConfig), (Qwen3ForCausalLM, Qwen3Config), (Olmo2ForCausalLM, Olmo2Config)],
)
def test_chunks_give_the_log_probabilities_and_gradients_of_the_whole(
    kind: Any, config: Any, tied: bool, even: bool, chunk: int, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head, "CHUNK", chunk)
    monkeypatch.setattr(head, "KEPT", kept)
    one, other = (model(kind, config, tie_word_embeddings=tied) for _ in range(2))
    slopes = torch.ones(5) if even else torch.tensor([1.0, -2.0, 0.5, 3.0, 1.5])
    found = [whole(one, monkeypatch), target_logps(other, flatten(UNITS, CPU), even=even)]
    assert torch.allclose(found[0], found[1], atol=1e-6) and is_last(other)
    for logps in found:
        torch.autograd.backward((0.3 * slopes * logps).sum())
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.allclose(a.grad, b.grad, atol=1e-6)
    assert "forward" not in vars(other.get_output_embeddings())


def test_all_logits_never_exist_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(head, "CHUNK", 100)
    sizes: list[int] = []
    most = torch.Tensor.amax

    def seen(logits: torch.Tensor, *dims: Any, **how: Any) -> torch.Tensor:
        sizes.append(logits.numel())
        return most(logits, *dims, **how)

    monkeypatch.setattr(torch.Tensor, "amax", seen)
    target_logps(model(LlamaForCausalLM, LlamaConfig), flatten(UNITS, CPU), even=True)
    assert sizes == [100, 100, 50]


def test_a_model_that_scales_its_logits_has_them_whole() -> None:
    made = model(GraniteForCausalLM, GraniteConfig, logits_scaling=3.0)
    flat = flatten(UNITS, CPU)
    assert not is_last(made)
    logits = made(input_ids=flat.ids, position_ids=flat.layout.positions, flat=flat.layout, use_cache=False).logits[0]
    wanted = logits[flat.rows].log_softmax(-1).gather(1, flat.targets[:, None])[:, 0]
    assert torch.allclose(target_logps(made, flat), wanted, atol=1e-6)


def test_one_that_is_taken_for_another_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flats, "is_last", lambda model: True)
    with pytest.raises(AssertionError, match="does something with its logits"):
        target_logps(model(GraniteForCausalLM, GraniteConfig, logits_scaling=3.0), flatten(UNITS, CPU))


def test_a_loss_that_is_not_even_is_not_taken_for_one() -> None:
    logps = target_logps(model(LlamaForCausalLM, LlamaConfig), flatten(UNITS, CPU), even=True)
    with pytest.raises(AssertionError, match="weighs its targets differently"):
        torch.autograd.backward((torch.arange(5) * logps).sum())
