"""Linear layers through oneDNN: what a plain layer gives, and the same gradient."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import nn
from transformers import Qwen2Config, Qwen2ForCausalLM

from komainu.environment import bare
from komainu.train import dense
from komainu.train.dense import through_onednn

SHAPE: dict[str, Any] = {
    "vocab_size": 50,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}


def pair(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    """A model (Qwen 2 has biases at some layers) as it is, and one whose layers are all large enough."""
    torch.manual_seed(0)
    plain = Qwen2ForCausalLM(Qwen2Config(**SHAPE)).float()
    for name, parameter in plain.named_parameters():
        if name.endswith("bias"):
            nn.init.normal_(parameter)  # a bias of zeros would hide that it is lost
    made = Qwen2ForCausalLM(Qwen2Config(**SHAPE)).float()
    made.load_state_dict(plain.state_dict())
    monkeypatch.setattr(dense, "WORTH", 0)
    through_onednn(made)
    return plain, made


@pytest.mark.parametrize("frozen", [False, True])
def test_a_models_outputs_and_gradients_are_those_of_plain_layers(
    frozen: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = pair(monkeypatch)
    ids = torch.tensor([[1, 2, 3, 4, 5, 6, 7]])
    outputs = []
    for model in models:
        if frozen:
            for layer in (m for m in model.modules() if type(m) is nn.Linear):
                layer.requires_grad_(False)
        outputs.append(model(input_ids=ids).logits)
        torch.autograd.backward((outputs[-1] * torch.arange(50.0)).sum())
    assert torch.allclose(outputs[0], outputs[1], atol=1e-5)
    for plain, made in zip(*(m.parameters() for m in models), strict=True):
        assert (plain.grad is None) == (made.grad is None) == (not plain.requires_grad)
        assert plain.grad is None or torch.allclose(plain.grad, made.grad, rtol=1e-4, atol=1e-3)


def test_every_large_layer_but_the_output_embeddings_is_computed_so(monkeypatch: pytest.MonkeyPatch) -> None:
    plain, made = pair(monkeypatch)
    changed = {name for name, module in made.named_modules() if "forward" in vars(module)}
    linear = {name for name, module in plain.named_modules() if type(module) is nn.Linear}
    assert changed == linear - {"lm_head"} and made.state_dict().keys() == plain.state_dict().keys()
    monkeypatch.setattr(dense, "WORTH", 1 << 27)
    through_onednn(plain)
    assert not any("forward" in vars(module) for module in plain.modules())


GROWTH = """
import torch
from komainu.train.dense import product, through_onednn

def held():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6

model = torch.nn.Sequential(torch.nn.Linear(256, 1024))
model.get_output_embeddings = lambda: None
through_onednn(model)
weight = model[0].weight.detach()
product(torch.randn(1800, 256), weight)
before = held()
for rows in range(520, 1800, 4):
    product(torch.randn(rows, 256), weight)
print(held() - before)
"""


def test_memory_does_not_grow_with_every_new_number_of_rows() -> None:
    told = subprocess.run(
        [sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True, env=bare(OMP_NUM_THREADS="1")
    )
    assert float(told.stdout) < 500, "MB; with every kernel kept it is 1,500"
