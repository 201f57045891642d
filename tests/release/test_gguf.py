"""GGUF: the converter's file is read back before it counts, and llama.cpp's own converter and runtime serve."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from komainu.errors import GateFailed, UsageError
from komainu.models.engine import load
from komainu.release.agreement import LIMITS, Limit, Said, agreement
from komainu.release.card import Card
from komainu.stage import Stage
from recipes.demo import family
from recipes.gguf import demo
from tests.release.llama import CHECKOUT, REAL, SPLITS, Odd, Taught, Tiny, build, fake, taught

pytest.importorskip("gguf")


def test_a_file_that_is_not_the_models_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("komainu.release.converted.find_spec", lambda name: None)
    with pytest.raises(GateFailed, match="its chat template is not the model's; it has 7 tokens, the model 354"):
        build(tmp_path, fake(tmp_path / "wrong", template='"other"', tokens="7"))
    made = build(tmp_path, fake(tmp_path / "right"), kind="f16")
    assert (made.path / "model.gguf").stat().st_size == made.summary["bytes"]
    assert made.summary["answer"] is None and made.summary["tokens"] == 354


def test_a_missing_or_failing_converter_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"set `llama_cpp` in komainu\.toml"):
        build(tmp_path, "")
    with pytest.raises(UsageError, match=r"which has no convert_hf_to_gguf\.py"):
        build(tmp_path, str(tmp_path))
    with pytest.raises(UsageError, match=r"(?s)ended with 1. Its last words.*no_such_name"):
        build(tmp_path, fake(tmp_path / "failing", template="no_such_name"))


def test_the_demos_file_is_made_of_the_model_that_its_card_releases() -> None:
    made, card = demo("xs", effort="smoke", kind="q8_0"), family("xs", effort="smoke").card
    assert isinstance(card, Card) and made.model == card.model
    assert [*made.check()] == [] and [*replace(made, texts=made.model).check()] != []


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tiny")
    Tiny().run(path, None)  # type: ignore[arg-type]
    return path


def told(model: Any, ids: list[int], answer: list[int], change: float = 0.0) -> Said:
    """What a runtime would say that is off by some random numbers."""
    with torch.inference_mode():
        logits = model(torch.tensor([ids + answer])).logits[0]
    return Said(ids, answer, logits + change * torch.randn(logits.shape, generator=torch.Generator().manual_seed(0)))


def test_a_file_must_say_what_its_model_says(tiny: Path) -> None:
    model = load(tiny, 0, torch.device("cpu"), torch.float32, None).model
    ids, answer = [1, 260, 270, 300], [280, 281]
    exact = agreement(model, [ids], [told(model, ids, answer)], Limit(0.0, 0.0))
    assert exact == {"tokens": 6, "kl": 0.0, "kl_max": 0.0, "chosen": 1.0, "lead": 0.0}
    near = agreement(model, [ids], [told(model, ids, answer, 1e-3)], LIMITS["f16"])
    assert 0 < near["kl"] < 1e-5 and near["kl_max"] >= near["kl"]
    far = told(model, ids, answer, 0.5)
    with pytest.raises(GateFailed, match=r"does not say what its model says: .*'kl': 0\.1"):
        agreement(model, [ids], [far], LIMITS["q8_0"])
    with pytest.raises(GateFailed, match="'lead': 0"):  # of the divergence alone it would be let through
        agreement(model, [ids], [far], Limit(1.0, 0.01))
    with pytest.raises(GateFailed, match=r"other tokens of a prompt than the model: \[1, 260, 270, 300\], not \[1\]"):
        agreement(model, [[1]], [told(model, ids, answer)], LIMITS["f16"])
    nothing = Said(ids, answer, far.logits * float("nan"))
    with pytest.raises(GateFailed, match="'kl': nan"):
        agreement(model, [ids], [nothing], Limit(100.0, 100.0))


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=REAL) for kind in LIMITS])
def test_llama_cpps_runtime_loads_what_its_converter_made_and_says_what_the_model_says(
    tmp_path: Path, kind: str
) -> None:
    summary = build(tmp_path, CHECKOUT, kind=kind).summary
    assert summary["architecture"] == "llama" and summary["tensors"] == 21 and summary["answer"]
    assert summary["agreement"]["tokens"] > 150 and summary["agreement"]["kl"] < LIMITS[kind].kl / 100
    print(kind, summary["agreement"])


@pytest.mark.parametrize("kind", [pytest.param("q8_0", marks=REAL)])
def test_a_file_of_another_model_is_found_out(tmp_path: Path, kind: str) -> None:
    other = tmp_path / "other"
    other.mkdir()
    Tiny(seed=1).run(other, None)  # type: ignore[arg-type]
    (tmp_path / "convert").mkdir()
    (tmp_path / "convert" / "convert_hf_to_gguf.py").write_text(
        f"import subprocess, sys\nwords = [{os.path.abspath(CHECKOUT)!r} + '/convert_hf_to_gguf.py', {str(other)!r}]\n"
        "sys.exit(subprocess.run([sys.executable, *words, *sys.argv[2:]]).returncode)\n"
    )
    with pytest.raises(GateFailed, match="does not say what its model says"):
        build(tmp_path, str(tmp_path / "convert"), kind=kind)


@pytest.mark.parametrize("name", [pytest.param(name, marks=REAL) for name in SPLITS])
def test_a_tokenizer_of_no_list_splits_in_llama_cpp_as_its_structure_says(tmp_path: Path, name: str) -> None:
    summary = build(tmp_path, CHECKOUT, Tiny(splits=name), kind="f32", texts=Odd()).summary
    assert summary["splitting"] == name
    assert summary["split"] == {"read": 109, "otherwise": 0, "such_as": []}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trained")


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=REAL) for kind in LIMITS])
def test_a_model_trained_as_the_demos_says_in_llama_cpp_what_it_says_here(store: Path, kind: str) -> None:
    data: Stage = Taught()
    made = build(store, CHECKOUT, taught(data), kind=kind, texts=data, prompt="日本語にしてください。\nTaro is kind.")
    agreed, split = made.summary["agreement"], made.summary["split"]
    assert made.summary["splitting"] == "poro-chat" and "太郎" in made.summary["answer"]
    assert agreed["kl"] < LIMITS[kind].kl / 5 and agreed["lead"] < LIMITS[kind].lead / 2
    assert split["read"] == 3000 and split["otherwise"] < 10
    print(kind, agreed, split)


@pytest.mark.parametrize("splits", [pytest.param("scripts", marks=REAL)])
def test_a_splitting_that_is_only_near_is_refused_where_many_texts_tell_them_apart(tmp_path: Path, splits: str) -> None:
    with pytest.raises(GateFailed, match="of 109 texts, where one in 200 may differ: '「犬」と"):
        build(tmp_path, CHECKOUT, Tiny(splits=splits), texts=Odd())


@pytest.mark.parametrize("splits", [pytest.param(r"\p{L}+|\p{N}+", marks=REAL)])
def test_a_splitting_that_nobody_knows_is_refused_by_its_regex(tmp_path: Path, splits: str) -> None:
    with pytest.raises(UsageError, match=r"splits text as llama\.cpp cannot: .*p\{L\}\+\|.*No file was written"):
        build(tmp_path, CHECKOUT, Tiny(splits=splits))
