"""Models made of models: each method against its formula written out, and what cannot be merged refused by name."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from komainu.errors import UsageError
from komainu.models.folder import load_tokenizer
from komainu.release.weights import refuse
from komainu.stage import Stage
from komainu.train import merged
from komainu.train import weights as saving
from komainu.train.directory import Directory
from komainu.train.merge import Cast, Merge
from komainu.train.merging.arithmetic import TaskArithmetic
from komainu.train.merging.base import Linear, Method
from komainu.train.merging.slerp import Slerp
from komainu.train.merging.ties import Ties
from tests.train.world import base, context

ONE, TWO = base(), base(seed=1)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("store")
    ctx = context(root)
    for stage in (ONE, TWO):
        ctx.store.build(stage, ctx)
    return root


def weights(path: Path) -> dict[str, torch.Tensor]:
    return {n: t for file in path.glob("*.safetensors") for n, t in load_file(file).items()}


def of(root: Path, stage: Stage) -> Path:
    ctx = context(root)
    return ctx.store.build(stage, ctx).path


def test_the_mean_of_two_models_is_one_that_transformers_load(built: Path) -> None:
    path = of(built, Merge(models=(ONE, TWO), method=Linear(weights=(3.0, 1.0))))
    a, b, found = (weights(p) for p in (of(built, ONE), of(built, TWO), path))
    for name in a:
        assert torch.allclose(found[name], 0.75 * a[name] + 0.25 * b[name], atol=1e-7)
    model = AutoModelForCausalLM.from_pretrained(path)
    assert torch.equal(model.get_input_embeddings().weight, found["model.embed_tokens.weight"])
    assert (path / "tokenizer.json").read_bytes() == (of(built, ONE) / "tokenizer.json").read_bytes()


def test_a_trained_model_that_is_large_is_saved_in_shards_with_an_index(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "SHARD", 40_000)
    whole = of(built, ONE)
    saving.save_model(saving.load_model(whole), load_tokenizer(whole), tmp_path)
    names = json.loads((tmp_path / "model.safetensors.index.json").read_text())["weight_map"]
    assert len({*names.values()}) > 1 and names.keys() == weights(tmp_path).keys() == weights(whole).keys()
    assert refuse(tmp_path) == len(names)


def plain_ties(rows: list[list[float]], density: float, shares: tuple[float, ...]) -> list[float]:
    """Number by number: trim, elect, and the mean of those that agree."""
    kept = []
    for row in rows:
        least = sorted(map(abs, row), reverse=True)[max(1, round(density * len(row))) - 1]
        kept.append([x if abs(x) >= least else 0.0 for x in row])
    found = []
    for column in zip(*kept, strict=True):
        total = sum(w * x for w, x in zip(shares, column, strict=True))
        sign = (total > 0) - (total < 0)
        agreeing = [(w, x) for w, x in zip(shares, column, strict=True) if x * sign > 0]
        found.append(sum(w * x for w, x in agreeing) / sum(w for w, _ in agreeing) if agreeing else 0.0)
    return found


numbers = st.lists(st.integers(-6, 6).map(lambda x: x / 4), min_size=6, max_size=6)


@given(st.lists(numbers, min_size=3, max_size=3), st.sampled_from([0.2, 0.5, 1.0]))
def test_ties_is_what_the_paper_writes_number_by_number(rows: list[list[float]], density: float) -> None:
    shares = (1.0, 0.5, 0.25)
    found = Ties(weights=shares, density=density).of([torch.tensor(row) for row in rows])
    assert found.tolist() == pytest.approx(plain_ties(rows, density, shares), abs=1e-6)


def test_slerp_keeps_to_the_arc_and_goes_straight_where_there_is_none() -> None:
    a, b = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 2.0])
    assert Slerp(t=0.5).of([a, b]).tolist() == pytest.approx([math.sqrt(2)] * 2)
    assert Slerp(t=1 / 3).of([a, b]).tolist() == pytest.approx([2 * math.cos(math.pi / 6), 2 * math.sin(math.pi / 6)])
    assert Slerp(t=0.25).of([a, 3 * a]).tolist() == pytest.approx([3.0, 0.0])
    assert Slerp(t=0.25).of([a, 0 * a]).tolist() == pytest.approx([1.5, 0.0])
    assert torch.equal(Slerp(t=0.0).of([a, b]), a)


def test_what_was_learnt_is_added_to_the_base_and_can_be_taken_away(built: Path) -> None:
    models = (ONE, TWO)
    method = TaskArithmetic(weights=(0.5, -0.25))
    third = base(seed=2)
    a, b, c = (weights(of(built, s)) for s in (ONE, TWO, third))
    found = weights(of(built, Merge(models=models, method=method, base=third)))
    for name in c:
        wanted = c[name] + 0.5 * (a[name] - c[name]) - 0.25 * (b[name] - c[name])
        assert torch.allclose(found[name], wanted, atol=1e-6)


def test_large_models_are_written_in_shards_with_an_index_and_load(
    built: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merged, "SHARD", 30_000)
    path = of(built, Cast(model=ONE))
    index = json.loads((path / "model.safetensors.index.json").read_text())
    files = sorted({*index["weight_map"].values()})
    assert len(files) > 1 and files == sorted(p.name for p in path.glob("*.safetensors"))
    assert index["metadata"]["total_size"] == sum(t.numel() * 2 for t in weights(path).values())
    model = AutoModelForCausalLM.from_pretrained(path)
    assert model.dtype == torch.bfloat16
    for name, tensor in weights(of(built, ONE)).items():
        assert torch.equal(weights(path)[name], tensor.bfloat16())
    again = of(built, Merge(models=(ONE, Cast(model=ONE))))
    assert AutoModelForCausalLM.from_pretrained(again).dtype == torch.float32


def changed(root: Path, to: Path, **tensors: Any) -> Directory:
    """A copy of the first model with other tensors (by the end of their names)."""
    to.mkdir()
    for file in of(root, ONE).iterdir():
        if file.suffix in (".json", ".jinja") and file.name != "record.json":
            to.joinpath(file.name).write_bytes(file.read_bytes())
    found = weights(of(root, ONE))
    for end, change in tensors.items():
        name = next(n for n in found if n.endswith(end.replace("__", ".")))
        found[name] = change(found[name])
    save_file({n: t.contiguous() for n, t in found.items()}, to / "model.safetensors")
    return Directory.of(str(to))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda t: t * float("nan"), r"q_proj.weight of .* holds numbers that are not finite"),
        (lambda t: t * 0, r"q_proj.weight of .* is all zeros, a stub"),
        (lambda t: t[:0], r"q_proj.weight is \[32, 32\] and \[0, 32\]"),
        (lambda t: t.int(), r"q_proj.weight holds torch.int32, which cannot be merged"),
    ],
)
def test_a_damaged_model_is_refused_by_the_name_of_its_tensor(
    built: Path, tmp_path: Path, change: Any, problem: str
) -> None:
    other = changed(built, tmp_path / "other", q_proj__weight=change)
    with pytest.raises(UsageError, match=problem):
        of(built, Merge(models=(ONE, other)))


def test_models_of_other_kinds_and_files_that_are_none_are_refused(built: Path, tmp_path: Path) -> None:
    wide = replace(base(), shape=replace(base().shape, feed_forward=48))
    with pytest.raises(UsageError, match=r"down_proj.weight is \[32, 64\] and \[32, 48\].*and \d+ more"):
        of(built, Merge(models=(ONE, wide)))
    large = changed(built, tmp_path / "large", q_proj__weight=lambda t: t * 1e7)
    with pytest.raises(UsageError, match=r"q_proj.weight holds numbers up to .*, which torch.float16 cannot hold"):
        of(built, Cast(model=large, dtype="float16"))
    stub = changed(built, tmp_path / "stub")
    (tmp_path / "stub" / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(UsageError, match="is no whole safetensors file"):
        of(built, Cast(model=Directory.of(stub.path)))


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ({"method": Ties()}, "give the base they were trained from"),
        ({"base": ONE}, "not needed for Linear"),
        ({"method": Slerp(t=1.5)}, "t is 1.5"),
        ({"method": Linear(weights=(1.0,))}, "1 weights for 2 models"),
        ({"method": Linear(weights=(1.0, -1.0))}, "add up to 0"),
        ({"method": Ties(density=0.0), "base": ONE}, "density is 0.0"),
        ({"models": (ONE,)}, "it takes two or more"),
        ({"models": (ONE, TWO, ONE), "method": Slerp()}, "between two models, here are 3"),
    ],
)
def test_what_does_not_go_together_is_told_before_anything_is_built(how: dict[str, Any], problem: str) -> None:
    stage = replace(Merge(models=(ONE, TWO)), **how)
    assert any(problem in told for told in stage.check())


def test_models_and_method_make_the_id_and_the_inputs() -> None:
    stage = Merge(models=(ONE, TWO))
    assert {*stage.inputs} == {"models[0]", "models[1]"}
    methods: list[Method] = [Linear(), Slerp(), Linear(weights=(2.0, 1.0))]
    assert len({replace(stage, method=m).id for m in methods}) == 3
