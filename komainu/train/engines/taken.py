"""Weights that a program of others trained: held against those it began with, and put beside the base's own files."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open

from komainu.errors import UsageError
from komainu.train.directory import files_of

HEAD = "lm_head.weight"
INDEX = "model.safetensors.index.json"
LEFT = ("record.json", INDEX)


class Tensors(NamedTuple):
    """Where each tensor of a directory lies."""

    files: dict[str, Path]

    def of(self, name: str) -> torch.Tensor:
        with safe_open(self.files[name], framework="pt") as file:
            found: torch.Tensor = file.get_tensor(name)
            return found


def tensors(folder: Path) -> Tensors:
    """The tensors of a directory's safetensors; UsageError for a file that is none."""
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.safetensors")):
        try:
            with safe_open(path, framework="pt") as file:
                found |= dict.fromkeys(file.keys(), path)
        except SafetensorError as error:
            raise UsageError(
                f"{path} is no whole safetensors file: {error}; see the log of the run beside it, then run again"
            ) from None
    return Tensors(found)


def take_back(made: Path, base: Path, out: Path) -> dict[str, Any]:
    """Check every tensor, one at a time, and put the weights into `out` with the config, tokenizer and template of the
    base, which a trainer of others may have changed. Raises UsageError for weights that are not the base's, trained.
    """
    before, after = tensors(base), tensors(made)
    config = json.loads((base / "config.json").read_bytes())
    if wrong := [*problems(before, after, tied=bool(config.get("tie_word_embeddings")))]:
        more = f"; and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise UsageError(
            f"the weights that came back to {made} are not the base's, trained: {'; '.join(wrong[:5])}{more}"
        )
    kinds = {str(after.of(name).dtype).removeprefix("torch.") for name in after.files}
    changed = sum(not torch.equal(after.of(n).float(), before.of(n).float()) for n in after.files if n in before.files)
    if not changed:
        raise UsageError(
            f"the weights in {made} are those of {base}: nothing was trained"
            "; see the log of the run beside them, and raise `steps` or `epochs`"
        )
    for path in files_of(base):
        if path.parent == base and path.suffix != ".safetensors" and path.name not in LEFT:
            shutil.copyfile(path, out / path.name)
    key = "torch_dtype" if "torch_dtype" in config else "dtype"
    if len(kinds) == 1:
        config[key] = kinds.pop()
    (out / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    for path in sorted({*after.files.values(), *made.glob(INDEX)}):
        os.replace(path, out / path.name)
    return {"tensors": len(before.files), "changed": changed, "dtype": config.get(key, "")}


def problems(before: Tensors, after: Tensors, *, tied: bool) -> Iterator[str]:
    """What is lost, new, of another shape, not finite or nothing but zeros."""
    free = {HEAD} if tied else set()
    yield from (f"{name} is lost" for name in sorted(before.files.keys() - after.files.keys() - free))
    yield from (f"{name} is new" for name in sorted(after.files.keys() - before.files.keys() - free))
    for name in sorted(before.files.keys() & after.files.keys()):
        old, new = before.of(name), after.of(name)
        if old.shape != new.shape:
            yield f"{name} is {tuple(new.shape)}, it was {tuple(old.shape)}"
        elif not torch.isfinite(new).all():
            yield f"{name} holds numbers that are not finite"
        elif new.ndim > 1 and not new.any():
            yield f"{name} is all zeros"
