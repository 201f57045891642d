"""A byte-level BPE tokenizer trained on raw text, with the chat template its models inherit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from komainu.context import Context
from komainu.rows import Chat
from komainu.stage import Stage, Weights, needs

PAD, END, ROLES = "<|pad|>", "<|end|>", ("<|system|>", "<|user|>", "<|assistant|>")
TEMPLATE = (
    "{%- for message in messages %}"
    "{{- '<|' + message.role + '|>' + message.content + '<|end|>' }}"
    "{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|assistant|>' }}{%- endif %}"
)


@dataclass(frozen=True, kw_only=True)
class Tokenizer(Stage):
    """BPE over bytes. Merges never cross where the text is split first: `splits="scripts"` does at every change of
    script, so that a word is cut the same everywhere; "qwen2" as Qwen2 does, which llama.cpp has too."""

    makes = Weights  # a model directory's tokenizer files
    data: Stage
    vocab: int = 2048
    splits: Literal["scripts", "qwen2"] = "scripts"

    def check(self) -> Iterator[str]:
        yield from needs(self, "data", self.data, Chat)
        if self.vocab < 256 + 5:
            yield f"Tokenizer.vocab is {self.vocab}; it must hold 256 bytes and 5 special tokens"

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from komainu.train.bpe import fit_tokenizer

        rows = (row for row in ctx.open(self.data).rows() if isinstance(row, Chat))
        fitted = fit_tokenizer((m.content for row in rows for m in row.messages), self.vocab, self.splits)
        fitted.save_pretrained(out)
        return {"vocab": len(fitted)}
