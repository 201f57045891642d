"""What a plan says of trainings: sizes are those of the real models, published runs lie within its ranges."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from komainu.cost import Range
from komainu.errors import UsageError
from komainu.plan import plan
from komainu.rows import Chat, Message, Row
from komainu.settings import DeviceName, Settings, Training
from komainu.stage import Stage
from komainu.store import DERIVED
from komainu.train.adapter import Adapter
from komainu.train.architecture import Architecture
from komainu.train.base import Fit
from komainu.train.devices import DEVICES
from komainu.train.memory import Run, needed
from komainu.train.sft import SFT
from komainu.workload import Workload, Workloads
from komainu.workload.lengths import Lengths, lengths
from komainu.workload.speed import operations
from recipes.shisa_v2 import Size
from tests.train.world import SHAPE, Chats, Pairs, Texts, base, context

ROOT = Path(__file__).parents[1]
LLAMA_3B = Architecture(3072, 28, 3072, 1024, 8192, 128_256, tied=True)
OLMO_7B = Architecture(4096, 32, 4096, 4096, 11_008, 100_278, tied=False)
LLAMA_8B = Architecture(4096, 32, 4096, 1024, 14_336, 128_256, tied=False)
PHI_14B = Architecture(5120, 40, 5120, 1280, 17_920, 100_352, tied=False)
LLAMA_70B = Architecture(8192, 80, 8192, 1024, 28_672, 128_256, tied=False)
SIZES: dict[Size, Architecture] = {
    "qwen2.5-7b": Architecture(3584, 28, 3584, 512, 18_944, 152_064, tied=False),
    "llama3.1-8b": LLAMA_8B,
    "mistral-nemo-12b": Architecture(5120, 40, 4096, 1024, 14_336, 131_072, tied=False),
    "unphi4-14b": PHI_14B,
    "qwen2.5-32b": Architecture(5120, 64, 5120, 1024, 27_648, 152_064, tied=False),
    "llama3.3-70b": LLAMA_70B,
}
FAMILY = Lengths(Range(763, 763), behind=600, targets=0.7)  # 7.9e8 tokens in 3 epochs of some 345,000 chats


@dataclass(frozen=True, kw_only=True)
class Long(Texts):
    """Chats of some length, so that what a template adds is little."""

    def rows(self) -> Iterator[Row]:
        for row in Chats(n=self.n).rows():
            assert isinstance(row, Chat)
            yield Chat(row.id, tuple(Message(m.role, m.content * 4) for m in row.messages))


def sft(**fit: Any) -> SFT:
    return SFT(model=base(), data=Chats(), fit=Fit(**{"lr": 1e-3, "global_batch": 8, "steps": 4, **fit}))


def planned(stage: Stage, root: Path, **train: Any) -> list[Workload]:
    store = context(root).store
    return [*Workloads(plan(stage, store), store, Settings(threads=1, train=Training(**train))).all]


def published(
    model: Architecture, device: DeviceName, *, recompute: bool = True, rows: Lengths = FAMILY
) -> tuple[float, float]:
    """Tokens a second of one device, the ends of what a plan says."""
    from komainu.workload import USED

    here = Settings(train=Training(device=device, recompute=recompute))
    each = operations(sft(), model, rows, here)
    return DEVICES[device].flops * USED.low / each, DEVICES[device].flops * USED.high / each


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("LlamaConfig", {}),
        ("LlamaConfig", {"tie_word_embeddings": True, "num_key_value_heads": 4}),
        ("Qwen2Config", {}),
        ("Qwen3Config", {"head_dim": 24}),
        ("MistralConfig", {"head_dim": 8}),
    ],
)
def test_the_parameters_of_a_config_are_those_of_the_model_and_of_its_adapter(kind: str, more: dict[str, Any]) -> None:
    import torch
    import transformers
    from peft import LoraConfig, LoraModel

    sizes = {"hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2}
    config = getattr(transformers, kind)(**{**sizes, "intermediate_size": 96, "vocab_size": 100, **more})
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config)
        found = Architecture.of_config(config.to_dict(), "config.json")
        matrices = {p.data_ptr() or id(p): p for p in model.parameters() if p.ndim == 2}
        assert found.params == sum(p.numel() for p in matrices.values())
        for targets in ((), ("q_proj", "down_proj")):
            adapter = Adapter(rank=4, targets=targets)
            copied = transformers.AutoModelForCausalLM.from_config(config)
            LoraModel(copied, LoraConfig(r=4, target_modules=[*targets] or "all-linear", task_type="CAUSAL_LM"), "a")
            assert found.adapted(adapter) == sum(p.numel() for p in copied.parameters() if p.requires_grad)


def test_a_config_of_another_kind_is_refused_by_what_it_lacks() -> None:
    with pytest.raises(UsageError, match="intermediate_size"):
        Architecture.of_config({"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1}, "config.json")
    with pytest.raises(UsageError, match="experts"):
        Architecture.of_config({"num_experts": 64}, "config.json")


@pytest.mark.parametrize(
    ("model", "device", "recompute", "tokens_per_s"),
    [
        (LLAMA_3B, "mi300x", True, 8_900),  # the Shisa team's runs on 8 GPUs, ZeRO-3
        (PHI_14B, "mi300x", True, 2_300),
        (LLAMA_70B, "mi300x", True, 540),
        (LLAMA_8B, "h100", False, 5_762),  # torchtitan on 8 GPUs, FSDP, 8,192 tokens
        (LLAMA_8B, "h100", False, 6_667),  # the same compiled
        (OLMO_7B, "h100", False, 6_600),  # open-instruct on 8 GPUs
        (OLMO_7B, "h100", False, 8_400),
    ],
)
def test_published_speeds_lie_within_what_a_plan_says(
    model: Architecture, device: DeviceName, recompute: bool, tokens_per_s: float
) -> None:
    low, high = published(model, device, recompute=recompute)
    assert low <= tokens_per_s <= high


def test_sft_of_a_14b_on_32_h100s_lies_within_what_a_plan_says() -> None:
    low, high = published(PHI_14B, "h100")
    assert 7.9e8 / high / 3600 <= 118 <= 7.9e8 / low / 3600  # GPU hours
    assert 32 * low <= 78 * FAMILY.row.low <= 32 * high  # at 78 samples a second
    assert 7.9e8 / low / 3600 < 3 * 7.9e8 / high / 3600, "a range that wide says nothing"


def test_memory_falls_by_what_is_shared_recomputed_adapted_or_held_in_fewer_bits() -> None:
    run = Run(tokens=8192, targets=0.7, several=True, gpu=True)
    whole = needed(LLAMA_8B, run)
    assert whole.weights + whole.gradients + whole.optimiser == pytest.approx(1.05 * 18 * LLAMA_8B.params)
    eighth = needed(LLAMA_8B, run._replace(ranks=8, sharded=True))
    assert (8 * eighth.gradients, 8 * eighth.optimiser) == pytest.approx((whole.gradients, whole.optimiser))
    assert needed(LLAMA_8B, run._replace(ranks=8)).gradients == pytest.approx(2 * whole.gradients)
    assert needed(LLAMA_8B, run._replace(recompute=True)).activations < whole.activations / 8
    eight = needed(LLAMA_8B, run._replace(optimizer="adamw8bit")).optimiser
    assert eight == pytest.approx(1.05 * (8 * LLAMA_8B.table + 2.03125 * (LLAMA_8B.params - LLAMA_8B.table)))
    lora = needed(LLAMA_8B, run._replace(adapter=Adapter()))
    assert lora.gradients + lora.optimiser < 0.02 * whole.gradients
    frozen = LLAMA_8B.layers * LLAMA_8B.matrices + LLAMA_8B.table  # and the embeddings in float32
    adapted = LLAMA_8B.adapted(Adapter())
    assert lora.weights == pytest.approx(1.05 * (2 * frozen + 4 * LLAMA_8B.table + 6 * adapted))
    dora = needed(LLAMA_8B, run._replace(adapter=Adapter(dora=True)))
    spread = needed(LLAMA_8B, run._replace(adapter=Adapter(), sharded=True))
    assert dora.weights == pytest.approx(1.05 * (6 * LLAMA_8B.params + 4 * adapted)) and spread.weights > dora.weights
    nf4 = needed(LLAMA_8B, run._replace(adapter=Adapter(quantised="nf4"), recompute=True))
    assert nf4.weights < 0.6 * lora.weights
    once = needed(LLAMA_8B, run._replace(several=False))
    assert once.total < whole.total and once.gradients == whole.gradients


@pytest.mark.parametrize("size", SIZES)
def test_the_page_has_the_memory_that_a_plan_says_of_the_family(size: Size) -> None:
    cells = []
    for ranks in (8, 32):
        run = Run(8192, 0.7, several=True, gpu=True, recompute=True, ranks=ranks, sharded=True)
        eight, wide = (needed(SIZES[size], run._replace(optimizer=name)).total for name in ("adamw8bit", "adamw"))
        cells.append(f"{eight / 1e9:.1f} ({wide / 1e9:.1f})")
    assert f"| {size} | {' | '.join(cells)} |" in (ROOT / "docs/training.md").read_text(encoding="utf-8")
    trained = SIZES[size].in_blocks(None) + SIZES[size].table
    assert trained == SIZES[size].params  # all matrices but the embedding have 8 bits


def test_rows_are_counted_by_the_models_tokenizer_or_guessed_from_their_bytes(tmp_path: Path) -> None:
    rows = [Chat("a", (Message("user", "犬" * 200), Message("assistant", "word " * 200)))]
    assert lengths(rows, None).row == pytest.approx((1600 / 6, 1600 / 2), rel=0.01)
    ctx = context(tmp_path)
    trained = ctx.store.build(replace(sft(steps=5), data=Long()), ctx)
    (found,) = planned(replace(sft(steps=5, lr=2e-3), data=Long()), tmp_path)
    assert found.tokens is not None and found.tokens.low == pytest.approx(trained.summary["tokens"], rel=0.02)
    shutil.rmtree(tmp_path / DERIVED)
    (sampled,) = planned(replace(sft(steps=5, lr=2e-3), data=Long()), tmp_path)
    assert sampled.tokens is not None and sampled.tokens.low == pytest.approx(trained.summary["tokens"], rel=0.15)
    pair = lengths([*Pairs().rows()][:1], None)
    assert pair.targets > 0.5


def test_a_run_in_the_store_tells_the_speed_of_the_next_of_its_kind(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    (nothing,) = planned(sft(), tmp_path)[-1:]
    assert nothing.memory is not None and nothing.tokens_per_s is None
    made = ctx.store.build(sft(steps=9), ctx)
    steps = [json.loads(line) for line in (made.path / "metrics.jsonl").read_text().splitlines()]
    middle = sorted(step["tokens_per_s"] for step in steps)[4]
    (alike,) = planned(sft(lr=2e-3), tmp_path)
    assert alike.tokens_per_s == pytest.approx((middle / 1.15, middle * 1.15))
    *_, wider = planned(replace(sft(), model=replace(base(), shape=replace(SHAPE, layers=4))), tmp_path)
    assert wider.tokens_per_s and wider.tokens_per_s.high == pytest.approx(4 * wider.tokens_per_s.low)
    (elsewhere,) = planned(sft(lr=2e-3), tmp_path, ranks=2)
    assert elsewhere.tokens_per_s is None, "other processes have another speed"


def test_device_and_price_give_hours_and_money_and_are_no_part_of_an_id(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    for stage in (base(), Chats()):
        ctx.store.build(stage, ctx)
    here = {"ranks": 4, "shard": True, "device": "h100", "price": 2.0}
    (found,) = planned(sft(optimizer="adamw8bit"), tmp_path, **here)
    assert found.hours and found.money and found.money.low == pytest.approx(found.hours.low * 8)
    assert found.stage.id == sft(optimizer="adamw8bit").id
    told = found.json()
    assert told["processes"] == 4 and told["memory"]["total"] == pytest.approx(sum(found.memory or ()), abs=9)
    small = replace(found, memory=(found.memory or needed(LLAMA_8B, Run(1, 1, True, True)))._replace(weights=1e12))
    shown = "\n".join(small.lines(Settings(train=Training(**here))))  # type: ignore[arg-type]
    assert "more than the 80 GB of h100: set `recompute = true`" in shown and "USD" in shown


def test_steps_follow_from_rows_or_packs_and_micro_batches_from_what_they_may_hold(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    for stage in (base(), Chats()):
        ctx.store.build(stage, ctx)
    (rows,) = planned(sft(steps=0, epochs=2.0), tmp_path)
    assert rows.steps == (10, 1)
    (cut,) = planned(sft(steps=0, epochs=2.0, micro_tokens=40), tmp_path)
    assert cut.steps and cut.steps.number == 10 and cut.steps.micro_batches > 1
    packed = sft(steps=0, epochs=2.0, pack=64, global_batch=2)
    made = ctx.store.build(packed, ctx)
    (found,) = planned(replace(packed, fit=replace(packed.fit, lr=2e-3)), tmp_path)
    assert found.steps and found.steps.number == pytest.approx(made.summary["steps"], rel=0.1)
    assert found.tokens and found.tokens.low == pytest.approx(made.summary["tokens"], rel=0.05)


def test_a_plan_of_trainings_loads_no_torch() -> None:
    code = "import sys; from komainu.cli import main; main(['plan', 'recipes/demo.py:family', '--json'])\n"
    code += "print('torch' in sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr.strip().endswith("False")
    assert [t["memory"]["total"] > 0 for t in json.loads(done.stdout)["trains"]] == [True] * 3
