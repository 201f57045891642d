"""Weights that are not whole stop a release: each kind of damage is named, and what is whole is let through."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.errors import UsageError
from komainu.release.headers import INDEX, parameters, tensors
from komainu.release.weights import refuse
from tests.release.world import Family, build, context

ONE = struct.pack("<f", 1.0)
Written = dict[str, tuple[str, tuple[int, ...], bytes]]
GOOD: Written = {"a": ("F32", (2, 3), ONE * 6), "b": ("F32", (3,), bytes(12)), "c": ("I32", (2, 2), bytes(16))}


def write(file: Path, some: Written, *, gap: int = 0, tail: bytes = b"") -> None:
    header: dict[str, Any] = {}
    end = gap
    for name, (dtype, shape, data) in some.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + len(data)]}
        end += len(data)
    text = json.dumps(header).encode()
    body = b"".join(data for _, _, data in some.values())
    file.write_bytes(len(text).to_bytes(8, "little") + text + bytes(gap) + body + tail)


def test_whole_weights_pass_with_vectors_and_integers_of_zeros(tmp_path: Path) -> None:
    write(tmp_path / "model.safetensors", GOOD)
    seen: list[int] = []
    assert refuse(tmp_path, lambda: seen.append(1)) == 3 == len(seen) and parameters(tmp_path) == 13


DAMAGED: dict[str, Callable[[Path], object]] = {
    "a in m.safetensors is all zeros, a stub": lambda f: write(f, {**GOOD, "a": ("F32", (2, 3), bytes(24))}),
    "a in m.safetensors is all zeros": lambda f: write(f, {"a": ("F32", (2, 1), b"\0\0\0\x80" * 2)}),  # minus zero
    "holds a, which is empty": lambda f: write(f, {**GOOD, "a": ("F32", (0, 3), b"")}),
    "holds a with other bytes than its shape says": lambda f: write(f, {"a": ("F32", (2, 3), ONE * 5)}),
    "holds a with other bytes": lambda f: write(f, GOOD, gap=4),
    "has 1[0-9][0-9] bytes, not the": lambda f: write(f, {"a": GOOD["a"]}, tail=bytes(40)),
    "holds no tensor": lambda f: write(f, {}),
    "of F5, which is not known here": lambda f: write(f, {"a": ("F5", (8,), bytes(5))}),
    "is no safetensors file": lambda f: f.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"),
}


@pytest.mark.parametrize("what", DAMAGED)
def test_damage_is_named(what: str, tmp_path: Path) -> None:
    DAMAGED[what](tmp_path / "m.safetensors")
    with pytest.raises(UsageError, match=what):
        refuse(tmp_path)


def test_a_file_that_was_cut_is_named(tmp_path: Path) -> None:
    write(tmp_path / "m.safetensors", GOOD)
    data = (tmp_path / "m.safetensors").read_bytes()
    (tmp_path / "m.safetensors").write_bytes(data[:-1])
    with pytest.raises(UsageError, match=rf"has {len(data) - 1} bytes, not the {len(data)}"):
        refuse(tmp_path)


@pytest.mark.parametrize("kind", ["F64", "F32", "F16", "BF16", "F8_E5M2", "F8_E4M3"])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_one_number_that_is_not_finite_is_found_in_every_dtype(kind: str, value: float, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    save = pytest.importorskip("safetensors.torch").save_file
    names = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}
    dtype = getattr(torch, names.get(kind) or {"F8_E5M2": "float8_e5m2", "F8_E4M3": "float8_e4m3fn"}[kind])
    numbers = torch.tensor([[1.0, -torch.finfo(dtype).max, torch.finfo(dtype).tiny, 0.0]], dtype=torch.float64).to(
        dtype
    )
    save({"w": numbers}, tmp_path / "m.safetensors")
    assert refuse(tmp_path) == 1 and tensors(tmp_path / "m.safetensors")[0].dtype == kind
    if kind == "F8_E4M3" and value != value:
        numbers = torch.tensor([[1.0, value]]).to(dtype)
    elif kind == "F8_E4M3":
        return  # it has no infinity
    else:
        numbers[0, 2] = value
    save({"w": numbers}, tmp_path / "m.safetensors")
    with pytest.raises(UsageError, match=r"w in m\.safetensors holds numbers that are not finite"):
        refuse(tmp_path)


def test_what_is_looked_at_in_pieces_is_seen_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("komainu.release.weights.PIECE", 8)
    numbers = np.ones(101, "<f4")
    write(tmp_path / "m.safetensors", {"a": ("F32", (101,), numbers.tobytes())})
    assert refuse(tmp_path) == 1
    numbers[-1] = np.nan
    write(tmp_path / "m.safetensors", {"a": ("F32", (101,), numbers.tobytes())})
    with pytest.raises(UsageError, match="not finite"):
        refuse(tmp_path)


def shards(folder: Path, index: object) -> None:
    write(folder / "model-00001-of-00002.safetensors", {"a": GOOD["a"]})
    write(folder / "model-00002-of-00002.safetensors", {"b": GOOD["b"]})
    if index is not None:
        (folder / INDEX).write_text(json.dumps(index))


def named(**places: int) -> dict[str, Any]:
    return {"weight_map": {name: f"model-0000{i}-of-00002.safetensors" for name, i in places.items()}}


@pytest.mark.parametrize(
    ("index", "what"),
    [
        (None, "2 shards have no model.safetensors.index.json"),
        ({}, "has no weight_map"),
        (named(a=1), "model-00002-of-00002.safetensors is not named by"),
        (named(a=1, b=2, c=3), "model-00003-of-00002.safetensors, which .* names, is not there"),
        (named(a=1, b=2, c=2), "c is not in model-00002-of-00002.safetensors, where"),
        (named(a=2, b=1), "a is not in model-00002-of-00002.safetensors, where .*; b is not in"),
    ],
)
def test_shards_and_their_index_must_agree(index: object, what: str, tmp_path: Path) -> None:
    shards(tmp_path, named(a=1, b=2))
    assert refuse(tmp_path) == 2
    (tmp_path / INDEX).unlink()
    shards(tmp_path, index)
    with pytest.raises(UsageError, match=what):
        refuse(tmp_path)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_file_of_tensors_or_are_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.safetensors"
    file.write_bytes(data)
    try:
        tensors(file)
    except UsageError as error:
        assert "is no safetensors file" in str(error)


def test_a_card_of_damaged_weights_is_not_made(tmp_path: Path) -> None:
    family, ctx = Family(n=10), context(tmp_path)
    model = build(family.training[-1], ctx)
    write(model / "model.safetensors", {"a": ("F32", (1, 2), struct.pack("<f", float("nan")) * 2)})
    with pytest.raises(UsageError, match=r"a in model\.safetensors holds numbers that are not finite"):
        build(family.card(), ctx)
    assert not (tmp_path / family.card().place / "record.json").exists()
