"""Run by komainu's Python: `gguf_convert.py CONVERTER NAME WORDS...` is llama.cpp's converter, given WORDS.

A byte-level tokenizer that the converter does not find in its list, which goes by hashes of published vocabularies, is
taken to split text as llama.cpp's `tokenizer.ggml.pre` NAME does.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any


def main(converter: str, name: str, words: list[str]) -> None:
    sys.argv = [converter, *words]
    sys.path.insert(0, str(Path(converter).parent))
    found = runpy.run_path(converter, run_name="converter")
    base = found.get("ModelBase", type(None))
    asked = [kind for kind in family(base) if "get_vocab_base_pre" in vars(kind)]
    if not asked:
        sys.exit(f"{converter} has no ModelBase with a get_vocab_base_pre: take another checkout of llama.cpp")
    for kind in asked:
        kind.get_vocab_base_pre = told(kind.get_vocab_base_pre, name)
    found["main"]()


def family(kind: Any) -> list[Any]:
    return [kind, *(each for below in kind.__subclasses__() for each in family(below))]


def told(own: Any, name: str) -> Any:
    def splitting(model: Any, tokenizer: Any) -> str:
        try:
            return str(own(model, tokenizer))
        except NotImplementedError:
            return name

    return splitting


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
