"""The release recipe: own files in, a model directory with a card out whose numbers can be proved."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from komainu.errors import UsageError
from komainu.launch import open_context
from komainu.proof.card import prove
from komainu.recipe import load
from komainu.release.card import Card
from komainu.release.files import link_terms
from komainu.settings import Settings
from komainu.stage import wiring
from komainu.train.directory import link, model_at
from tests.first.test_start import ifeval
from tests.train.world import base, context

RELEASE = str(Path(__file__).parents[1] / "recipes/release.py") + ":release"


@pytest.fixture
def given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a user would say, with a tiny base, a few chats and twelve items of IFEval."""
    made = context(tmp_path / "made")
    model = tmp_path / "base"
    model.mkdir()
    for file in made.store.build(base(), made).path.iterdir():
        if file.is_file() and file.name != "record.json":
            (model / file.name).write_bytes(file.read_bytes())
    (model / "LICENSE").write_text("MIT", encoding="utf-8")
    turns = [{"role": "user", "content": "犬は？"}, {"role": "assistant", "content": "いる"}]
    rows = "".join(json.dumps({"id": f"r{i}", "messages": turns}, ensure_ascii=False) + "\n" for i in range(128))
    (tmp_path / "chats.jsonl").write_text(rows, encoding="utf-8")
    ifeval(tmp_path / "items")
    monkeypatch.delenv("KOMAINU_FIXTURES", raising=False)
    monkeypatch.setenv("KOMAINU_ITEMS", str(tmp_path / "items"))
    monkeypatch.chdir(tmp_path)
    return [f"base={model}", f"chats={tmp_path / 'chats.jsonl'}", "name=lions/tiny", "bench=ifeval"]


def card_of(*said: str) -> Card:
    stage = load(RELEASE, said).stage
    assert isinstance(stage, Card)
    return stage


def test_own_files_become_a_card_whose_numbers_are_proved(given: list[str], tmp_path: Path) -> None:
    card = card_of(*given, "licence=mit", "rows=cc-by-4.0", "readme=ja")
    with open_context(Settings(store=str(tmp_path / "store"), threads=1)) as ctx:
        folder = ctx.store.build(card, ctx).path
        assert prove(folder, card.place, ctx.store).holds
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert "| mit | lions/tiny |" in text and "| base |" in text and "| SFT |" in text and "ライセンス" in text
    assert (folder / "LICENSE").read_text(encoding="utf-8") == "MIT" and (folder / "generation_config.json").exists()
    assert replace(card, readme="en").model.id == card.model.id


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (["licence=mit", "rows=cc-by-nc-4.0"], "128 rows.*r0"),
        (["licence=mit"], "128 rows.*r0"),
        (["licence=", "rows=mit"], "the base has no licence"),
    ],
    ids=["no commercial use", "no licence of the rows", "no licence of the base"],
)
def test_what_may_not_be_released_is_told_by_the_plan(given: list[str], said: list[str], why: str) -> None:
    told = "; ".join(text for _, text in wiring(card_of(*given, *said)))
    assert re.search(why, told), told


def test_a_llama_gets_its_official_name(given: list[str]) -> None:
    card = card_of(*given, "licence=llama3.1", "rows=mit")
    assert card.title == "Llama 3.1 tiny" and [*wiring(card)] == []


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ("bench=ifevil", "did you mean 'ifeval'"),
        ("bench=ifeval,rakuda", "rakuda cannot be asked: there is no"),
        ("bench=ifeval,rp-bench", "rp-bench cannot be asked: models mark its answers"),
        ("chats=", "needs chats"),
    ],
    ids=["unknown benchmark", "items that are nowhere", "a benchmark for judges", "nothing to train on"],
)
def test_what_cannot_be_done_is_told_before_anything_is_built(given: list[str], changed: str, why: str) -> None:
    key = changed.partition("=")[0]
    said = [text for text in given if not text.startswith(f"{key}=")]
    with pytest.raises(UsageError, match=why):
        card_of(*said, changed, "licence=mit", "rows=mit")


def test_a_base_without_the_text_of_its_licence_is_told_by_the_plan(given: list[str], tmp_path: Path) -> None:
    card = card_of(*given, "licence=mit", "rows=mit")
    assert [*wiring(card)] == []
    (tmp_path / "base" / "LICENSE").unlink()
    ((_, text),) = wiring(card)
    assert text == f"{tmp_path / 'base'} has no LICENSE file; put its licence text there: it must travel with the model"


def test_a_licence_text_travels_that_was_put_beside_the_base_later(given: list[str], tmp_path: Path) -> None:
    (tmp_path / "base" / "LICENSE").rename(tmp_path / "kept")
    stage = model_at(str(tmp_path / "base"), "mit")
    ctx = context(tmp_path / "store")
    built = ctx.store.build(stage, ctx)
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(UsageError, match="has no LICENSE file"):
        link_terms(built, out, "", str(tmp_path / "base"))
    (tmp_path / "kept").rename(tmp_path / "base" / "LICENSE")
    assert link_terms(built, out, "", str(tmp_path / "base")) == ["LICENSE"]
    assert (out / "LICENSE").read_text(encoding="utf-8") == "MIT"


@pytest.mark.parametrize("name", ["LICENSE", "LICENCE.md", "NOTICE", "USE_POLICY.md", "LICENSE.txt"])
def test_the_terms_beside_a_model_go_where_it_goes(tmp_path: Path, name: str) -> None:
    for file, text in (("model.safetensors", ""), ("tokenizer.json", "{}"), ("config.json", "{}")):
        (tmp_path / file).write_text(text, encoding="utf-8")
    (tmp_path / name).write_text("terms", encoding="utf-8")
    (tmp_path / "README.md").write_text("no terms", encoding="utf-8")
    out = tmp_path / "out"
    link(tmp_path, out)
    assert (out / name).read_text(encoding="utf-8") == "terms" and not (out / "README.md").exists()
