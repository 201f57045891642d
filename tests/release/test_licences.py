"""Licences: what may be in a released model, which terms travel, how a Llama is named."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from komainu.context import Context
from komainu.data.files import ChatFile
from komainu.errors import UsageError
from komainu.licences import llama, terms
from komainu.release.card import Card
from komainu.release.licences import refused, title
from komainu.rows import Chat, Message
from komainu.stage import wiring
from komainu.train.merge import Merge
from tests.release.world import DPO, SFT, Base, Family, build, context


@dataclass(frozen=True, kw_only=True)
class Given(Base):
    """A base made elsewhere."""

    licence: str = ""
    text: str = "the licence text"

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        if self.text:
            (out / "LICENSE").write_text(self.text)
            (out / "USE_POLICY.md").write_text("the policy")
        return super().run(out, ctx)


def problems(card: Card) -> list[str]:
    return [text for stage, text in wiring(card) if stage is card]


@pytest.mark.parametrize("licence", ["apache-2.0", "MIT", "CC BY 4.0", "cc0-1.0", "CC-BY-SA-4.0", "odc-by", "llama3.1"])
def test_data_under_these_may_be_released(licence: str) -> None:
    assert not terms(licence).refused


@pytest.mark.parametrize(
    ("licence", "why"),
    [
        ("CC BY-NC 4.0", "commercial"),
        ("cc-by-nc-sa-4.0", "commercial"),
        ("CC_BY_ND_4.0", "adaptations"),
        ("cc-by-nc-nd-4.0", "adaptations"),
        ("", "no licence"),
        ("not stated", "no licence"),
        ("my own", "not known"),
        ("mit-ish", "not known"),
    ],
)
def test_data_under_these_stops_a_release(licence: str, why: str) -> None:
    assert why in terms(licence).refused


def test_share_alike_is_told() -> None:
    assert "CC BY-SA 4.0 asks" in terms("CC BY-SA 4.0").told


@pytest.mark.parametrize(
    ("licence", "version"),
    [("llama3.1", "3.1"), ("Llama 3.3 Community License", "3.3"), ("llama4", "4"), ("llama2", "2"), ("apache-2.0", "")],
)
def test_the_version_of_a_llama(licence: str, version: str) -> None:
    assert llama(licence) == version


@pytest.mark.parametrize(
    ("name", "licence", "official"),
    [
        ("lions/komainu-8b", "llama3.1", "Llama 3.1 komainu-8b"),
        ("lions/komainu-v2-llama3.1-8b", "llama3.1", "Llama 3.1 komainu-v2-llama3.1-8b"),
        ("lions/Llama-3.1-komainu-8b", "llama3.1", "Llama-3.1-komainu-8b"),
        ("lions/Llama-3.3-komainu-8b", "llama3.1", "Llama 3.1 Llama-3.3-komainu-8b"),
        ("lions/komainu-8b", "apache-2.0", "lions/komainu-8b"),
        ("lions/komainu-7b", "llama2", "lions/komainu-7b"),
    ],
)
def test_the_official_name_of_a_llama_begins_with_its_version(name: str, licence: str, official: str) -> None:
    assert title(name, {"licence": licence}) == official


@pytest.mark.parametrize(
    ("base", "card", "wrong"),
    [
        ("llama3.1", "llama3.1", ""),
        ("llama3.1", "apache-2.0", "use 'llama3.1'"),
        ("llama3.1", "llama3.3", "use 'llama3.1'"),
        ("gemma", "mit", "use 'gemma'"),
        ("gemma", "gemma", ""),
        ("mit", "apache-2.0", ""),
        ("apache-2.0", "mit", ""),
        ("cc-by-nc-4.0", "mit", "only have that licence"),
        ("cc-by-nc-4.0", "cc-by-nc-4.0", ""),
        ("", "mit", "no licence"),
    ],
)
def test_the_terms_of_the_base_travel(base: str, card: str, wrong: str) -> None:
    family = Family(n=10)
    found = problems(family.card(base=Given(data=family.data, licence=base), licence=card))
    assert [wrong in text for text in found] == ([True] if wrong else [])


def test_a_base_that_was_trained_here_from_other_weights_does_not_hide_their_terms() -> None:
    family = Family(n=10)
    llama = Given(data=family.data, licence="llama3.1")
    sft = SFT(data=family.data, model=llama)
    card = replace(family.card(base=sft), model=DPO(data=family.data, model=sft))
    (told,) = [text for text in problems(card) if "Card.base is" in text]
    assert sft.label in told and f"began with {llama.label}" in told
    assert not [text for text in problems(replace(card, base=llama, licence="llama3.1")) if "Card.base" in text]


def test_every_model_of_a_merge_must_allow_the_licence() -> None:
    family = Family(n=10)
    one, other = (Given(data=family.data, licence=licence) for licence in ("apache-2.0", "cc-by-nc-4.0"))
    card = replace(family.card(base=one), model=Merge(models=(one, other)))
    (told,) = [text for text in problems(card) if other.label in text and "too" in text]
    assert "can only have that licence" in told
    free = replace(card, model=Merge(models=(one, Given(data=family.data, licence="mit"))))
    assert not [text for text in problems(free) if "too" in text]


def test_a_llamas_card_says_what_its_licence_wants(tmp_path: Path) -> None:
    family, ctx = Family(n=10), context(tmp_path)
    base = Given(data=family.data, licence="llama3.1")
    folder = build(family.card(base=base, licence="llama3.1"), ctx)
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert (
        "# Llama 3.1 komainu-1m\n" in text
        and "Built with Llama." in text
        and "| llama3.1 | Llama 3.1 komainu-1m |" in text
    )
    assert "Llama 3.1 is licensed under the Llama 3.1 Community License" in text and "license: llama3.1" in text
    assert 'model="lions/komainu-1m"' in text  # where it is loaded from is no name
    assert (folder / "LICENSE").read_text() == "the licence text" and (folder / "USE_POLICY.md").exists()


def test_a_base_without_its_licence_text_stops_the_release(tmp_path: Path) -> None:
    family, ctx = Family(n=10), context(tmp_path)
    card = family.card(base=Given(data=family.data, licence="mit", text=""))
    with pytest.raises(UsageError, match="has no LICENSE file"):
        build(card, ctx)


def test_a_model_whose_base_was_trained_here_takes_its_own_licence_along(tmp_path: Path) -> None:
    family, ctx = Family(n=10), context(tmp_path)
    folder = build(family.card(), ctx)
    ours = Path(__file__).parents[2] / "LICENSE"
    assert (folder / "LICENSE").read_bytes() == ours.read_bytes()
    mine = family.card(licence="mit", licence_text="MIT License\n\nCopyright (c) 2026 The lions\n")
    folder = build(mine, ctx)
    assert (folder / "LICENSE").read_text() == mine.licence_text
    assert "LICENSE" in json.loads((folder / "record.json").read_bytes())["summary"]["files"]


def test_a_licence_whose_text_nobody_has_is_told_before_anything_is_built() -> None:
    family = Family(n=10)
    (told,) = problems(family.card(licence="mit"))
    assert "Card.licence is 'mit', whose text is not known here" in told and "Card.licence_text" in told
    card = family.card(base=Given(data=family.data, licence="mit"), licence="mit", licence_text="MIT License")
    (told,) = problems(card)
    assert "this one brings its own LICENSE" in told


def chat(id: str, licence: str) -> dict[str, Any]:
    said = [{"role": "user", "content": f"hi {id}"}, {"role": "assistant", "content": "ho"}]
    return {"id": id, "messages": said, "meta": {"licence": licence}}


def test_rows_that_forbid_the_release_are_named_before_anything_is_built(tmp_path: Path) -> None:
    file = tmp_path / "chats.jsonl"
    rows = [chat("a", "mit"), chat("b", "cc-by-nc-4.0"), chat("c", "cc-by-nc-4.0")]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = ChatFile(path=str(file), licence="mit")
    (problem,) = problems(Family(n=10).card(data=(data,)))
    assert "2 rows (b, c) are under 'cc-by-nc-4.0': it forbids commercial use" in problem
    assert problems(Family(n=10).card(data=(data,), allowed=("CC BY-NC 4.0",))) == []


def test_rows_are_looked_at_again_when_the_card_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    family, ctx = Family(n=10), context(tmp_path)
    build(family.data, ctx)
    monkeypatch.setattr("komainu.release.licences.refused_sources", lambda data, allowed: iter(()))
    rows = ctx.store.place(family.data) / "rows.jsonl"
    rows.write_text(rows.read_text(encoding="utf-8").replace('"apache-2.0"', '"cc-by-nd-4.0"'), encoding="utf-8")
    with pytest.raises(UsageError, match=r"rows \(textbook-train-.*'cc-by-nd-4.0': it forbids adaptations"):
        build(family.card(), ctx)


def test_a_few_of_many_rows_are_named() -> None:
    rows = [Chat(f"r{i}", (Message("user", "x"),), {"licence": ""}) for i in range(9)]
    (text,) = refused(rows, ())
    assert "9 rows (r0, r1, r2, r3, r4, ...) are under 'no licence'" in text
