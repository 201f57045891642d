"""How well checks and steps find labelled faults, and what the textbook plants for it."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from komainu.checks.boilerplate import Boilerplate
from komainu.checks.empty import Empty
from komainu.checks.encoding import Encoding
from komainu.checks.error_text import ErrorText
from komainu.checks.language import Language
from komainu.checks.leakage import Leakage
from komainu.checks.markup import Markup
from komainu.checks.private import Private
from komainu.checks.refusal import Refusal
from komainu.checks.repetition import Repetition
from komainu.checks.shape import Shape
from komainu.data.accuracy import ENOUGH, WHY, CheckAccuracy
from komainu.data.base import Dataset
from komainu.data.decontaminate import Decontaminate
from komainu.data.textbook.contaminated import Contaminated
from komainu.data.textbook.habits import HABITS
from komainu.data.textbook.prompts import Prompts
from komainu.data.textbook.server import ODD
from komainu.data.textbook.tasks import Lang
from komainu.data.textbook.teacher import answer
from komainu.rows import Chat
from komainu.stage import wiring
from tests.data.fakes import Fake, Rows, chat, context, source

FORM = (Boilerplate(), Markup(), Encoding(), Private(), Shape(), ErrorText(), Refusal())
FORM_AND_ALL = (*FORM, Empty(), Language(), Repetition())


def odd(n: int) -> Rows:
    """Prompts answered by the odd teacher."""
    rows: list[Chat] = []
    for row in Prompts(side="test", n=n, seed=5).rows():
        text, fault = answer(row.messages, 3, ODD)
        rows.append(row.with_reply(text, hidden={"fault": fault}) if fault else row.with_reply(text))
    return source(*rows)


def table(stage: CheckAccuracy, path: Path) -> list[dict[str, Any]]:
    ctx = context(path, Fake())
    rows: list[dict[str, Any]] = json.loads((ctx.store.build(stage, ctx).path / "faults.json").read_bytes())["rows"]
    return rows


def test_each_check_of_form_finds_the_odd_teachers_fault_and_no_right_answer(tmp_path: Path) -> None:
    rows = [
        row for row in table(CheckAccuracy(answers=odd(1500), checks=FORM_AND_ALL), tmp_path) if row["check"] != "any"
    ]
    assert {row["fault"] for row in rows} == {*HABITS}, "each fault has the check that is there to find it"
    for row in rows:
        least = 0.85 if row["check"] == "shape" else ENOUGH  # JSON with signs behind it is data to this check
        assert row["tp"] > 40 and row["precision"] >= ENOUGH and row["recall"] >= least, row
        assert row.get("why") == (WHY["shape"] if row["recall"] < ENOUGH else None)


def test_planted_items_are_found_and_fresh_prompts_stay(tmp_path: Path) -> None:
    prompts, items = Prompts(side="train", n=300), Prompts(side="test", n=100)
    planted = Contaminated(prompts=prompts, items=items, share=0.1)
    clean = Dataset(sources=(planted,), steps=(Decontaminate(against=(items,), coverage=1.0, edited=0.0),))
    answers = source(chat("a", "x").with_reply("y"))
    *_, row = table(CheckAccuracy(answers=answers, checks=(Leakage(),), datasets=(clean,)), tmp_path)
    assert (row["check"], row["fault"], row["fp"]) == ("Decontaminate", "contamination", 0)
    assert row["tp"] > 15 and row["recall"] >= ENOUGH


def test_contamination_leaves_the_other_rows_as_they_are(tmp_path: Path) -> None:
    prompts, items = Prompts(side="train", n=200), Prompts(side="test", n=50)
    ctx = context(tmp_path, Fake())
    rows = {row.id: row for row in ctx.store.build(prompts, ctx).rows()}
    ctx.store.build(items, ctx)
    made = [*ctx.store.build(Contaminated(prompts=prompts, items=items, share=0.2), ctx).rows()]
    planted = [row for row in made if isinstance(row, Chat) and row.meta.get("hidden", {}).get("fault")]
    assert 20 < len(planted) < 60 and [row.id for row in made] == [*rows]
    assert all(row == rows[row.id] for row in made if row not in planted)
    assert [*Contaminated(prompts=prompts, items=items, share=0.0).check()] != []


def test_a_check_that_finds_too_little_says_why_and_other_tables_follow(tmp_path: Path) -> None:
    leaks = [chat(f"l{i}", "駅は？").with_reply("Hanakoです。", hidden={"fault": "leak"}) for i in range(3)]
    first = CheckAccuracy(answers=source(*leaks), checks=(Leakage(),))
    second = CheckAccuracy(answers=source(chat("a", "x").with_reply("y")), checks=(Empty(),), more=(first,))
    rows = table(second, tmp_path)
    assert [row["check"] for row in rows] == ["empty", "leakage", "any"]
    assert rows[1]["recall"] == 0 and rows[1]["why"] == WHY["leakage"] and "why" not in rows[0]


def test_only_such_tables_can_follow() -> None:
    stage = CheckAccuracy(answers=source(chat("a", "x").with_reply("y")), checks=(), more=(Prompts(side="test", n=1),))
    assert any("CheckAccuracy.more[0]" in problem for _, problem in wiring(stage))


@pytest.mark.parametrize("name", HABITS)
def test_a_habit_depends_on_its_generator_alone_and_comes_in_both_languages(name: str) -> None:
    rights: dict[Lang, str] = {"ja": "山は高いです。", "en": "The mountain is high."}
    for lang, right in rights.items():
        some = {HABITS[name](right, lang, random.Random(seed)) for seed in range(30)}
        assert len(some) > 2 and HABITS[name](right, lang, random.Random(1)) in some
