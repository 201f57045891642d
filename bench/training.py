"""The rows and the model that training is measured on: made up, with lengths like those of published sets."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

VOCAB = 8_192
WORDS = VOCAB - 6  # the rest are special tokens
MOST = 1_000  # tokens of a document


class Lengths(NamedTuple):
    """Log-normal lengths in tokens: the median and sigma of what is asked, and of an answer; turns of what is asked."""

    prompt: float
    prompt_sigma: float
    answer: float
    answer_sigma: float
    turns: int = 1


SETS = {
    "sft": Lengths(60, 0.8, 230, 0.7),
    "rp": Lengths(610, 0.25, 106, 0.5, turns=5),
    "uf": Lengths(50, 0.8, 226, 0.6),
}


class Sampler:
    """Words of one row, from (seed, its number): Zipf-like, so that there is something to learn."""

    def __init__(self, lengths: Lengths, seed: str) -> None:
        self.lengths, self.dice = lengths, random.Random(seed)

    def words(self, n: int) -> str:
        return " ".join(f"w{int(WORDS ** self.dice.random()) - 1}" for _ in range(n))

    def drawn(self, median: float, sigma: float, most: int) -> int:
        return max(4, min(most, round(median * self.dice.lognormvariate(0, sigma))))

    def prompt(self) -> list[dict[str, str]]:
        turns = self.lengths.turns
        total = self.drawn(self.lengths.prompt, self.lengths.prompt_sigma, MOST - 200)
        each = max(2, total // turns)
        said = [{"role": ("user", "assistant")[i % 2], "content": self.words(each)} for i in range(turns)]
        assert said[-1]["role"] == "user"
        return said

    def answer(self, prompt: list[dict[str, str]]) -> dict[str, str]:
        room = MOST - sum(size(m) for m in prompt) - 2
        return {
            "role": "assistant",
            "content": self.words(self.drawn(self.lengths.answer, self.lengths.answer_sigma, room)),
        }


def size(message: dict[str, str]) -> int:
    """Tokens of a message: its words, its role and its end."""
    return message["content"].count(" ") + 3


def rows(name: str, n: int, lengths: Lengths | None = None, seed: int = 0) -> Iterator[dict[str, Any]]:
    """Rows that TRL and komainu read alike: messages, or prompt, chosen and rejected."""
    for i in range(n):
        sampler = Sampler(lengths or SETS[name], f"{seed}:{name}:{i}")
        prompt = sampler.prompt()
        if name == "sft":
            yield {"id": f"{name}-{i}", "messages": [*prompt, sampler.answer(prompt)]}
        else:
            both = {side: [sampler.answer(prompt)] for side in ("chosen", "rejected")}
            yield {"id": f"{name}-{i}", "prompt": prompt, **both}


def tokens(row: dict[str, Any]) -> int:
    """Tokens of a row's documents, each with its prompt."""
    if "messages" in row:
        return sum(map(size, row["messages"]))
    return sum(size(m) for side in ("chosen", "rejected") for m in row["prompt"] + row[side])


def write_model(path: Path, half: bool = False, /, **sizes: int) -> None:
    """A Llama of 10.5 million random parameters, or of other `sizes`, and a tokenizer of whole words, as a model
    directory; `half`: its file holds bfloat16."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    from komainu.train.tokenizer import END, PAD, ROLES, TEMPLATE

    special = [PAD, END, *ROLES, "<|unknown|>"]
    known = {word: i for i, word in enumerate([*special, *(f"w{i}" for i in range(WORDS))])}
    words = Tokenizer(models.WordLevel(known, unk_token="<|unknown|>"))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    PreTrainedTokenizerFast(
        tokenizer_object=words,
        eos_token=END,
        pad_token=PAD,
        unk_token="<|unknown|>",
        additional_special_tokens=[*ROLES],
        chat_template=TEMPLATE,
        clean_up_tokenization_spaces=False,
    ).save_pretrained(path)
    torch.manual_seed(0)
    shape = {"hidden_size": 256, "num_hidden_layers": 6, "num_attention_heads": 8, "intermediate_size": 1024}
    shape |= {"vocab_size": VOCAB, "max_position_embeddings": 4096, **sizes}
    config = LlamaConfig(
        **{"num_key_value_heads": shape["num_attention_heads"], **shape},
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=known[END],
        pad_token_id=known[PAD],
    )
    model = LlamaForCausalLM(config)
    (model.bfloat16() if half else model).save_pretrained(path)


def write_rows(path: Path, made: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in made), encoding="utf-8")
