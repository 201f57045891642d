"""What tests with llama.cpp share: when they run, models to convert, and a converter that is none."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers, trainers
from tokenizers.models import BPE
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from komainu.context import Context
from komainu.data.textbook.prompts import Prompts, RawText
from komainu.files import write_rows
from komainu.release.gguf import GGUF
from komainu.rows import Chat, Message
from komainu.stage import Stage, Weights
from komainu.train.bpe import fit_tokenizer
from komainu.train.sft import SFT
from recipes.demo import SIZES, SMOKE, pretrained
from tests.train.world import context

CHECKOUT = os.environ.get("LLAMA_CPP", "")  # a checkout of llama.cpp, where there is one
REAL = [
    pytest.mark.gguf,
    pytest.mark.skipif(not CHECKOUT, reason="LLAMA_CPP names no checkout of llama.cpp (`make test-gguf`)"),
    pytest.mark.skipif(find_spec("llama_cpp") is None, reason="llama-cpp-python is not installed (`make test-gguf`)"),
]
TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}</s>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
BYTES = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
QWEN2 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def split(regex: str) -> Any:
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(regex), behavior="isolated"), BYTES])


PLAIN = pre_tokenizers.ByteLevel(add_prefix_space=False)
SPLITS = {  # as the tokenizer.json of GPT-2, SmolLM, Qwen2 and Llama 3 have them
    "gpt-2": PLAIN,
    "smollm": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), PLAIN]),
    "qwen2": split(QWEN2),
    "smaug-bpe": split(LLAMA3),
    "llama-bpe": split(LLAMA3),  # with `ignore_merges`
}


def byte_level(splits: Any, *, ignore_merges: bool = False) -> Any:
    """A byte-level BPE of 600 tokens that splits so, trained on the textbook and on ODD."""
    made = Tokenizer(BPE(ignore_merges=ignore_merges))
    made.pre_tokenizer, made.decoder = splits, decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    how = trainers.BpeTrainer(
        vocab_size=600, special_tokens=["<s>", "</s>"], initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator((*(row.messages[0].content for row in RawText(n=200).rows()), *ODD), how)
    return PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<s>", eos_token="</s>", chat_template=TEMPLATE)


def byte_fallback() -> Any:
    """A tokenizer of the kind that llama.cpp needs no list for: BPE on characters, the others as bytes."""
    letters = [chr(i) for i in range(0x21, 0x7F)] + ["▁"]
    first = ["<unk>", "<s>", "</s>", *(f"<0x{i:02X}>" for i in range(256)), *letters]
    made = Tokenizer(BPE({t: i for i, t in enumerate(first)}, [], unk_token="<unk>", byte_fallback=True))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    made.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    return PreTrainedTokenizerFast(
        tokenizer_object=made, bos_token="<s>", eos_token="</s>", unk_token="<unk>", chat_template=TEMPLATE
    )


def scripts() -> Any:
    """The kind that komainu trains."""
    return fit_tokenizer((row.messages[0].content for row in RawText(n=200).rows()), 600)


@dataclass(frozen=True, kw_only=True)
class Tiny(Stage):
    """A Llama with random weights. `splits`: "" for BPE on characters, "scripts", a name of SPLITS, or a regex."""

    makes: ClassVar[type] = Weights
    seed: int = 0
    splits: str = ""

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        tokenizer = self.tokenizer()
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
                bos_token_id=tokenizer.bos_token_id,
                eos_token_id=tokenizer.eos_token_id,
            )
            LlamaForCausalLM(config).save_pretrained(out)
        tokenizer.save_pretrained(out)
        return {}

    def tokenizer(self) -> Any:
        if self.splits in ("", "scripts"):
            return scripts() if self.splits else byte_fallback()
        how = SPLITS[self.splits] if self.splits in SPLITS else split(self.splits)
        return byte_level(how, ignore_merges=self.splits == "llama-bpe")


ODD = (
    "\n \n\n \n\n\n \t \t\t \t\n  \n   \n    \n     \nx  y   z",
    "3 33 333 3333 33333 3.14 1,000,000円 ２０２６年 Ⅳ ½ 一〇",
    "I've been 'told he's there, 'RE you sure? 'Still, WE'LL go; it''s d'accord.",
    "😶‍🌫️ 🦙🦙 --- ===== ...... !!?? (a)[b]{c}_d_ a_b #x @y %z",
    "「犬」と『猫』、ｱｲｳ・ーー〜々〆ヶ松の拾う会社だ。ラーメンは900円です",
    "нещо на Български, កាន់តែពិសេស, 안녕하세요, ñandú café naïve",
    "  leading and trailing  ",
    "\r\nwindows\r\n\r\nlines\r",
    "",
)


@dataclass(frozen=True, kw_only=True)
class Odd(Stage):
    """ODD, and sentences of the textbook."""

    makes: ClassVar[type] = Chat
    texts: tuple[str, ...] = ODD

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        odd = (Chat(f"odd-{i}", (Message("user", text),)) for i, text in enumerate(self.texts))
        return {"rows": write_rows(out / "rows.jsonl", (*odd, *RawText(n=100, seed=1).rows()))}


@dataclass(frozen=True, kw_only=True)
class Taught(Stage):
    """Prompts of the textbook with the right answers."""

    makes: ClassVar[type] = Chat
    n: int = 1500

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        prompts = Prompts(side="train", n=self.n, tasks=("translate_ja", "translate_en", "polite")).rows()
        return {"rows": write_rows(out / "rows.jsonl", (p.with_reply(p.meta["references"][0]) for p in prompts))}


def taught(data: Stage) -> SFT:
    """The demo's base and its SFT on `data`, as small and short as it learns something: 25 seconds of CPU."""
    size = SIZES["xs"]
    base = pretrained(size, replace(SMOKE, raw=2000, steps=(150, 0, 0)), 0)
    return SFT(model=base, data=data, fit=size.fit(2e-3, 24, 250, 0, optimizer="muon"))


FAKE = """
import argparse, json, sys
sys.path[:0] = {path!r}
from pathlib import Path
import gguf, numpy

class {base}:
    pass

class TextModel({base}):
    def get_vocab_base_pre(self, tokenizer):
        {splits}

def main():
    options = argparse.ArgumentParser()
    options.add_argument("model", type=Path)
    options.add_argument("--outfile")
    options.add_argument("--outtype")
    given = options.parse_args()
    config = json.loads((given.model / "config.json").read_text())
    file = gguf.GGUFWriter(given.outfile, "llama")
    file.add_block_count(config["num_hidden_layers"])
    file.add_chat_template({template})
    file.add_tokenizer_pre(TextModel().get_vocab_base_pre(None))
    file.add_token_list([f"t{{i}}" for i in range({tokens})])
    file.add_tensor("token_embd.weight", numpy.ones((4, 4), dtype=numpy.float32))
    file.write_header_to_file(); file.write_kv_data_to_file(); file.write_tensors_to_file(); file.close()

if __name__ == "__main__":
    main()
"""
OWN_TEMPLATE = '(given.model / "chat_template.jinja").read_text()'


def fake(folder: Path, *, template: str = OWN_TEMPLATE, tokens: str = 'config["vocab_size"]', **more: str) -> str:
    """A checkout whose converter writes next to nothing; `splits`: how it finds a splitting, `base`: its base class."""
    folder.mkdir()
    told = {"base": "ModelBase", "splits": 'return "its own"', **more}
    text = FAKE.format(path=sys.path, template=template, tokens=tokens, **told)
    (folder / "convert_hf_to_gguf.py").write_text(text)
    return str(folder)


def build(root: Path, llama_cpp: str, model: Stage | None = None, **how: Any) -> Any:
    ctx = context(root, llama_cpp=llama_cpp)
    return ctx.store.build(GGUF(model=model or Tiny(), **how), ctx)
