"""The files of shard tasks: chunks on their way to other machines, and what was made of them.

A file is frames, each a length (8 bytes, little-endian) and MessagePack: first the key of the shard, then a frame a
chunk. It takes its name when it is whole.
"""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

import msgspec

from komainu.data.flow import Flow
from komainu.data.prepared import Prepared
from komainu.data.stretch import Chunk, Done
from komainu.files import whole


class Sent(msgspec.Struct, array_like=True, frozen=True):
    """A chunk in a file."""

    lines: list[bytes]
    at: list[int]
    file: str
    line: int


class Counts(msgspec.Struct, array_like=True, frozen=True):
    """A flow in a file."""

    label: str
    came: int
    went: int
    dropped: dict[str, int]
    notes: dict[str, Any]


class Returned(msgspec.Struct, array_like=True, frozen=True):
    """What a stretch made of a chunk, in a file; `value` is packed by itself, since only its step knows its type."""

    lines: list[bytes]
    at: list[int]
    drops: list[tuple[int, bytes]]
    flows: list[Counts]
    value: bytes | None


def write_chunks(path: Path, chunks: Iterable[Chunk], code: str) -> str:
    """Write a shard; returns its key, the hash of the code that is to do it and of all that it holds."""
    seen = sha256(code.encode())
    body = path.with_name(path.name + ".body")
    with open(body, "wb") as file:
        for chunk in chunks:
            frame = msgspec.msgpack.encode(Sent([*chunk.lines], [*chunk.at], chunk.file, chunk.line))
            seen.update(frame)
            put(file, frame)
    key = seen.hexdigest()[:16]
    with whole(path) as out, open(body, "rb") as file:
        put(out, key.encode())
        while some := file.read(1 << 20):
            out.write(some)
    body.unlink()
    return key


def read_chunks(path: Path) -> tuple[str, Iterator[Chunk]]:
    """The key of a shard, and its chunks."""
    frames = read(path)
    key = next(frames).decode()
    decoder = msgspec.msgpack.Decoder(Sent)
    return key, (Chunk(s.lines, s.at, s.file, s.line) for s in map(decoder.decode, frames))


def write_done(path: Path, done: Iterable[Done]) -> None:
    """Write what was made of a shard. Two tasks of one shard, one of them believed lost, do not harm each other."""
    mine = path.with_name(f"{path.name}.{platform.node()}.{os.getpid()}")
    with whole(mine) as out:
        for made in done:
            flows = [Counts(f.label, f.came, f.went, dict(f.dropped), f.notes) for f in made.flows]
            value = None if made.value is None else packed(made.value)
            drops = [(at, line) for at, line in made.drops]
            put(out, msgspec.msgpack.encode(Returned([*made.lines], [*made.at], drops, flows, value)))
    os.replace(mine, path)


def read_done(path: Path, prepared: Prepared | None) -> Iterator[Done]:
    decoder = msgspec.msgpack.Decoder(Returned)
    for made in map(decoder.decode, read(path)):
        flows = [Flow(c.label, c.came, c.went, Counter(c.dropped), c.notes) for c in made.flows]
        value = None
        if made.value is not None:
            assert prepared is not None, f"{path}: a value, and no step that prepared it"
            value = unpacked(made.value, prepared.kind())
        yield Done(made.lines, made.at, made.drops, flows, value)


def put(file: IO[bytes], frame: bytes) -> None:
    file.write(len(frame).to_bytes(8, "little"))
    file.write(frame)


def read(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while size := file.read(8):
            frame = file.read(int.from_bytes(size, "little"))
            assert len(frame) == int.from_bytes(size, "little"), f"{path} ends in the middle"
            yield frame


def packed(value: Any) -> bytes:
    """A prepared value as MessagePack; arrays as their dtype, shape and bytes."""

    def array(found: Any) -> Any:
        import numpy as np

        if isinstance(found, np.ndarray) and not found.dtype.hasobject:
            return found.dtype.str, found.shape, found.tobytes()
        if isinstance(found, np.generic):
            return found.item()
        raise NotImplementedError(f"prepare() may not give a {type(found).__name__}: it cannot be written to a file")

    return msgspec.msgpack.encode(value, enc_hook=array)


def unpacked(data: bytes, kind: Any) -> Any:
    """What `packed` was given; `kind` is its type."""

    def array(wanted: Any, found: Any) -> Any:
        import numpy as np

        dtype, shape, content = found
        return np.frombuffer(content, np.dtype(dtype)).reshape(shape).copy()

    return msgspec.msgpack.decode(data, type=kind, dec_hook=array)
