"""Model FLOPs utilisation: the operations are those of a plain pass, and trainings tell it where a device is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import LlamaConfig, LlamaForCausalLM

from komainu.settings import Training
from komainu.train.architecture import Architecture
from komainu.train.base import Unit
from komainu.train.render import Tokens
from komainu.train.usage import Usage, looks
from tests.train.test_train import sft
from tests.train.world import context

SIZES = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2}
CONFIG = LlamaConfig(**SIZES, intermediate_size=80, vocab_size=50, attn_implementation="eager")
HERE = Architecture.of_config(CONFIG.to_dict(), "here")


def document(n: int, targets: int) -> Tokens:
    return Tokens("a", [*range(1, n + 1)], [False] * (n - targets) + [True] * targets)


def test_the_operations_are_those_of_a_plain_pass_less_what_causality_spares() -> None:
    n = 12
    model = LlamaForCausalLM(CONFIG)
    with FlopCounterMode(display=False) as counter:
        model(torch.arange(1, n + 1)[None]).logits.sum().backward()
    whole = 3 * 3 * 4 * 32  # passes x layers x two products of 2 operations x units, for each token looked back at
    unit = Unit("a", (Tokens("a", [*range(1, n + 1)], [True] * n),))  # logits everywhere, as a plain pass has
    spared = whole * (n * n - looks(n))
    rest = 3 * 2 * HERE.table * 1  # the first token is no target
    assert Usage(HERE, 3, 1.0).operations([unit]) == pytest.approx(counter.get_total_flops() - spared - rest)


def test_a_prompt_that_answers_share_counts_once() -> None:
    use = Usage(HERE, 3, 1.0)
    prompt = [*range(1, 9)]
    long, short = (Tokens("a", prompt + more, [False] * 8 + [True] * len(more)) for more in ([20, 21, 22], [30]))
    together = use.operations([Unit("a", (long, short))])
    apart = use.operations([Unit("a", (long,)), Unit("b", (short,))])
    alone = 3 * 8 * HERE.forward(looks(8) / 8, 0.0)
    assert together == pytest.approx(apart - alone)


def test_a_share_is_of_all_devices_and_of_the_time_it_took() -> None:
    unit = Unit("a", (document(10, 4),))
    one = Usage(HERE, 3, 1e6).share([unit], 2.0)
    assert one == pytest.approx(2 * Usage(HERE, 3, 2e6).share([unit], 2.0)) and one > 0
    assert Usage(HERE, 3, 1e6).share([unit], 4.0) == pytest.approx(one / 2)


@pytest.mark.parametrize("device", ["", "h200"])
def test_metrics_have_it_where_the_settings_name_a_device(tmp_path: Path, device: str) -> None:
    ctx = context(tmp_path, train=Training(device=device))  # type: ignore[arg-type]
    path = ctx.store.build(sft(steps=2), ctx).path
    lines = [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
    assert all(("mfu" in line) == bool(device) for line in lines)
    assert not device or all(0 <= line["mfu"] < 0.01 for line in lines)
