from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from komainu.errors import UsageError
from komainu.eval.base import Answers, Bench, Scores, judged
from komainu.eval.bench.exact import ExactMatch
from komainu.eval.ruling import scored
from komainu.models.base import Model, Reply
from komainu.rows import Chat, Message, Score
from komainu.stage import Stage, wiring
from tests.eval.world import Items, Parrot, Say, context, item, right, share_right

MODEL = Model(name="m")


@dataclass(frozen=True, kw_only=True)
class Never(Bench):
    """A bench that fails the test when it is asked."""

    name: ClassVar[str] = "never"
    metrics: ClassVar[tuple[str, ...]] = ("a", "b")
    higher_is_better: ClassVar[bool] = False
    top: ClassVar[float] = 5.0

    def score(self, chat: Chat) -> list[Score]:
        raise AssertionError("this answer is not for a bench to see")


def build(root: Path, say: Say, stage: Stage) -> dict[str, Any]:
    ctx = context(root, say)
    return ctx.store.build(stage, ctx).summary


def rows_of(root: Path, say: Say, stage: Stage) -> list[Any]:
    ctx = context(root, say)
    return list(ctx.store.build(stage, ctx).rows())


def test_answers_keep_the_ids_and_meta_of_the_items(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, share_right({"m": 1.0}), Answers(model=MODEL, items=Items(n=4)))
    assert [row.id for row in rows] == [item(i).id for i in range(4)]
    assert [row.reply for row in rows] == [right(i) for i in range(4)]
    assert all(row.meta == item(i).meta for i, row in enumerate(rows))


def test_many_benches_score_one_answers_without_asking_again(tmp_path: Path) -> None:
    answers = Answers(model=MODEL, items=Items())
    ctx = context(tmp_path, share_right({"m": 0.5}))
    for language in ("ja", "en"):
        ctx.store.build(Scores(answers=answers, bench=ExactMatch(language=language)), ctx)
    assert isinstance(ctx.client, Parrot) and ctx.client.asked == 40


def test_a_summary_tells_mean_n_missing_interval_and_tasks(tmp_path: Path) -> None:
    answers = Answers(model=MODEL, items=Items())
    found = build(tmp_path, share_right({"m": 0.5}), Scores(answers=answers, bench=ExactMatch(language="ja")))
    numbers = found["metrics"]["exact"]
    assert (numbers["mean"], numbers["n"], numbers["missing"]) == (0.5, 20, 0)
    assert (numbers["low"], numbers["high"]) == (0.299298, 0.700702)  # Wilson, 10 of 20
    assert numbers["reasons"] == {"not a reference": 10}
    assert {task: each["n"] for task, each in found["by"].items()} == {"task0": 10, "task2": 10}
    assert found["sampling"] == {"temperature": 0.0, "top_p": 1.0, "min_p": 0.0, "max_tokens": 2048, "seed": 0}


def test_an_answer_that_never_began_is_missing_and_not_a_zero(tmp_path: Path) -> None:
    def say(model: Model, text: str, sample: int) -> str | Reply:
        return Reply("", finish="length") if text == "say 0" else right(int(text.split()[1]))

    stage = Scores(answers=Answers(model=MODEL, items=Items(n=10)), bench=ExactMatch(language="ja"))
    first, *others = rows_of(tmp_path, say, stage)
    assert first == Score("item-0", "exact", None, why="missing: the model stopped before its first word (length)")
    assert all(row.value == 1.0 for row in others)
    numbers = build(tmp_path, say, stage)["metrics"]["exact"]
    assert (numbers["mean"], numbers["n"], numbers["missing"]) == (1.0, 4, 1)


def test_with_every_answer_missing_the_numbers_are_null(tmp_path: Path) -> None:
    stage = Scores(answers=Answers(model=MODEL, items=Items(n=4)), bench=ExactMatch(language="ja"))
    numbers = build(tmp_path, lambda *_: Reply("", finish="length"), stage)["metrics"]["exact"]
    assert (numbers["mean"], numbers["low"], numbers["high"]) == (None, None, None)
    assert (numbers["n"], numbers["missing"]) == (0, 2)


@pytest.mark.parametrize("text", ["", " \n", "<think>hm</think>", "<think>hm"])
def test_an_empty_answer_gets_the_worst_value_by_rule(text: str) -> None:
    scores = list(scored(Never(language="ja"), item(0).with_reply(text)))
    assert [(s.metric, s.value) for s in scores] == [("a", 5.0), ("b", 5.0)]
    assert all(s.why.startswith("empty: ") for s in scores)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply("", "context_overflow"), "missing: the prompt does not fit the model (context_overflow)"),
        (Reply("", "content_filter"), "missing: the provider refuses (content_filter)"),
        (Reply("", "length"), "missing: the model stopped before its first word (length)"),
        (Reply("", "length", thinking="hm, and"), "empty: only thinking"),
        (Reply("", thinking="hm"), "empty: only thinking"),
    ],
)
def test_an_answer_withheld_is_missing_and_thinking_without_an_answer_is_empty(
    tmp_path: Path, reply: Reply, why: str
) -> None:
    rows = rows_of(tmp_path, lambda *_: reply, Answers(model=MODEL, items=Items(n=2)))
    (score,) = scored(ExactMatch(language="ja"), rows[0])
    assert score.why == why and score.value == (None if why.startswith("missing") else 0.0)


def test_thinking_is_kept_with_the_row_and_not_scored(tmp_path: Path) -> None:
    said = Reply("答えは0です。", thinking="答えは9です。")
    rows = rows_of(tmp_path, lambda *_: said, Answers(model=MODEL, items=Items(n=2)))
    assert rows[0].meta["thinking"] == "答えは9です。"
    assert next(iter(scored(ExactMatch(language="ja"), rows[0]))).value == 1.0


def test_a_truncated_answer_is_an_answer(tmp_path: Path) -> None:
    stage = Answers(model=MODEL, items=Items(n=2))
    rows = rows_of(tmp_path, lambda *_: Reply("答えは", finish="length"), stage)
    assert rows[0].meta["finish"] == "length"
    assert next(iter(scored(ExactMatch(language="ja"), rows[0]))).value == 0.0


def test_hidden_parts_of_a_reply_are_kept_with_the_row(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, lambda *_: Reply("x", hidden={"fault": "leak"}), Answers(model=MODEL, items=Items(n=2)))
    assert rows[0].meta["hidden"] == {"fault": "leak"}


def test_several_samples_of_an_item_count_as_one_item(tmp_path: Path) -> None:
    def say(model: Model, text: str, sample: int) -> str:
        return right(int(text.split()[1])) if sample == 0 else "no"

    answers = Answers(model=Model(name="m", temperature=1.0), items=Items(n=40), samples=2)
    found = build(tmp_path, say, Scores(answers=answers, bench=ExactMatch(language="ja")))
    numbers = found["metrics"]["exact"]
    assert (numbers["mean"], numbers["n"], numbers["items"]) == (0.5, 40, 20)
    assert [r.meta["sample"] for r in rows_of(tmp_path, say, answers)] == [0] * 40 + [1] * 40


def test_the_number_of_rows_is_known_before_running() -> None:
    answers = Answers(model=Model(name="m", temperature=1.0), items=Items(), samples=3)
    assert answers.expected(lambda _: 40) == 120
    assert answers.expected(lambda _: None) is None


def test_wrong_wiring_is_said_before_anything_runs() -> None:
    scores = Scores(answers=Answers(model=MODEL, items=Items()), bench=ExactMatch(language="ja"))
    wrong = Answers(model=Model(name="m", weights=Items()), items=scores, samples=2)
    said = [problem for _, problem in wiring(wrong)]
    assert any("Answers.items needs a stage that makes Chat" in p for p in said)
    assert any("Answers.model.weights needs a stage that makes Weights" in p for p in said)
    assert any("temperature 0" in p for p in said)
    bad = Scores(answers=scores.answers, bench=ExactMatch(language="fr"))  # type: ignore[arg-type]
    assert [p for _, p in wiring(bad)] == ["ExactMatch.language is 'fr'; it must be 'ja' or 'en'"]
    assert not list(wiring(scores))


def test_a_bench_without_items_is_an_error_that_names_it(tmp_path: Path) -> None:
    stage = Scores(answers=Answers(model=MODEL, items=Items(n=1)), bench=ExactMatch(language="en"))
    with pytest.raises(UsageError, match=r"no row of Items \w+ is an item of the bench exact \(en\)"):
        build(tmp_path, share_right({"m": 1.0}), stage)


@dataclass(frozen=True, kw_only=True)
class Twins(Items):
    def run(self, out: Path, ctx: Any) -> dict[str, Any]:
        from komainu.files import write_rows

        return {"rows": write_rows(out / "rows.jsonl", [item(0), item(0)])}


def test_two_items_of_one_id_and_no_items_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="1 ids more than once, first 'item-0'"):
        build(tmp_path, share_right({"m": 1.0}), Answers(model=MODEL, items=Twins()))
    with pytest.raises(UsageError, match="has no rows"):
        build(tmp_path, share_right({"m": 1.0}), Answers(model=MODEL, items=Items(n=0)))


def test_references_that_are_no_texts_are_refused_by_row() -> None:
    chat = Chat("row-7", (Message("user", "x"),), {"lang": "ja", "references": "one"})
    with pytest.raises(UsageError, match=r"row 'row-7': meta.references must be a list of texts"):
        ExactMatch(language="ja").applies(chat)


def test_a_yes_or_no_score_follows_the_direction_of_the_bench() -> None:
    chat = item(0).with_reply("x")
    assert [s.value for s in judged(ExactMatch(language="ja"), chat, "wrong")] == [0.0]
    assert [s.value for s in judged(Never(language="ja"), chat, "wrong")] == [1.0]
    assert [s.value for s in judged(Never(language="ja"), chat, "")] == [0.0]


def test_two_builds_give_the_same_bytes(tmp_path: Path) -> None:
    stage = Scores(answers=Answers(model=MODEL, items=Items()), bench=ExactMatch(language="ja"))
    for root in ("a", "b"):
        build(tmp_path / root, share_right({"m": 0.3}), stage)
    a, b = (tmp_path / root / "scores" / stage.id for root in ("a", "b"))
    assert (a / "rows.jsonl").read_bytes() == (b / "rows.jsonl").read_bytes()
    assert (
        json.loads((a / "record.json").read_text())["summary"] == json.loads((b / "record.json").read_text())["summary"]
    )


def test_recipes_import_the_wing_without_its_heavy_libraries() -> None:
    benches = ["exact", "extra_text", "formats", "leakage", "register", "translation"]
    modules = [*(f"komainu.eval.bench.{b}" for b in benches), "komainu.eval.board", "komainu.eval.sampler"]
    code = f"import sys, {', '.join(modules)}; print({{'numpy', 'scipy', 'sacrebleu', 'torch'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_answers_at_several_temperatures_are_one_set_and_the_interval_is_clustered_by_item(tmp_path: Path) -> None:
    temperatures = (0.0, 0.5, 1.0)

    def say(model: Model, text: str, sample: int) -> str:
        return right(int(text.split()[1])) if model.temperature < 1 else "no"

    answers = Answers(model=MODEL, items=Items(n=40), temperatures=temperatures)
    found = build(tmp_path, say, Scores(answers=answers, bench=ExactMatch(language="ja")))
    numbers = found["metrics"]["exact"]
    assert (numbers["n"], numbers["items"], numbers["mean"]) == (60, 20, pytest.approx(2 / 3, abs=1e-6))
    assert found["sampling"]["temperature"] == [*temperatures]
    assert [r.meta["temperature"] for r in rows_of(tmp_path, say, answers)[::40]] == [*temperatures]


def test_temperatures_that_make_no_sense_are_refused() -> None:
    answers = Answers(model=Model(name="m"), items=Items(), temperatures=(0.5, 0.5))
    assert ["each must be there once" in problem for problem in answers.check()] == [True]
    sampled = replace(answers, temperatures=(0.0, 0.5), samples=2)
    assert ["at temperature 0" in problem for problem in sampled.check()] == [True]
    assert replace(answers, temperatures=(0.5, 1.0), samples=2).expected(lambda stage: 10) == 40
