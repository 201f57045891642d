"""Instruction following: constraints that go together, and a set whose every answer follows all of its own."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.checks.instructions.asked import judge
from komainu.checks.instructions.base import Instruction, problem
from komainu.checks.instructions.followed import rules
from komainu.data.constrain import JOIN, LANGUAGES, Constrain, constraints, draw, together
from komainu.errors import UsageError
from komainu.recipe import load
from tests.data.fakes import chat, context, through
from tests.sets.mimic import teacher
from tests.sets.pages import documented
from tests.sets.world import ROOT, accounted, chats_file, made, served


@given(st.randoms(use_true_random=False), st.sampled_from(LANGUAGES), st.integers(1, 5))
def test_what_is_drawn_has_rules_that_take_it_and_goes_together(rng: random.Random, lang: str, count: int) -> None:
    found = draw(rng, constraints(lang), count, JOIN[lang])
    assert 1 <= len(found) <= count
    assert [problem(rules(lang), Instruction(one.id, one.kwargs)) for one in found] == [""] * len(found)
    assert not any("{" in one.sentence for one in found)


def test_of_a_group_one_is_drawn_and_none_of_what_it_excludes() -> None:
    among = constraints("en")
    for seed in range(300):
        ids = [one.id for one in draw(random.Random(seed), among, 4, ", ")]
        chosen = [next(one for one in among if one.id == each) for each in ids]
        assert len({one.group for one in chosen}) == len(chosen)
        assert all(together(a, b) for a in chosen for b in chosen if a.group != b.group)


def test_a_prompt_gets_its_constraints_by_seed_and_id_alone(tmp_path: Path) -> None:
    rows = [chat(name, "Tell me of cats.", lang="en") for name in "abc"]
    first, _, summary = through(context(tmp_path), rows, Constrain())
    later, _, _ = through(context(tmp_path), rows[1:], Constrain())
    other, _, _ = through(context(tmp_path), rows, Constrain(seed=1))
    assert first[1:] == later and first != other
    asked = summary["notes"]["Constrain"]["asked"]
    assert asked == Counter(one["id"] for row in first for one in row.meta["instructions"])
    assert all(row.messages[-1].content.startswith("Tell me of cats.\n\n") for row in first)


def test_what_cannot_be_constrained_is_dropped_with_its_reason(tmp_path: Path) -> None:
    rows = [chat("a", "x", lang="fr"), chat("b", "x", "y", lang="en"), chat("c", "x", lang="en", instructions=[])]
    kept, _, summary = through(context(tmp_path), rows, Constrain())
    assert kept == [] and summary["dropped"] == {"Constrain": {"no_list": 1, "not_bare": 2}}
    with pytest.raises(UsageError, match="the fewest first"):
        Constrain(fewest=3, most=2)


def test_every_answer_of_the_set_follows_every_instruction_of_its_prompt(tmp_path: Path) -> None:
    with served(teacher=teacher) as server:
        found = made(tmp_path, "instruction_following", server.endpoints, n=120)
    accounted(found)
    documented(found, "instruction-following")
    assert found.rows and {row.meta["lang"] for row in found.rows} == {"ja", "en"}
    for row in found.rows:
        assert all(judge(row, rules(row.meta["lang"]))["strict"])
    assert found.reasons["Regenerate"]["followed"] > 0
    assert any("tries" in row.meta for row in found.rows), "some were right only when asked again"


def test_prompts_of_a_file_are_told_apart_by_language_and_used_once(tmp_path: Path) -> None:
    said = [
        "猫について教えてください。",
        "猫について教えてください",
        "Tell me of cats, please.",
        "고양이에 대해 알려 주세요.",
    ]
    rows = [{"messages": [{"role": "user", "content": text}]} for text in said]
    path = chats_file(tmp_path / "asked.jsonl", rows)
    with served(teacher=teacher) as server:
        found = made(tmp_path, "instruction_following", server.endpoints, prompts=path, licence="mit")
    accounted(found)
    assert found.reasons["TellLanguage"] == {"language": 1} and found.reasons["Exact"] == {"duplicate": 1}
    assert {row.meta["licence"] for row in found.rows} <= {"mit"}


def test_a_plan_tells_an_impossible_size_before_anything_is_asked() -> None:
    stage = load(f"{ROOT}/recipes/sets.py:instruction_following", ["n=100000"]).stage
    (problem,) = stage.inputs["sources[0]"].check()
    assert "Grid.n is 100000; topics x requests x 2 languages give 1 to 1120" in problem
