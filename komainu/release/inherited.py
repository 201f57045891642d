"""What a model takes along beside its weights: config, tokenizer, the base's chat template, how to sample."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from komainu.errors import UsageError

CONFIG, TEMPLATE, GENERATION = "config.json", "chat_template.jinja", "generation_config.json"
TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "tiktoken.model")  # one of these has the tokens
IDS = ("bos_token_id", "eos_token_id", "pad_token_id")
CUTS = (("top_p", 1), ("min_p", 0))  # and what leaves the tail of the distribution whole


def refuse(model: Path, base: Path) -> None:
    """Raises UsageError for a folder that lacks a config or a tokenizer, or has another chat template than its base."""
    if bad := [*lacking(model, base)]:
        raise UsageError(f"this model cannot be released: {'; '.join(bad)}")


def lacking(model: Path, base: Path) -> Iterator[str]:
    if not (model / CONFIG).exists():
        yield f"it has no {CONFIG}"
    if not any((model / name).exists() for name in TOKENIZERS):
        yield f"it has no tokenizer ({', '.join(TOKENIZERS)})"
    theirs = template(base)
    if theirs and template(model).strip() != theirs.strip():
        yield "its chat template is not the base's; a model inherits it: put the base's chat_template.jinja into it"


def template(folder: Path) -> str:
    """The chat template of a model: its own file, else what its tokenizer_config.json holds; "" for none."""
    if (folder / TEMPLATE).exists():
        return (folder / TEMPLATE).read_text(encoding="utf-8")
    told = read(folder / "tokenizer_config.json").get("chat_template") or ""
    if isinstance(told, list):  # several, by name
        told = next((each["template"] for each in told if each.get("name") == "default"), "")
    return str(told)


def generation(folder: Path, advice: Mapping[str, Any] | None) -> str | None:
    """generation_config.json as a release has it: the model's own with the sampling that is advised.

    Where the model has none, one with the tokens of its config. None when the model's is as it should be. A greedy
    advice takes the sampling out: what a server does without any is the server's default. The same again for what it
    has made itself.
    """
    there = (folder / GENERATION).exists()
    if there and not advice:
        return None
    config = read(folder / CONFIG)
    found = read(folder / GENERATION) if there else {k: config[k] for k in IDS if config.get(k) is not None}
    if advice:
        kept = sampling(advice)
        sampled = bool(kept["temperature"])
        found = {k: v for k, v in found.items() if k not in ("temperature", "top_p", "min_p", "top_k")}
        found |= {"do_sample": sampled, **(kept if sampled else {})}
    return json.dumps(found, indent=2, sort_keys=True) + "\n"


def sampling(way: Mapping[str, Any]) -> dict[str, float]:
    """Temperature, and what cuts the tail of the distribution where anything does."""
    kept = {"temperature": way["temperature"]}
    return kept | {k: way[k] for k, neutral in CUTS if way[k] != neutral and kept["temperature"]}


def read(file: Path) -> dict[str, Any]:
    """A JSON object; {} where there is no file. Raises UsageError for what is none."""
    try:
        found = json.loads(file.read_bytes()) if file.exists() else {}
        if not isinstance(found, dict):
            raise ValueError("it is no object")
    except ValueError as error:
        raise UsageError(f"{file.name} of the model is damaged: {error}; get it again") from None
    return found
