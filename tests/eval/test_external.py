"""What a program of others says of each answer stands on a board like any other score."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from komainu.context import Context
from komainu.errors import EndpointError, UsageError
from komainu.eval.base import Scores
from komainu.eval.board import Board, Entry
from komainu.eval.external.base import External, Harness, Told
from komainu.lineage import from_stage
from komainu.models.base import Model, Reply
from komainu.models.cache import Cached
from komainu.rows import Chat, Score
from komainu.stage import wiring
from komainu.trace import trace
from tests.eval.harness import Mini
from tests.eval.world import Parrot, Say, context

MODEL = Model(name="m")
TOLD = Told(name="mini:task", metrics=("right",), language="en")


def say(model: Model, text: str, sample: int) -> str:
    i = int(text.split()[1])
    return f"it is {i}" if i % 3 else "no idea"


def external(model: Model = MODEL, items: Harness | None = None) -> External:
    return External(model=model, items=items or Mini(language="en"))


def rows_of(ctx: Context, stage: External) -> list[Chat]:
    return [row for row in ctx.store.build(stage, ctx).rows() if isinstance(row, Chat)]


def test_items_are_listed_before_a_model_is_asked(tmp_path: Path) -> None:
    ctx = context(tmp_path, say)
    rows = [row for row in ctx.store.build(Mini(language="en"), ctx).rows() if isinstance(row, Chat)]
    assert isinstance(ctx.client, Parrot) and ctx.client.asked == 0
    assert [row.id for row in rows] == [f"mini-{i}" for i in range(6)]
    assert rows[0].meta == {"bench": "mini:task", "lang": "en", "task": "t"}


def test_scores_of_a_program_stand_on_a_board_with_n_missing_and_interval(tmp_path: Path) -> None:
    ctx = context(tmp_path, say)
    scores = Scores(answers=external(), bench=TOLD)
    board = json.loads(
        (ctx.store.build(Board(entries=(Entry(name="m", scores=(scores,)),)), ctx).path / "board.json").read_bytes()
    )
    (row,) = board["rows"]
    assert (row["bench"], row["metric"], row["mean"], row["n"], row["missing"]) == (
        "mini:task",
        "right",
        0.666667,
        6,
        0,
    )
    assert row["low"] == pytest.approx(0.3, abs=0.01) and row["high"] == pytest.approx(
        0.903, abs=0.001
    )  # Wilson, 4 of 6
    assert board["tasks"][0]["task"] == "t"
    assert [r.value for r in ctx.open(scores).rows() if isinstance(r, Score)] == [0.0, 1.0, 1.0, 0.0, 1.0, 1.0]


def test_a_number_is_followed_down_to_the_answers_the_program_saw(tmp_path: Path) -> None:
    ctx = context(tmp_path, say)
    board = Board(entries=(Entry(name="m", scores=(Scores(answers=external(), bench=TOLD),)),))
    ctx.store.build(board, ctx)
    found = trace(from_stage(board, ctx.store), "m/mini:task/en/right")
    assert found["scores"]["rows"][1] == {"id": "mini-1", "value": 1.0, "by": "rule", "why": "", "reply": "it is 1"}
    assert found["answers"]["ref"] == f"external/{external().id}"


def test_the_models_own_sampling_holds_and_what_was_wanted_is_told(tmp_path: Path) -> None:
    asked: list[Model] = []

    def noting(model: Model, text: str, sample: int) -> str:
        asked.append(model)
        return say(model, text, sample)

    ctx = context(tmp_path, noting)
    summary = ctx.store.build(external(), ctx).summary
    assert set(asked) == {MODEL} and summary["sampling"]["temperature"] == 0.0
    assert summary["wanted"] == {"temperature=0.3": 6}


def test_a_second_run_asks_nothing_that_was_answered(tmp_path: Path) -> None:
    parrot = Parrot(say)
    ctx = Context(context(tmp_path, say).store, Cached(parrot, tmp_path / "calls.sqlite"))
    with ctx:
        ctx.store.build(external(), ctx)
        ctx.store.build(external(items=Mini(language="en", n=7)), ctx)
    assert parrot.asked == 7


def test_the_program_gets_no_key_and_nothing_of_our_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", "sk-planted")
    monkeypatch.setenv("PYTHONPATH", "/ours")
    ctx = context(tmp_path, say)
    variables = ctx.store.build(external(), ctx).summary["variables"]
    assert "PATH" in variables and not {"JUDGE_KEY", "PYTHONPATH"} & {*variables}


def test_an_item_without_a_result_is_missing_and_counted(tmp_path: Path) -> None:
    ctx = context(tmp_path, say)
    stage = external(items=Mini(language="en", mode="forgets"))
    summary = ctx.store.build(Scores(answers=stage, bench=TOLD), ctx).summary["metrics"]["right"]
    assert (summary["n"], summary["missing"], summary["reasons"]) == (5, 1, {"missing": 1})
    assert ctx.open(stage).summary["without_result"] == 1
    last = rows_of(ctx, stage)[-1]
    assert last.reply == "it is 5" and last.meta["told"] == {}


def test_a_program_that_asks_something_else_than_it_listed_is_refused(tmp_path: Path) -> None:
    ctx = context(tmp_path, say)
    with pytest.raises(UsageError, match="'mini-0' is not what it was, the program asked something else"):
        ctx.store.build(external(items=Mini(language="en", mode="other")), ctx)


def test_a_program_that_fails_is_shown_with_its_last_words(tmp_path: Path) -> None:
    ctx = context(tmp_path, say)
    with pytest.raises(UsageError, match=r"(?s)program.py .* ended with 1.*I am the program.*has had enough"):
        ctx.store.build(external(items=Mini(language="en", mode="broken")), ctx)


@pytest.mark.parametrize("error", [EndpointError("the endpoint is gone"), ZeroDivisionError()])
def test_an_error_of_the_model_ends_the_program_and_is_raised(tmp_path: Path, error: Exception) -> None:
    def gone(model: Model, text: str, sample: int) -> str:
        if text == "more":
            raise error
        return "it is 1"

    ctx = context(tmp_path, gone)
    began = time.monotonic()
    with pytest.raises(type(error)):
        ctx.store.build(external(items=Mini(language="en", mode="more")), ctx)
    assert time.monotonic() - began < 60  # the program itself would wait for 100


def test_a_question_that_was_not_listed_is_asked_of_the_model(tmp_path: Path) -> None:
    ctx = context(tmp_path, lambda model, text, sample: "yes" if text == "more" else say(model, text, sample))
    assert len(rows_of(ctx, external(items=Mini(language="en", mode="more")))) == 6
    assert isinstance(ctx.client, Parrot) and ctx.client.asked == 7


def test_an_empty_answer_is_the_worst_and_one_that_never_began_is_missing(tmp_path: Path) -> None:
    replies: dict[str, Any] = {"say 1": "", "say 2": Reply("", finish="length")}
    odd: Say = lambda model, text, sample: replies.get(text, "it is " + text.split()[1])  # noqa: E731
    ctx = context(tmp_path, odd)
    rows = [r for r in ctx.store.build(Scores(answers=external(), bench=TOLD), ctx).rows() if isinstance(r, Score)]
    assert [(r.value, r.why.split(":")[0]) for r in rows[:4]] == [
        (1.0, ""),
        (0.0, "empty"),
        (None, "missing"),
        (1.0, ""),
    ]


def test_a_metric_that_the_program_does_not_tell_is_named_with_those_it_tells(tmp_path: Path) -> None:
    ctx = context(tmp_path, say)
    with pytest.raises(UsageError, match="mini:task tells nothing of 'wrong' for 'mini-0'; it tells right"):
        ctx.store.build(
            Scores(answers=external(), bench=Told(name="mini:task", metrics=("wrong",), language="en")), ctx
        )


def test_another_environment_is_another_benchmark_and_several_samples_are_refused(tmp_path: Path) -> None:
    from tests.eval.harness import Here

    assert Mini(language="en").id != Mini(language="en", environment=Here(pins="a==1")).id
    sampled = External(model=Model(name="m", temperature=1.0), items=Mini(language="en"), samples=2)
    assert any("asks once" in said for _, said in wiring(sampled))


def test_a_folder_of_a_killed_run_does_not_disturb_the_next(tmp_path: Path) -> None:
    ctx = context(tmp_path, say)
    left = ctx.store.place(external()) / ".work"
    left.mkdir(parents=True)
    (left / "told.json").write_text("rubbish")
    assert len(rows_of(ctx, external())) == 6 and not left.exists()
