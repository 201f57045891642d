"""The demo's model as one GGUF file, for llama.cpp.

komainu run recipes/gguf.py:demo size=s seed=0 kind=q8_0
"""

from __future__ import annotations

from typing import Literal

from komainu.release.card import Card
from komainu.release.gguf import GGUF
from recipes.demo import family


def demo(
    size: Literal["xs", "s", "m"] = "s",
    seed: int = 0,
    effort: Literal["full", "smoke"] = "full",
    kind: Literal["f32", "f16", "bf16", "q8_0"] = "bf16",
) -> GGUF:
    """What `recipes/demo.py:family` trains. llama.cpp has not its tokenizer's splitting but one near it, so the chats
    that it was trained on are split with both."""
    card = family(size, seed, effort).card
    assert isinstance(card, Card)
    return GGUF(model=card.model, kind=kind, prompt="日本語にしてください。\nTaro is kind.", texts=card.data[0])
