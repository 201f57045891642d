"""What safetensors files say of themselves: their tensors, from the header alone, and whether shards and index agree.

Format: the safetensors README: a length, a JSON header, the bytes of all tensors without a gap.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from komainu.errors import UsageError

INDEX = "model.safetensors.index.json"
LENGTH = 8  # bytes before the header that tell its length
HEADER = 100_000_000  # bytes; safetensors allows no longer header
BITS = {"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F16": 16}
BITS |= {"BF16": 16, "F32": 32, "F64": 64, "C64": 64}
BITS |= {f"{sign}{bits}": bits for sign in "IU" for bits in (8, 16, 32, 64)}


class Tensor(NamedTuple):
    """What a header says of a tensor; `start` and `end` are bytes of the file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int

    @property
    def numbers(self) -> int:
        return math.prod(self.shape)


def tensors(file: Path) -> list[Tensor]:
    """The tensors of a safetensors file in the order of their bytes; raises UsageError when it is none."""
    try:
        with open(file, "rb") as handle:
            size = int.from_bytes(handle.read(LENGTH), "little")
            header: dict[str, Any] = json.loads(handle.read(size)) if 0 < size < HEADER else {"": size}
        first = LENGTH + size
        found = [
            Tensor(name, str(t["dtype"]), tuple(map(int, t["shape"])), *(first + int(at) for at in t["data_offsets"]))
            for name, t in header.items()
            if name != "__metadata__"
        ]
    except (ValueError, AttributeError, KeyError, TypeError):
        raise UsageError(f"{file.name} of the model is no safetensors file, or damaged; get it again") from None
    return sorted(found, key=lambda t: t.start)


def extent(file: Path, found: list[Tensor]) -> Iterator[str]:
    """Whether the tensors are the file's bytes, all of them and each once."""
    if not found:
        yield "holds no tensor"
        return
    with open(file, "rb") as handle:
        at = LENGTH + int.from_bytes(handle.read(LENGTH), "little")
    for tensor in found:
        if not tensor.numbers:
            yield f"holds {tensor.name}, which is empty"
        elif tensor.dtype not in BITS:
            yield f"holds {tensor.name} of {tensor.dtype}, which is not known here"
        elif tensor.start != at or 8 * (tensor.end - tensor.start) != BITS[tensor.dtype] * tensor.numbers:
            yield f"holds {tensor.name} with other bytes than its shape says, a stub"
        at = tensor.end
    if (size := file.stat().st_size) != at:
        yield f"has {size} bytes, not the {at} that its header says"


def indexed(folder: Path, held: dict[str, list[str]]) -> Iterator[str]:
    """Where shards and their index differ."""
    shards = {name for name in held if name.startswith("model-")}
    if not (folder / INDEX).exists():
        if shards:
            yield f"{len(shards)} shards have no {INDEX}"
        return
    try:
        named: dict[str, str] = dict(json.loads((folder / INDEX).read_bytes())["weight_map"])
    except (ValueError, TypeError, KeyError):
        yield f"{INDEX} has no weight_map"
        return
    there = {tensor: file for file in {*named.values()} for tensor in held.get(file, ())}
    yield from (f"{file}, which {INDEX} names, is not there" for file in sorted({*named.values()} - held.keys()))
    yield from (f"{name} is not named by {INDEX}" for name in sorted(shards - {*named.values()}))
    for tensor in sorted(named.keys() | there.keys()):
        if named.get(tensor) in held and there.get(tensor) != named[tensor]:
            yield f"{tensor} is not in {named[tensor]}, where {INDEX} has it"
        elif tensor not in named:
            yield f"{tensor} in {there[tensor]} is not named by {INDEX}"


def parameters(folder: Path) -> int:
    """The numbers in the safetensors files of a folder; tied weights are there once."""
    return sum(tensor.numbers for file in sorted(folder.glob("*.safetensors")) for tensor in tensors(file))
