"""Whether the weights of a release are whole: every number of every safetensors file, in pieces, without torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from komainu.errors import UsageError
from komainu.release.headers import Tensor, extent, indexed, tensors

PIECE = 16 << 20  # bytes that are looked at in one go
SHOWN = 5  # problems that are named
FLOATS = {  # as unsigned integers: the bits but the sign, and the least of them that is no finite number
    "F64": ("<u8", 0x7FFFFFFFFFFFFFFF, 0x7FF0000000000000),
    "F32": ("<u4", 0x7FFFFFFF, 0x7F800000),
    "BF16": ("<u2", 0x7FFF, 0x7F80),
    "F16": ("<u2", 0x7FFF, 0x7C00),
    "F8_E5M2": ("<u1", 0x7F, 0x7C),
    "F8_E4M3": ("<u1", 0x7F, 0x7F),
}


def refuse(folder: Path, done: Callable[[], object] = lambda: None) -> int:
    """Look at every number of the weights in a folder; `done` is called for each tensor. Returns how many there are.

    Raises UsageError for a pointer, a file that is cut or has bytes too many, an empty tensor, numbers that are not
    finite, a matrix of zeros, a shard or tensor that the index names and is not there, and one that it does not name.
    Not told apart from numbers: integers and floats of fewer than 8 bits.
    """
    held: dict[str, list[str]] = {}
    bad: list[str] = []
    for file in sorted(folder.rglob("*.safetensors")):
        found = tensors(file)
        name = file.relative_to(folder).as_posix()
        held[name] = [tensor.name for tensor in found]
        gaps = [f"{name} {what}" for what in extent(file, found)]
        for tensor in () if gaps else found:
            bad += [f"{tensor.name} in {name} {what}" for what in wrong(file, tensor)]
            done()
        bad += gaps
    if bad := [*bad, *indexed(folder, held)]:
        more = f"; and {len(bad) - SHOWN} more" if len(bad) > SHOWN else ""
        raise UsageError(f"these weights cannot be released: {'; '.join(bad[:SHOWN])}{more}")
    return sum(map(len, held.values()))


def wrong(file: Path, tensor: Tensor) -> Iterator[str]:
    """What is wrong with a tensor's numbers."""
    if tensor.dtype not in FLOATS:
        return
    kind, mask, least = FLOATS[tensor.dtype]
    most = 0
    with open(file, "rb") as handle:
        handle.seek(tensor.start)
        for start in range(tensor.start, tensor.end, PIECE):
            piece = np.frombuffer(handle.read(min(PIECE, tensor.end - start)), kind)
            most = max(most, int((piece & piece.dtype.type(mask)).max()))
    if most >= least:
        yield "holds numbers that are not finite"
    elif not most and len(tensor.shape) > 1:
        yield "is all zeros, a stub"
