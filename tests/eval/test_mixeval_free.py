"""The free-form half of MixEval, marked by judges, and the score of both halves together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from komainu.eval.bench.mixeval.bench import MixEvalHard
from komainu.eval.bench.mixeval.free import Both, MixEvalFree, MixEvalFull, MixEvalHardFree, MixEvalHardFull
from komainu.eval.bench.mixeval.items import MixEvalItems
from komainu.eval.evaluation import answers, evaluation
from komainu.eval.items import Source
from komainu.eval.shelf import Shelf
from komainu.eval.suites import at_hand, benchmarks
from komainu.models.base import Model
from komainu.plan import Counts
from komainu.rows import Score
from tests.eval.reference import FIXTURES, needs_fixtures
from tests.eval.test_mixeval import CHOICE, FREE, items
from tests.eval.world import context

MARK = "3f9a2c71d04e6b58"
MODEL, JUDGES = Model(name="candidate"), (Model(name="strict"), Model(name="kind"))
QUESTIONS = [FREE | {"prompt": f"How many? {i}", "benchmark_name": ("DROP", "TriviaQA")[i % 2]} for i in range(3)]


def say(model: Model, text: str, sample: int) -> str:
    """The candidate chooses London and says 4; the strict judge gives .5, the kind one 1."""
    if model.name == "candidate":
        return "B" if "option letter" in text else "4"
    mark = text.split("<answer-")[1][: len(MARK)]
    return f"So so.\n<verdict-{mark}>{0.5 if model.name == 'strict' else 1}</verdict-{mark}>"


def folder(at: Path) -> Shelf:
    items(at / "mixeval", CHOICE, free=tuple(QUESTIONS))
    return Shelf((at,))


def test_the_judge_sees_the_question_without_its_context_and_every_known_answer(tmp_path: Path) -> None:
    (chat,) = [row for row in items(tmp_path, free_form=True).rows() if MixEvalFree().applies(row)]
    (message,) = MixEvalFree().asked(chat.with_reply("It is four. {{ x }}"), MARK).messages
    for part in (f"<question-{MARK}>\nHow many?\n", "\n4\n", "\nfour\n", "It is four. {{ x }}", "from 0 (wrong) to 1"):
        assert part in message.content
    assert "Some text." not in message.content and "step by step" not in message.content
    assert message.content.count(f"<verdict-{MARK}>") == 1
    assert MixEvalFree().rule.read(message.content, MARK, MixEvalFree()).wrong.startswith("not a number")


def test_the_score_is_the_mean_over_the_questions_of_both_halves(tmp_path: Path) -> None:
    ((task,), *_) = at_hand({"mixeval": benchmarks()["mixeval"]}, folder(tmp_path), judged=True)
    assert isinstance(task.bench, MixEvalFull)
    stage = task.bench.scoring(answers(MODEL, task, task.items, {}), JUDGES)
    assert isinstance(stage, Both)
    ctx = context(tmp_path / "store", say)
    artifact = ctx.store.build(stage, ctx)
    scores = [row for row in artifact.rows() if isinstance(row, Score)]
    assert [(s.by, s.value) for s in scores] == [("rule", 1.0), *[("kind", 1.0), ("strict", 0.5)] * 3]
    assert artifact.summary["metrics"]["score"]["mean"] == pytest.approx((1 + 3 * 0.75) / 4)
    halves = {name: (each["mean"], each["items"]) for name, each in artifact.summary["overall"].items()}
    assert halves == {"choice": (1.0, 1), "free": (0.75, 3)}
    assert artifact.summary["judges"]["score"]["by"]["strict"]["n"] == 3
    assert {name: each["items"] for name, each in artifact.summary["by"].items()} == {
        "DROP": 2,
        "MMLU": 1,
        "TriviaQA": 1,
    }


def test_judges_are_asked_about_their_half_alone_and_count_for_the_column(tmp_path: Path) -> None:
    ((task,), *_) = at_hand({"mixeval": benchmarks()["mixeval"]}, folder(tmp_path), judged=True)
    first = evaluation(MODEL, [task], judges=JUDGES).entries[0].scores[0]
    assert isinstance(first, Both) and {spec.id for spec in first.how} == {judge.id for judge in JUDGES}
    for verdicts in first.free.verdicts:
        (asked,) = verdicts.questions(Counts({}, set())) or ()
        assert (asked.fewest, asked.most) == (3, 6)


def test_without_judges_the_choices_are_left_and_that_is_told(tmp_path: Path) -> None:
    (task,), lacking, unjudged = at_hand({"mixeval": benchmarks()["mixeval"]}, folder(tmp_path))
    assert task.bench.name == "mixeval" and lacking == {} and [*unjudged] == ["part of mixeval"]
    assert {row.meta["bench"] for row in task.items.rows()} == {"mixeval"}


def test_a_limit_is_of_each_half(tmp_path: Path) -> None:
    made = items(tmp_path, *[CHOICE] * 5, free=tuple(QUESTIONS), free_form=True)
    assert [row.meta["set"] for row in made.limited(2).rows()] == ["multiple-choice"] * 2 + ["free-form"] * 2


@needs_fixtures
def test_the_released_free_form_items_are_shown_whole(tmp_path: Path) -> None:
    for kind in ("multiple-choice", "free-form"):
        file = Path(FIXTURES, "mixeval", f"mixeval-hard-2024-08-11-{kind}.sample40.json")
        (tmp_path / f"{kind}.json").write_bytes(file.read_bytes())
    made = MixEvalItems(source=Source(path=str(tmp_path)), hard=True, free_form=True)
    bench = MixEvalHardFree()
    free = [row for row in made.rows() if bench.applies(row)]
    assert len(free) == 40 and all(MixEvalHardFull().applies(row) for row in made.rows())
    assert not any(MixEvalHard().applies(row) or MixEvalFull().applies(row) for row in free)
    for row in free:
        text = bench.asked(row.with_reply("An answer."), MARK).messages[0].content
        assert all(f"\n{part}\n" in text for part in (row.meta["question"], *row.meta["target"], "An answer."))
    assert replace(made, free_form=False).id != made.id
