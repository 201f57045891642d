"""Whether a model is whole: every shard and tensor, finite numbers, a tokenizer and a template that fit it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from komainu.errors import UsageError
from komainu.files import read_object


def check_directory(path: Path, config: Any, tokenizer: Any) -> None:
    """What the files tell without loading them. Raises UsageError."""
    if problems := [*_shards(path), *_sizes(path, config, tokenizer), *_templates(path)]:
        raise UsageError("; ".join(problems))


def _shards(path: Path) -> Iterator[str]:
    index = path / "model.safetensors.index.json"
    if index.exists():
        lost = sorted(name for name in shards_in(index) if not (path / name).exists())
        yield from (f"{path} lacks {name}, which its index names" for name in lost)
    for file in sorted(path.glob("*.safetensors")):
        with open(file, "rb") as handle:
            pointer = handle.read(30).startswith(b"version https://git-lfs")
        try:
            with safe_open(file, framework="pt"):
                continue
        except SafetensorError as error:
            what = "a Git LFS pointer, not the weights" if pointer else f"no whole safetensors file ({error})"
        yield f"{file} is {what}"


def shards_in(index: Path) -> set[str]:
    """The files that an index names; raises UsageError for one that is none."""
    named = read_object(index).get("weight_map")
    if not isinstance(named, dict) or not all(isinstance(name, str) for name in named.values()):
        raise UsageError(f"{index} has no weight_map that names a file for each tensor; get the file again")
    return {*named.values()}


def _sizes(path: Path, config: Any, tokenizer: Any) -> Iterator[str]:
    most = max(tokenizer.get_vocab().values(), default=-1) + 1
    rows = getattr(config, "vocab_size", None)
    if not isinstance(rows, int):
        yield f"{path}: config.json does not say the vocab_size of the model; take another base"
    elif most > rows:
        yield f"{path}: the tokenizer has {most} tokens, the embeddings only {rows}; take the model's own"


def _templates(path: Path) -> Iterator[str]:
    """A server may take either of two templates, training takes one."""
    apart, inside = path / "chat_template.jinja", path / "tokenizer_config.json"
    if apart.exists() and inside.exists():
        told = json.loads(inside.read_text(encoding="utf-8")).get("chat_template")
        if isinstance(told, str) and told.strip() != apart.read_text(encoding="utf-8").strip():
            yield f"{path}: chat_template.jinja and the template in tokenizer_config.json differ; keep one"


def check_weights(where: Path, model: Any, missing: Iterable[str]) -> None:
    """Refuse a loaded model with tensors that were not in the file, or with NaN, infinite or all-zero matrices."""
    bad = [f"{name} is not in the files, it would start at random" for name in sorted(missing)]
    for name, p in model.named_parameters():
        least, most = (float(x) for x in torch.aminmax(p.detach()))
        if not (math.isfinite(least) and math.isfinite(most)):
            bad.append(f"{name} holds numbers that are not finite")
        elif p.ndim > 1 and least == most == 0:
            bad.append(f"{name} is all zeros")
    if bad:
        more = f"; and {len(bad) - 5} more" if len(bad) > 5 else ""
        raise UsageError(
            f"the weights of {where} cannot be trained: {'; '.join(bad[:5])}{more}"
            "; get the files again, or take another base"
        )
