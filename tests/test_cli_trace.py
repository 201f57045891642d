"""`komainu data trace` and `touched`: a row is followed to its sources, a source to all that depends on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest

from komainu.context import Context
from komainu.data.ask import Ask
from komainu.data.base import Dataset
from komainu.data.filter import Filter
from komainu.data.mix import Mix, Part
from komainu.eval.base import Answers, Scores
from komainu.eval.bench.exact import ExactMatch
from komainu.launch import CALLS
from komainu.models.base import Model
from komainu.models.cache import Cached
from komainu.stage import Stage, Weights
from komainu.store import Store
from komainu.touched import text
from tests.data.fakes import TEACHER, Fake, No, Rows, chat, source
from tests.test_cli import Run, komainu_  # noqa: F401  (a fixture)

A = source(*(chat(f"a{i}", f"問い {i}", licence="mit", source="first") for i in range(4)))
B = source(*(chat(f"b{i}", f"問い {i} です", licence="cc-by-nc", source="second") for i in range(3)))
ITEMS = source(chat("i0", "最後の問い", lang="ja", references=["はい"]))


@dataclass(frozen=True, kw_only=True)
class Learn(Stage):
    makes: ClassVar[type] = Weights
    data: Stage

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        return {}


def asked(rows: Rows) -> Dataset:
    return Dataset(sources=(rows,), steps=(Ask(model=TEACHER, samples=2), Filter(checks=(No(text="/1"),))))


ASKED_A, ASKED_B = asked(A), asked(B)
MIX = Mix(parts=(Part(stage=ASKED_A, weight=2), Part(stage=ASKED_B)))
ALONE = Mix(parts=(Part(stage=ASKED_A),))
SAID = Answers(model=Model(name="sft", weights=Learn(data=MIX)), items=ITEMS)
BESIDE = Answers(model=Model(name="other", weights=Learn(data=ALONE)), items=ITEMS)
SCORES, OTHERS = (Scores(answers=each, bench=ExactMatch(language="ja")) for each in (SAID, BESIDE))


@pytest.fixture
def world() -> Callable[[Stage], str]:
    """A store with all of these, asked through a call log; gives the reference of a stage."""
    client = Cached(Fake(), Path("store") / CALLS)
    ctx = Context(Store(Path("store")), client)
    for stage in (SCORES, OTHERS):
        ctx.store.build(stage, ctx)
    ctx.store.name("best", SCORES)
    client.close()
    return lambda stage: stage.place


World = Callable[[Stage], str]


def test_a_row_is_followed_to_its_source_and_its_call(komainu_: Run, world: World) -> None:  # noqa: F811
    found = komainu_("data", "trace", world(MIX), "a1#0~1", "--json").json
    told = [(each["ref"], [row["id"] for row in each["rows"]]) for each in found["stages"]]
    assert told == [(world(MIX), ["a1#0~1"]), (world(ASKED_A), ["a1#0"]), (world(A), ["a1"])]
    assert found["stages"][1]["steps"] == ["Ask", "Filter"] and found["stages"][1]["origin"] is None
    assert found["stages"][2]["origin"]["is"] == "Rows" and found["stages"][2]["rows"][0]["licence"] == "mit"
    (call,) = found["calls"]
    assert call["named"] and call["call"] == f"call:teacher/{TEACHER.id}#0"
    assert call["found"]["messages"] == [["user", "問い 1"]] and call["found"]["text"] == "問い 1/0"
    assert call["found"]["sampling"]["temperature"] == 0.7
    lines = komainu_("data", "trace", world(MIX), "a1#0~1").out.splitlines()
    assert lines[0] == f"row a1#0~1 of {world(MIX)}" and f"source {world(A)}" in lines


def test_a_dropped_row_says_why_and_goes_on_to_its_source(komainu_: Run, world: World) -> None:  # noqa: F811
    found = komainu_("data", "trace", world(ASKED_B), "b2#1", "--json").json
    assert found["dropped"] == {"step": "Filter", "reason": "no: it says /1"}
    assert [each["ref"] for each in found["stages"]] == [world(B)]
    assert [call["found"]["text"] for call in found["calls"]] == ["問い 2 です/1"]


def test_a_score_is_followed_to_the_answer_its_call_and_the_item(komainu_: Run, world: World) -> None:  # noqa: F811
    found = komainu_("data", "trace", "best", "i0", "--json").json
    assert [each["ref"] for each in found["stages"]] == [world(SCORES), world(SAID), world(ITEMS)]
    (call,) = found["calls"]
    assert call["of"] == world(SAID) and call["found"]["text"] == "最後の問い/0"


def test_what_is_not_there_is_said(komainu_: Run, world: World) -> None:  # noqa: F811
    Path("store", CALLS).unlink()
    assert komainu_("data", "trace", world(MIX), "a1#0", "--json").json["calls"][0]["found"] is None
    for words, why in (
        (["trace", world(MIX), "a9"], "has no row 'a9', and has dropped none of that id"),
        (["trace", "nobody", "a1"], "has no artifact 'nobody'"),
        (["touched"], "needs an artifact of the store"),
        (["touched", "--row", "a1"], "name the artifact too"),
        (["touched", world(A), "--row", "b1"], "has no row 'b1'"),
        (["touched", "--licence", "gpl"], "has no rows of licence 'gpl'"),
    ):
        said = komainu_("data", *words)
        assert said.code == 2 and why in said.err, said.err


def direct(found: dict[str, Any]) -> dict[str, int]:
    return {each["ref"]: each["rows"] for each in found["artifacts"] if each["direct"]}


def test_a_row_touches_what_was_made_of_it_and_what_that_taught(komainu_: Run, world: World) -> None:  # noqa: F811
    found = komainu_("data", "touched", world(A), "--row", "a1", "--json").json
    sft, other = SAID.inputs["model.weights"].place, BESIDE.inputs["model.weights"].place
    rows = {world(A): 1, world(ASKED_A): 1, world(MIX): 2, world(ALONE): 1, sft: 0, other: 0}
    assert direct(found) == rows | {world(SAID): 1, world(SCORES): 1, world(BESIDE): 1, world(OTHERS): 1}
    assert [each["names"] for each in found["artifacts"] if each["ref"] == world(SCORES)] == [["best"]]
    order = [each["ref"] for each in found["artifacts"]]
    assert order.index(world(A)) < order.index(world(MIX)) < order.index(sft) < order.index(world(SCORES))


def test_a_licence_touches_only_what_has_its_rows(komainu_: Run, world: World) -> None:  # noqa: F811
    found = komainu_("data", "touched", "--licence", "cc-by-nc", "--json").json
    sft = SAID.inputs["model.weights"].place
    rows = {world(B): 3, world(ASKED_B): 3, world(MIX): 3, sft: 0, world(SAID): 1, world(SCORES): 1}
    assert direct(found) == rows and len(found["artifacts"]) == len(rows)
    assert direct(komainu_("data", "touched", world(B), "--json").json) == rows
    assert direct(komainu_("data", "touched", "--licence", "CC BY-NC", "--json").json) == rows
    lines = komainu_("data", "touched", "--licence", "cc-by-nc").out.splitlines()
    assert "models: 1 touched, 0 only downstream" in lines and "cards: 0 touched, 0 only downstream" in lines
    assert f"  {world(SCORES)} = best: 1 of 1 rows by answers" in lines


def test_cards_of_models_and_sets_are_told_apart_from_scores() -> None:
    card: dict[str, Any] = {
        "ref": "datacard/a1",
        "makes": "Page",
        "names": ["card"],
        "rows": 0,
        "of": 0,
        "direct": True,
        "by": ["data"],
    }
    board = {**card, "ref": "board/b2", "makes": "Table", "names": [], "direct": False}
    assert [*text({"artifacts": [card, board]})][2:] == [
        "scores: 0 touched, 1 only downstream",
        "  board/b2: downstream by data",
        "cards: 1 touched, 0 only downstream",
        "  datacard/a1 = card: the whole by data",
    ]


def test_what_a_dropped_row_stands_above_is_only_downstream(komainu_: Run, world: World) -> None:  # noqa: F811
    ctx = Context(Store(Path("store")), Fake())
    some = Dataset(sources=(A,), steps=(Filter(checks=(No(text="nothing"),)),))
    few = Mix(parts=(Part(stage=some, weight=0.25),))
    kept = {row.id for row in ctx.store.build(few, ctx).rows()}
    (lost, *_) = sorted({"a0", "a1", "a2", "a3"} - kept)
    found = komainu_("data", "touched", world(some), "--row", lost, "--json").json
    assert direct(found) == {some.place: 1}
    assert [(e["ref"], e["rows"]) for e in found["artifacts"] if not e["direct"]] == [(few.place, 0)]
