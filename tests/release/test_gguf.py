"""GGUF: the converter's file is read back before it counts, and llama.cpp's own converter and runtime serve."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from tokenizers import Tokenizer, decoders, normalizers
from tokenizers.models import BPE
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from komainu.context import Context
from komainu.errors import GateFailed, UsageError
from komainu.models.engine import load
from komainu.release.agreement import LIMITS, Limit, Said, agreement
from komainu.release.gguf import GGUF
from komainu.stage import Stage, Weights
from tests.train.world import context

pytest.importorskip("gguf")
TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
CHECKOUT = os.environ.get("LLAMA_CPP", "")  # a checkout of llama.cpp, where there is one


@dataclass(frozen=True, kw_only=True)
class Tiny(Stage):
    """A Llama with random weights and a tokenizer of the kind that llama.cpp needs no list for: BPE with bytes."""

    makes: ClassVar[type] = Weights
    seed: int = 0

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        letters = [chr(i) for i in range(0x21, 0x7F)] + ["▁"]
        first = ["<unk>", "<s>", "</s>", *(f"<0x{i:02X}>" for i in range(256)), *letters]
        made = Tokenizer(BPE({t: i for i, t in enumerate(first)}, [], unk_token="<unk>", byte_fallback=True))
        made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        made.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_object=made, bos_token="<s>", eos_token="</s>", unk_token="<unk>", chat_template=TEMPLATE
        )
        with torch.random.fork_rng():
            torch.manual_seed(self.seed)
            config = LlamaConfig(
                vocab_size=len(tokenizer),
                hidden_size=64,
                intermediate_size=128,
                num_hidden_layers=2,
                num_attention_heads=2,
                num_key_value_heads=2,
                max_position_embeddings=256,
                bos_token_id=1,
                eos_token_id=2,
            )
            LlamaForCausalLM(config).save_pretrained(out)
        tokenizer.save_pretrained(out)
        return {}


FAKE = """
import argparse, json, sys
sys.path[:0] = {path!r}
from pathlib import Path
import gguf, numpy
options = argparse.ArgumentParser()
options.add_argument("model", type=Path)
options.add_argument("--outfile")
options.add_argument("--outtype")
given = options.parse_args()
config = json.loads((given.model / "config.json").read_text())
file = gguf.GGUFWriter(given.outfile, "llama")
file.add_block_count(config["num_hidden_layers"])
file.add_chat_template({template})
file.add_token_list([f"t{{i}}" for i in range({tokens})])
file.add_tensor("token_embd.weight", numpy.ones((4, 4), dtype=numpy.float32))
file.write_header_to_file(); file.write_kv_data_to_file(); file.write_tensors_to_file(); file.close()
"""


def fake(folder: Path, template: str = '(given.model / "chat_template.jinja").read_text()', tokens: str = "") -> str:
    folder.mkdir()
    text = FAKE.format(path=sys.path, template=template, tokens=tokens or 'config["vocab_size"]')
    (folder / "convert_hf_to_gguf.py").write_text(text)
    return str(folder)


def build(root: Path, llama_cpp: str, **how: Any) -> Any:
    ctx = context(root, llama_cpp=llama_cpp)
    return ctx.store.build(GGUF(model=Tiny(), **how), ctx)


def test_a_file_that_is_not_the_models_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("komainu.release.converted.find_spec", lambda name: None)
    with pytest.raises(GateFailed, match="its chat template is not the model's; it has 7 tokens, the model 354"):
        build(tmp_path, fake(tmp_path / "wrong", template='"other"', tokens="7"))
    made = build(tmp_path, fake(tmp_path / "right"), kind="f16")
    assert (made.path / "model.gguf").stat().st_size == made.summary["bytes"]
    assert made.summary["answer"] is None and made.summary["tokens"] == 354


def test_a_missing_or_failing_converter_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"set `llama_cpp` in komainu\.toml"):
        build(tmp_path, "")
    with pytest.raises(UsageError, match=r"which has no convert_hf_to_gguf\.py"):
        build(tmp_path, str(tmp_path))
    with pytest.raises(UsageError, match=r"(?s)ended with 1. Its last words.*no_such_name"):
        build(tmp_path, fake(tmp_path / "failing", template="no_such_name"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tiny")
    Tiny().run(path, None)  # type: ignore[arg-type]
    return path


def told(model: Any, ids: list[int], answer: list[int], change: float = 0.0) -> Said:
    """What a runtime would say that is off by some random numbers."""
    with torch.inference_mode():
        logits = model(torch.tensor([ids + answer])).logits[0]
    return Said(ids, answer, logits + change * torch.randn(logits.shape, generator=torch.Generator().manual_seed(0)))


def test_a_file_must_say_what_its_model_says(tiny: Path) -> None:
    model = load(tiny, 0, torch.device("cpu"), torch.float32, None).model
    ids, answer = [1, 260, 270, 300], [280, 281]
    exact = agreement(model, [ids], [told(model, ids, answer)], Limit(0.0, 0.0))
    assert exact == {"tokens": 6, "kl": 0.0, "kl_max": 0.0, "chosen": 1.0, "lead": 0.0}
    near = agreement(model, [ids], [told(model, ids, answer, 1e-3)], LIMITS["f16"])
    assert 0 < near["kl"] < 1e-5 and near["kl_max"] >= near["kl"]
    far = told(model, ids, answer, 0.5)
    with pytest.raises(GateFailed, match=r"does not say what its model says: .*'kl': 0\.1"):
        agreement(model, [ids], [far], LIMITS["q8_0"])
    with pytest.raises(GateFailed, match="'lead': 0"):  # of the divergence alone it would be let through
        agreement(model, [ids], [far], Limit(1.0, 0.01))
    with pytest.raises(GateFailed, match=r"other tokens of a prompt than the model: \[1, 260, 270, 300\], not \[1\]"):
        agreement(model, [[1]], [told(model, ids, answer)], LIMITS["f16"])
    nothing = Said(ids, answer, far.logits * float("nan"))
    with pytest.raises(GateFailed, match="'kl': nan"):
        agreement(model, [ids], [nothing], Limit(100.0, 100.0))


REAL = [
    pytest.mark.gguf,
    pytest.mark.skipif(not CHECKOUT, reason="LLAMA_CPP names no checkout of llama.cpp (`make test-gguf`)"),
    pytest.mark.skipif(find_spec("llama_cpp") is None, reason="llama-cpp-python is not installed (`make test-gguf`)"),
]


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=REAL) for kind in LIMITS])
def test_llama_cpps_runtime_loads_what_its_converter_made_and_says_what_the_model_says(
    tmp_path: Path, kind: str
) -> None:
    summary = build(tmp_path, CHECKOUT, kind=kind).summary
    assert summary["architecture"] == "llama" and summary["tensors"] == 21 and summary["answer"]
    assert summary["agreement"]["tokens"] > 150 and summary["agreement"]["kl"] < LIMITS[kind].kl / 100
    print(kind, summary["agreement"])


@pytest.mark.parametrize("kind", [pytest.param("q8_0", marks=REAL)])
def test_a_file_of_another_model_is_found_out(tmp_path: Path, kind: str) -> None:
    other = tmp_path / "other"
    other.mkdir()
    Tiny(seed=1).run(other, None)  # type: ignore[arg-type]
    (tmp_path / "convert").mkdir()
    (tmp_path / "convert" / "convert_hf_to_gguf.py").write_text(
        f"import subprocess, sys\nwords = [{os.path.abspath(CHECKOUT)!r} + '/convert_hf_to_gguf.py', {str(other)!r}]\n"
        "sys.exit(subprocess.run([sys.executable, *words, *sys.argv[2:]]).returncode)\n"
    )
    with pytest.raises(GateFailed, match="does not say what its model says"):
        build(tmp_path, str(tmp_path / "convert"), kind=kind)
