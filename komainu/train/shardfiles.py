"""Model directories read and written tensor by tensor: safetensors, in shards with an index where they are large."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from komainu.errors import UsageError
from komainu.train.intact import shards_in

SHARD = 5 << 30  # bytes of a file
SINGLE, INDEX = "model.safetensors", "model.safetensors.index.json"
ALONGSIDE = (".json", ".jinja", ".model", ".txt")
NOT_TAKEN = (INDEX, "record.json", "config.json")


class Held(NamedTuple):
    """What a file's header says of a tensor."""

    shape: tuple[int, ...]
    dtype: torch.dtype


class Tensors:
    """The tensors of a model directory by name, each read when it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        files = sorted(path.glob("*.safetensors"))
        if (path / INDEX).exists():
            files = sorted(path / file for file in shards_in(path / INDEX))
            if lost := [file.name for file in files if not file.exists()]:
                raise UsageError(f"{path} lacks {', '.join(lost)}, which its index names: get the directory again")
        if not files:
            raise UsageError(f"{path} has no *.safetensors; give a model directory in that format")
        self.open: dict[str, Any] = {}
        for file in files:
            try:
                handle: Any = safe_open(file, "pt")
            except Exception as error:  # safetensors raises its own kinds for a pointer, a stub, a file cut short
                raise UsageError(f"{file} is no whole safetensors file: {error}; get the file again") from None
            self.open.update(dict.fromkeys(handle.keys(), handle))

    def held(self, name: str) -> Held:
        part = self.open[name].get_slice(name)
        return Held(tuple(part.get_shape()), DTYPES[part.get_dtype()])

    def __getitem__(self, name: str) -> torch.Tensor:
        """A tensor; refuses one that is empty, holds numbers that are not finite, or is a matrix of zeros."""
        tensor: torch.Tensor = self.open[name].get_tensor(name)
        what = ""
        if not tensor.numel():
            what = "is empty"
        elif tensor.is_floating_point():
            least, most = (float(x) for x in torch.aminmax(tensor.float()))
            if not torch.isfinite(torch.tensor([least, most])).all():
                what = "holds numbers that are not finite"
            elif tensor.ndim > 1 and least == most == 0:
                what = "is all zeros, a stub"
        if what:
            raise UsageError(f"{name} of {self.path} {what}; get the file again")
        return tensor


DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


def write_tensors(out: Path, planned: Mapping[str, Held], make: Callable[[str], torch.Tensor], shard: int) -> int:
    """Write planned tensors, each made when its file is due; one file, or shards of about `shard` bytes with an index.

    Returns the bytes of all tensors.
    """
    groups: list[list[str]] = [[]]
    total = used = 0
    for name in sorted(planned):
        size = planned[name].dtype.itemsize * torch.Size(planned[name].shape).numel()
        if groups[-1] and used + size > shard:
            groups.append([])
            used = 0
        groups[-1].append(name)
        used, total = used + size, total + size
    files = (
        [SINGLE]
        if len(groups) == 1
        else [f"model-{i:05d}-of-{len(groups):05d}.safetensors" for i in range(1, len(groups) + 1)]
    )
    for file, names in zip(files, groups, strict=True):
        tensors = {}
        for name in names:
            tensors[name] = make(name).contiguous()
            assert (tuple(tensors[name].shape), tensors[name].dtype) == planned[name]
        save_file(tensors, out / file, metadata={"format": "pt"})
    if len(files) > 1:
        places = {name: file for file, names in zip(files, groups, strict=True) for name in names}
        index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(places.items()))}
        (out / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
    return total


def copy_rest(source: Path, out: Path, dtype: torch.dtype) -> None:
    """Tokenizer, template and config of a model directory; the config says what the weights are now."""
    for file in sorted(source.iterdir()):
        if file.is_file() and file.suffix in ALONGSIDE and file.name not in NOT_TAKEN:
            shutil.copyfile(file, out / file.name)
    config = json.loads((source / "config.json").read_text(encoding="utf-8"))
    config.pop("torch_dtype", None)
    config["dtype"] = str(dtype).removeprefix("torch.")
    (out / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")
