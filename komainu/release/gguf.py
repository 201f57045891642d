"""A model as one GGUF file, for llama.cpp."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from komainu.context import Context
from komainu.rows import Chat
from komainu.stage import Stage, Table, Weights, needs


@dataclass(frozen=True, kw_only=True)
class GGUF(Stage):
    """`model.gguf`, written by llama.cpp's own converter, whose checkout komainu.toml names (`llama_cpp`).

    The file is read back: its template must be the model's, its tokens as many, and every tensor there. Where
    llama-cpp-python is installed the file is loaded, must answer `prompt`, and must say what the model says within the
    limits of `agreement.py`; that takes 4 bytes of memory a parameter.

    `texts` are chats whose every turn the loaded file must split into the model's tokens. They are required where
    llama.cpp has not the tokenizer's own way of splitting but one near it (`splitting.py`); then one turn in 200 may
    come out in other tokens (`texts.py`). A tokenizer that is near none of llama.cpp's is refused.

    Not covered: the k-quants, which llama.cpp's `llama-quantize` makes of such a file.
    """

    makes = Table
    model: Stage
    kind: Literal["f32", "f16", "bf16", "q8_0"] = "bf16"
    prompt: str = "こんにちは"
    texts: Stage | None = None

    def check(self) -> Iterator[str]:
        yield from needs(self, "model", self.model, Weights)
        if self.texts is not None:
            yield from needs(self, "texts", self.texts, Chat)

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        from komainu.release.converted import convert

        return convert(self, out, ctx)
