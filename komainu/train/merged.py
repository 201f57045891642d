"""What `Merge` and `Cast` do, a tensor at a time: memory holds a shard and one tensor of each model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from komainu.context import Context
from komainu.errors import UsageError
from komainu.train.shardfiles import SHARD, Held, Tensors, copy_rest, write_tensors

if TYPE_CHECKING:
    from komainu.train.merge import Cast, Merge

BOOKKEEPING = {"_name_or_path", "torch_dtype", "dtype", "transformers_version", "use_cache", "name_or_path"}
NAMED = 5  # differences told before the rest is only counted


def merge(stage: Merge, out: Path, ctx: Context) -> dict[str, Any]:
    """The merged model in `out`; the summary has its size and how far each model is from it."""
    paths = [ctx.open(model).path for model in (*stage.models, *([stage.base] if stage.base else []))]
    models = [Tensors(path) for path in paths]
    alike(models)
    first = models[0]
    names = sorted(first.open)
    wanted = getattr(torch, stage.dtype) if stage.dtype else None
    planned = {n: Held(first.held(n).shape, wanted or first.held(n).dtype) for n in names}
    apart = [0.0] * len(stage.models)
    with ctx.progress(len(names), "merge") as bar:

        def made(name: str) -> torch.Tensor:
            tensors = [m[name].float() for m in models]
            base = tensors.pop() if stage.base else None
            found = stage.method.of(tensors if base is None else [t - base for t in tensors])
            found = found if base is None else base + found
            for i, tensor in enumerate(tensors):
                apart[i] += float((tensor.double() - found.double()).square().sum())
            bar.update()
            return fitted(found, planned[name].dtype, name)

        size = write_tensors(out, planned, made, SHARD)
    copy_rest(paths[0], out, wanted or planned[names[0]].dtype)
    return {"tensors": len(names), "bytes": size, "apart": [float(f"{a**0.5:.6g}") for a in apart]}


def cast(stage: Cast, out: Path, ctx: Context) -> dict[str, Any]:
    """The model in `out` with floating-point tensors of another dtype."""
    source = ctx.open(stage.model).path
    tensors, dtype = Tensors(source), getattr(torch, stage.dtype)
    held = {n: tensors.held(n) for n in sorted(tensors.open)}
    planned = {n: Held(h.shape, dtype if h.dtype.is_floating_point else h.dtype) for n, h in held.items()}
    with ctx.progress(len(planned), "cast") as bar:

        def made(name: str) -> torch.Tensor:
            bar.update()
            return fitted(tensors[name], planned[name].dtype, name)

        size = write_tensors(out, planned, made, SHARD)
    copy_rest(source, out, dtype)
    return {"tensors": len(planned), "bytes": size}


def fitted(tensor: torch.Tensor, dtype: torch.dtype, name: str) -> torch.Tensor:
    """A tensor in a dtype; raises UsageError where a number does not fit it."""
    found = tensor.to(dtype)
    if dtype.is_floating_point and not bool(torch.isfinite(found).all()):
        most = float(tensor.abs().max())
        raise UsageError(f"{name} holds numbers up to {most:.4g}, which {dtype} cannot hold; take bfloat16 or float32")
    return found


def alike(models: Sequence[Tensors]) -> None:
    """Raise UsageError for models that are no variants of one: their configs, tokenizers or tensors differ in kind."""
    first, bad = models[0], []
    for other in models[1:]:
        bad += [f"{n} is only in one of them" for n in sorted(first.open.keys() ^ other.open.keys())]
        for name in sorted(first.open.keys() & other.open.keys()):
            mine, theirs = first.held(name), other.held(name)
            if mine.shape != theirs.shape:
                bad.append(f"{name} is {[*mine.shape]} and {[*theirs.shape]}")
            elif not (mine.dtype.is_floating_point and theirs.dtype.is_floating_point):
                bad.append(f"{name} holds {theirs.dtype}, which cannot be merged")
        configs = [json.loads((m.path / "config.json").read_text(encoding="utf-8")) for m in (first, other)]
        keys = sorted((configs[0].keys() | configs[1].keys()) - BOOKKEEPING)
        bad += [
            f"config.json has {k} {configs[0].get(k)!r} and {configs[1].get(k)!r}"
            for k in keys
            if configs[0].get(k) != configs[1].get(k)
        ]
        if vocabulary(first.path) != vocabulary(other.path):
            bad.append("their tokenizers have other tokens")
        if bad:
            more = f"; and {len(bad) - NAMED} more" if len(bad) > NAMED else ""
            where = f"{first.path} and {other.path}"
            raise UsageError(f"{where} cannot be merged: {'; '.join(bad[:NAMED])}{more}")


def vocabulary(path: Path) -> Any:
    """The tokens of a tokenizer.json with their ids; its bytes for another kind of tokenizer, None without one."""
    if (file := path / "tokenizer.json").exists():
        told = json.loads(file.read_text(encoding="utf-8"))
        return told["model"].get("vocab"), [(t["id"], t["content"]) for t in told.get("added_tokens", [])]
    return (path / "tokenizer.model").read_bytes() if (path / "tokenizer.model").exists() else None
