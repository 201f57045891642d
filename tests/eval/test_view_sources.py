"""What a site is made from beside the marks of a panel: imports, pairwise strengths, conversations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from komainu.context import Context
from komainu.eval.base import Answers, Scores
from komainu.eval.bench.exact import ExactMatch
from komainu.eval.bench.tl_bench.bench import TlBench, strength
from komainu.eval.bench.tl_bench.items import TlBenchItems
from komainu.eval.board import Board, Entry
from komainu.eval.judge.panel import panel
from komainu.eval.turns import Turns
from komainu.eval.view.boards import gather, side_by_side
from komainu.eval.view.index import index
from komainu.eval.view.site import write_site
from komainu.files import write_rows
from komainu.models.base import Model
from komainu.pages.scripts import read
from komainu.rows import Chat, Message, Score
from komainu.stage import Stage, Table
from tests.eval.tl_bench import tl_world
from tests.eval.view_world import JUDGES, Asked, Marks, say
from tests.eval.world import context

BENCH = ExactMatch(language="ja")


@dataclass(frozen=True, kw_only=True)
class Bundle(Stage):
    """Scores that came in together."""

    makes: ClassVar[type] = Table
    panel: tuple[Scores, ...]

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        return {}


@dataclass(frozen=True, kw_only=True)
class Twice(Stage):
    """One item of two turns."""

    makes: ClassVar[type] = Chat

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        meta = {"lang": "ja", "turns": ["number 1 a", "number 2 b"]}
        return {"rows": write_rows(out / "rows.jsonl", [Chat("talk", (Message("user", "number 1 a"),), meta)])}


def site(root: Path, ctx: Context, stage: Stage) -> Iterator[Any]:
    """The questions of a site, then the answers of its first entry."""
    write_site(gather(ctx.store, [ctx.store.build(stage, ctx)]), ctx.store, "sources", root / "site")
    for key in ("q", "e0"):
        yield read(root / "site" / "data" / "s0" / f"{key}-0.js")[1]


def test_the_scores_that_an_import_was_made_of_are_shown(tmp_path: Path) -> None:
    ctx = context(tmp_path, say)
    many = [Answers(model=Model(name=name), items=Asked(n=6)) for name in ("a", "b")]
    scores = [panel(answers, Marks(language="ja"), (judge,)) for answers in many for judge in JUDGES[:2]]
    found = gather(ctx.store, [ctx.store.build(Bundle(panel=tuple(scores)), ctx)])
    assert [*found.entries] == ["a", "b"] and len(found.columns) == 2
    told = [column["apart"] for column in index(found, side_by_side(found))["columns"]]
    assert told == [f"judges {judge.name}" for judge in JUDGES[:2]]


def test_both_orders_of_a_duel_and_what_it_was_with_stand_with_an_answer(tmp_path: Path) -> None:
    ctx = context(tmp_path / "store", tl_world.say)
    answers = Answers(model=Model(name="slight"), items=TlBenchItems(limit=1))
    made = strength(answers, TlBench(), (Model(name="fair"),))
    questions, cells = site(tmp_path, ctx, made)
    artifact = ctx.store.build(made, ctx)
    for question, cell, row in zip(questions, cells, ctx.open(answers).rows(), strict=True):
        assert isinstance(row, Chat)
        assert dict(question["rivals"]) == tl_world.texts()[row.meta["text"]]
        scores = [score for score in artifact.rows() if isinstance(score, Score) and score.id == row.id]
        ((lt, *duels),) = (each["verdicts"] for each in cell)
        assert lt[1] == "Bradley-Terry" and len(lt) == 5
        assert [(d[5], d[1], d[2], d[3]) for d in duels] == [
            (s.metric, s.by, s.value, s.why) for s in scores if s.metric != "lt"
        ]
        assert {d[5].rpartition("/")[2] for d in duels} == {"first", "second"}


def test_each_turn_of_a_conversation_has_its_own_verdicts(tmp_path: Path) -> None:
    ctx = context(tmp_path / "store", say)
    made = panel(Turns(model=Model(name="m"), items=Twice(), turns=2), Marks(language="ja"), JUDGES[:2])
    _, (cell,) = site(tmp_path, ctx, made)
    assert [each["note"] for each in cell] == ["turn 1", "turn 2"]
    assert [len(each["verdicts"]) for each in cell] == [2, 2]
    assert "turns" not in cell[0] and [turn[0] for turn in cell[1]["turns"]] == ["assistant", "user"]


def test_every_run_of_a_repeated_evaluation_is_shown(tmp_path: Path) -> None:
    seeds = (1, 2, 3)
    ctx = context(tmp_path / "store", lambda model, text, sample: f"{text.split()[1]} from {model.seed}")
    runs = [Answers(model=Model(name="m", temperature=1.0, seed=seed), items=Asked(n=4)) for seed in seeds]
    made = Board(entries=(Entry(name="m", scores=tuple(Scores(answers=a, bench=BENCH) for a in runs)),))
    _, cells = site(tmp_path, ctx, made)
    assert [[a["text"] for a in cell] for cell in cells[::2]] == [[[f"{i} from {s}"] for s in seeds] for i in (0, 2)]
    assert [a["note"] for a in cells[0]] == ["run 1", "run 2", "run 3"]
    assert all(len(a["verdicts"]) == 1 for a in cells[0])
    (cell,) = read(tmp_path / "site" / "data" / "board.js")[1]["columns"][0]["cells"]
    assert cell[3] == 6
