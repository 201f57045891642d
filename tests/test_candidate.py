"""Which model a word means: a URL, an endpoint, a directory, something of the store; never another one in silence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from msgspec import structs

from komainu.candidate import candidate, stored, understood
from komainu.context import Context
from komainu.errors import UsageError
from komainu.models.base import Model, RopeScaling
from komainu.settings import Endpoint, Settings
from komainu.stage import Stage, Table
from komainu.store import reference
from komainu.train.directory import Directory
from tests.core_fakes import Source, context


@dataclass(frozen=True, kw_only=True)
class Looked(Stage):
    """Something made of a model."""

    makes: ClassVar[type] = Table
    model: Stage

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, kw_only=True)
class Report(Looked):
    """Something with a card."""

    card: Stage


def model_directory(path: Path) -> Path:
    path.mkdir(parents=True)
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (path / name).write_text("{}")
    return path


@pytest.fixture
def here(tmp_path: Path) -> Settings:
    judge = Endpoint(url="http://judge/v1", key="JUDGE_KEY", concurrency=3)
    return Settings(store=str(tmp_path / "store"), endpoints={"judge": judge})


def test_a_url_is_asked_for_the_model_behind_it(here: Settings) -> None:
    found = candidate("https://host:8000/v1#owner/qwen", here, key="MY_KEY")
    assert found.model.name == "owner/qwen" and found.model.weights is None
    assert found.settings.endpoints["owner/qwen"] == Endpoint(
        url="https://host:8000/v1", key="MY_KEY", model="owner/qwen"
    )
    assert found.settings.endpoints["judge"] == here.endpoints["judge"]
    renamed = candidate("https://host:8000/v1#default", here, name="second")
    assert renamed.model.name == "second" and renamed.settings.endpoints["second"].model == "default"


def test_an_endpoint_is_asked_as_it_is_and_under_another_name_too(here: Settings) -> None:
    assert candidate("judge", here).model.name == "judge"
    renamed = candidate("judge", here, name="mine")
    assert renamed.model.name == "mine"
    assert renamed.settings.endpoints["mine"] == Endpoint(
        url="http://judge/v1", key="JUDGE_KEY", concurrency=3, model="judge"
    )


def test_the_scaling_of_a_server_is_its_models_wherever_it_is_said(here: Settings) -> None:
    scaled = structs.replace(here, endpoints={"judge": Endpoint(url="http://judge/v1", rope=2)})
    for name in ("judge", "mine"):
        found = candidate("judge", scaled, name=name)
        assert found.model.rope == RopeScaling(factor=2) and found.settings.endpoints[name].rope == 2
    for said, factor in (("4", 4), ("none", 0)):
        model, there, how = understood(["http://host/v1#m", f"rope={said}"], here)
        assert there.endpoints["m"].rope == factor and model.rope is None
        assert how == {"rope": RopeScaling(factor=factor) if factor else None}
    assert understood(["judge", "rope=4"], scaled)[1].endpoints["judge"].rope == 2  # which the settings know better


def test_a_directory_answers_itself_even_where_an_endpoint_has_its_name(here: Settings, tmp_path: Path) -> None:
    path = model_directory(tmp_path / "models" / "judge")
    found = candidate(str(path), here)
    assert found.model.name == "judge" and found.model.weights == Directory.of(str(path))
    assert "judge" not in found.settings.endpoints
    assert candidate(str(path), here, name="other").model.name == "other"


def test_a_model_of_the_store_goes_by_its_name_or_id(here: Settings, tmp_path: Path) -> None:
    ctx = context(Path(here.store))
    stage = Directory.of(str(model_directory(tmp_path / "m")))
    made = ctx.store.build(stage, ctx)
    ctx.store.name("small", stage)
    for word in ("small", made.ref, made.id, made.id[:6]):
        found = candidate(word, here)
        assert found.model.name == made.ref and found.model.id == Model(name=made.ref, weights=stage).id


def test_a_report_stands_for_the_model_of_its_card_and_the_models_under_anything_else_are_named(
    here: Settings, tmp_path: Path
) -> None:
    ctx = context(Path(here.store))
    model = Directory.of(str(model_directory(tmp_path / "m")))
    report = ctx.store.build(Report(model=Source(), card=model), ctx)
    assert candidate(report.id, here).model.id == Model(name=reference(model), weights=model).id
    looked = ctx.store.build(Looked(model=model), ctx)
    with pytest.raises(UsageError, match=f"which is no model; under it are the models {reference(model)}$"):
        candidate(looked.id, here)


def test_what_is_no_model_is_refused_with_what_there_is(here: Settings) -> None:
    ctx = context(Path(here.store))
    rows = ctx.store.build(Source(), ctx)
    with pytest.raises(UsageError, match=f"is {rows.ref}, which is no model; name"):
        candidate(rows.id, here)
    with pytest.raises(UsageError, match=r"no model 'jugde': it is none of .*did you mean 'judge'"):
        candidate("jugde", here)
    with pytest.raises(UsageError, match=r"the folder of this name has no config\.json$"):
        stored(here.store, here)
    with pytest.raises(UsageError, match="which model of this server"):
        candidate("http://host/v1", here)
    with pytest.raises(UsageError, match="key= goes with URL#model"):
        candidate("judge", here, key="K")
    with pytest.raises(UsageError, match="must start with http"):
        candidate("ftp://host#m", here)


def test_a_key_in_place_of_its_variable_is_refused_and_not_repeated(here: Settings) -> None:
    with pytest.raises(UsageError, match="never the key itself") as error:
        candidate("http://host/v1#m", here, key="sk-very-secret")
    assert "secret" not in str(error.value)
