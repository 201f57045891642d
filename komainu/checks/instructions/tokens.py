"""Japanese tokens by Janome's IPADIC, and Japanese sentences, as M-IFEval counts them."""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from typing import Any, NamedTuple

_PROTECTED = re.compile(r"「[^「」]*」|\([^()]*\)")


class Token(NamedTuple):
    """A word as it is written, and whether the dictionary calls it a noun (名詞, which includes pronouns)."""

    surface: str
    noun: bool


@lru_cache(maxsize=64)
def tokens(text: str) -> tuple[Token, ...]:
    """The tokens of a text. The dictionary and its cuts are part of the benchmark, so they are upstream's."""
    return tuple(Token(t.surface, t.part_of_speech.startswith("名詞")) for t in tokenizer().tokenize(text))


@cache
def tokenizer() -> Any:
    from janome.tokenizer import Tokenizer

    return Tokenizer()


def count_sentences(text: str) -> int:
    """Sentences end at 。！？ or at the line's end, not inside 「」 or brackets; a line that ends in の goes on."""
    lines = re.sub(r"の[^\S\n]*\n+", "の", unicodedata.normalize("NFKC", text)).split("\n")
    return sum(len([s for s in re.split("[。!?]", _PROTECTED.sub("x", line)) if s.strip()]) for line in lines)
