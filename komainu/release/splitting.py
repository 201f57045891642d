"""What llama.cpp calls the way in which a byte-level tokenizer splits text before its merges."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from komainu.models.splits import LLAMA3, QWEN2, SCRIPTS

NFC = {"type": "NFC"}
Step = tuple[str, ...]


class Splitting(NamedTuple):
    """A name for the `tokenizer.ggml.pre` of a file; `own`: it is the tokenizer's own splitting, not one near it."""

    name: str
    own: bool


def split(regex: str) -> tuple[Step, ...]:
    return ("Split", regex), ("ByteLevel", "")


KNOWN: dict[tuple[tuple[Step, ...], bool], str] = {  # by steps and `ignore_merges`, as src/llama-vocab.cpp has them
    ((("ByteLevel", "words"),), False): "gpt-2",
    ((("Digits", ""), ("ByteLevel", "words")), False): "smollm",
    (split(QWEN2), False): "qwen2",
    (split(LLAMA3), False): "smaug-bpe",
    (split(LLAMA3), True): "llama-bpe",
}
# It cuts nowhere inside a piece of SCRIPTS. Where SCRIPTS cuts and it does not, only a merge can differ that joins the
# last bytes of one character to the first of the next.
NEAR = {(split(SCRIPTS), False): "poro-chat"}


def splitting(directory: Path) -> Splitting | None:
    """What the tokenizer of a model directory is for llama.cpp, told by the structure of its tokenizer.json, whatever
    its vocabulary; None where that is not known here, or it is no byte-level BPE.

    Not covered: splittings that llama.cpp has for one published vocabulary only, which its converter finds by itself;
    what the two programs' tables of Unicode disagree about; NFC, which llama.cpp leaves out for every such tokenizer.
    """
    told = byte_level(directory)
    if told is None or (told.get("normalizer") or NFC) != NFC:
        return None
    kind = (steps(told["pre_tokenizer"]), bool(told["model"].get("ignore_merges")))
    name = KNOWN.get(kind) or NEAR.get(kind)
    return Splitting(name, own=kind in KNOWN) if name else None


def byte_level(directory: Path) -> dict[str, Any] | None:
    """The tokenizer.json of a directory, where it is a byte-level BPE."""
    try:
        told: dict[str, Any] = json.loads((directory / "tokenizer.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if told["model"].get("type") != "BPE" or not told["pre_tokenizer"]:
        return None
    return told if any(kind == "ByteLevel" for kind, *_ in steps(told["pre_tokenizer"])) else None


def steps(told: dict[str, Any]) -> tuple[Step, ...]:
    """A pre_tokenizer as its steps, each with what decides where it cuts."""
    match told:
        case {"type": "Sequence", "pretokenizers": [*inner]}:
            return tuple(step for each in inner for step in steps(each))
        case {"type": "Split", "pattern": {"Regex": str(regex)}, "behavior": "Isolated", "invert": False}:
            return (("Split", regex),)
        case {"type": "Digits", "individual_digits": True}:
            return (("Digits", ""),)
        case {"type": "ByteLevel", "add_prefix_space": False}:
            return (("ByteLevel", "words" if told.get("use_regex", True) else ""),)
        case _:
            return ((str(told["type"]), json.dumps(told, sort_keys=True)),)
