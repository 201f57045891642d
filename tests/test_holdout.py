"""A recipe that would train on its own test fails in the plan; one that nothing keeps from it is told."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from komainu.data.base import Dataset
from komainu.data.decontaminate import Decontaminate
from komainu.data.dedup import Exact
from komainu.data.files import ChatFile
from komainu.data.textbook.prompts import Prompts
from komainu.eval.base import Answers
from komainu.models.base import Model
from komainu.plan import Plan, plan
from komainu.stage import Stage, Weights
from komainu.store import Store
from komainu.train.base import Fit
from komainu.train.sft import SFT
from recipes.demo import family
from recipes.tested import untested

FIXTURES = Path(os.environ.get("KOMAINU_FIXTURES", "/nowhere"))
ASKED = "日本で一番高い山は富士山ですが、二番目に高い山の名前と、その山がある県を教えてください。"
OTHER = "冬の朝に食べるとおいしい、体の温まる簡単な料理の作り方を一つ教えてください。"


@dataclass(frozen=True, kw_only=True)
class Start(Stage):
    """A model to begin with."""

    makes = Weights


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def written(path: Path, ends: str, *prompts: str) -> ChatFile:
    rows = [[{"role": "user", "content": text}] for text in prompts]
    if ends == "assistant":
        rows = [[*turns, {"role": "assistant", "content": "はい。"}] for turns in rows]
    lines = [json.dumps({"id": f"r{i}", "messages": turns}, ensure_ascii=False) for i, turns in enumerate(rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return ChatFile(path=str(path), ends="user" if ends == "user" else "assistant", licence="mit")


def recipe(data: Stage, items: Stage) -> Answers:
    sft = SFT(model=Start(), data=data, fit=Fit(lr=1e-3, steps=1))
    return Answers(model=Model(name="ours", weights=sft), items=items)


def problems(found: Plan) -> list[str]:
    return [problem for problem in found.problems if "it would train on" in problem]


def test_items_among_the_sources_of_the_data_are_refused_with_both_stages(tmp_path: Path, store: Store) -> None:
    items = written(tmp_path / "items.jsonl", "user", ASKED)
    data = Dataset(sources=(written(tmp_path / "chats.jsonl", "assistant", OTHER), items), steps=(Exact(),))
    target = recipe(data, items)
    (problem,) = problems(plan(target, store))
    assert problem.startswith(f"{target.inputs['model.weights'].label}: ")
    assert f"{items.label}, the items that its evaluation asks" in problem
    answers = Answers(model=Model(name="teacher"), items=items)
    assert items.label in problems(plan(recipe(answers, items), store))[0]


def test_rows_that_repeat_an_item_are_refused_with_row_and_item(tmp_path: Path, store: Store) -> None:
    items = written(tmp_path / "items.jsonl", "user", OTHER + "もう一つ。", ASKED)
    chats = written(tmp_path / "chats.jsonl", "assistant", OTHER, ASKED.replace("、", "，"))
    (problem,) = problems(plan(recipe(chats, items), store))
    assert f"row 'r1' of {chats.label} has the prompt of 'r1' of {items.label}" in problem
    assert "Decontaminate(against=" in problem


def test_a_step_on_the_way_answers_for_the_rows_behind_it_alone(tmp_path: Path, store: Store) -> None:
    items = written(tmp_path / "items.jsonl", "user", ASKED)
    chats = written(tmp_path / "chats.jsonl", "assistant", ASKED)
    clean = Dataset(sources=(chats, items), steps=(Decontaminate(against=(items,)),))
    found = plan(recipe(clean, items), store)
    assert not problems(found) and not found.warnings
    other = written(tmp_path / "other.jsonl", "user", OTHER)
    elsewhere = Dataset(sources=(chats,), steps=(Decontaminate(against=(other,)),))
    assert problems(plan(recipe(elsewhere, items), store))
    beside = Dataset(sources=(clean, chats))
    assert problems(plan(recipe(beside, items), store))


def test_what_nothing_keeps_apart_is_told_and_not_refused(tmp_path: Path, store: Store) -> None:
    items = written(tmp_path / "items.jsonl", "user", ASKED)
    chats = written(tmp_path / "chats.jsonl", "assistant", OTHER)
    found = plan(recipe(chats, items), store)
    assert not problems(found)
    (warning,) = found.warnings
    assert items.label in warning and "no row has a whole prompt of them" in warning
    unread = Dataset(sources=(Prompts(side="train", n=3),))
    (warning,) = plan(recipe(unread, items), store).warnings
    assert "not all rows can be read yet" in warning


def test_sides_of_one_split_need_no_step_and_the_demo_is_told_nothing(store: Store) -> None:
    items = Dataset(sources=(Prompts(side="test", n=3),), steps=(Exact(on="prompt"),))
    train = Prompts(side="train", n=3)
    assert plan(recipe(train, items), store).warnings == ()
    assert plan(recipe(replace(train, side="test", seed=1), items), store).warnings
    found = plan(family(effort="smoke"), store)
    assert found.warnings == () and found.problems == []


def test_a_model_that_is_not_trained_here_is_no_matter(tmp_path: Path, store: Store) -> None:
    items = written(tmp_path / "items.jsonl", "user", ASKED)
    found = plan(Answers(model=Model(name="teacher"), items=items), store)
    assert not found.warnings and not found.problems


@pytest.mark.skipif(not FIXTURES.is_dir(), reason="KOMAINU_FIXTURES is not set")
def test_the_items_of_a_suite_are_named_in_a_word(tmp_path: Path, store: Store) -> None:
    chats = written(tmp_path / "chats.jsonl", "assistant", OTHER)
    clean = untested(chats.path, str(FIXTURES), suite="ja")
    (step,) = clean.steps
    assert isinstance(step, Decontaminate)
    assert {"ElyzaItems", "TenguItems", "MIFEvalItems", "RpItems"} <= {type(items).__name__ for items in step.against}
    assert len({items.id for items in step.against}) == len(step.against)
    found = plan(recipe(clean, step.against[0]), store)
    assert not problems(found) and not found.warnings
