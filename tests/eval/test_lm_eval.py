"""lm-evaluation-harness: its output read, and (`pytest -m external`) the program itself in its own environment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.context import Context
from komainu.errors import UsageError
from komainu.eval.base import Answers, Scores
from komainu.eval.bench.exact import ExactMatch
from komainu.eval.external.base import External, Told
from komainu.eval.external.definition import plain
from komainu.eval.external.lm_eval import ENVIRONMENT, LmEval, read
from komainu.models.base import Model
from komainu.rows import Chat, Message, Score
from komainu.settings import load
from komainu.stage import Stage, wiring
from recipes.external import TASK
from tests.eval.world import Items, Parrot, context, item, share_right

LISTED = replace(LmEval(task="textbook", language="ja"), definition=TASK, data=Items(n=12))


def line(i: int, told: dict[str, Any], **more: Any) -> dict[str, Any]:
    chat = json.dumps([{"role": "user", "content": f"say {i}"}])
    return {
        "doc_id": i,
        "doc": {"id": f"item-{i}", "lang": "ja"},
        "arguments": {"gen_args_0": {"arg_0": [chat], "arg_1": {"until": []}}},
        "resps": [[f"it is {i}"]],
        "filter": "none",
        "metrics": [*told],
        **told,
        **more,
    }


def output(folder: Path, totals: dict[str, Any], **tasks: list[dict[str, Any]]) -> Path:
    """The files that lm_eval 0.4.13 writes."""
    place = folder / "model"
    place.mkdir(parents=True)
    (place / "results_2026-11-24T15-31-28.787614.json").write_text(json.dumps({"results": totals}))
    for task, lines in tasks.items():
        text = "\n".join(map(json.dumps, lines))
        (place / f"samples_{task}_2026-11-24T15-31-28.787614.jsonl").write_text(text)
    return folder


def test_each_item_has_its_question_its_answer_and_its_scores(tmp_path: Path) -> None:
    lines = [line(0, {"exact_match": 1.0}), line(1, {"exact_match": 0.0})]
    results, left_out = read(output(tmp_path, {"t": {"exact_match,none": 0.5}}, t=lines), ours=True)
    assert left_out == []
    assert [(r.id, r.reply, r.scores) for r in results] == [
        ("t/item-0", "it is 0", {"exact_match": 1.0}),
        ("t/item-1", "it is 1", {"exact_match": 0.0}),
    ]
    assert results[0].asked == (Message("user", "say 0"),)
    assert results[0].meta == {"task": "t", "source": "lm_eval:t", "lang": "ja"}


def test_ids_of_data_that_is_not_ours_are_not_trusted(tmp_path: Path) -> None:
    results, _ = read(output(tmp_path, {"t": {"m,none": 1.0}}, t=[line(0, {"m": 1.0}), line(1, {"m": 1})]), ours=False)
    assert [r.id for r in results] == ["t/0", "t/1"] and "lang" not in results[0].meta


def test_a_metric_whose_total_is_not_the_mean_over_items_is_left_out_and_named(tmp_path: Path) -> None:
    lines = [line(i, {"exact_match": 1.0, "bleu": ["a", "b"], "f1": 0.5, "odd": 1.0}) for i in range(3)]
    totals = {"t": {"exact_match,none": 1.0, "bleu,none": 30.1, "f1,none": 0.7}}
    results, left_out = read(output(tmp_path, totals, t=lines), ours=True)
    assert left_out == ["bleu", "f1", "odd"]
    assert all(r.scores == {"exact_match": 1.0} for r in results)


def test_filters_are_told_apart_and_tasks_of_a_group_are_all_read(tmp_path: Path) -> None:
    one = [line(0, {"m": 1.0}, filter="strict"), line(0, {"m": 0.0}, filter="flexible")]
    totals = {"t": {"m,strict": 1.0, "m,flexible": 0.0}, "t_b": {"m,none": 0.0}}
    results, _ = read(output(tmp_path, totals, t=one, t_b=[line(0, {"m": 0.0})]), ours=False)
    assert {r.id: r.scores for r in results} == {"t/0": {"m,strict": 1.0, "m,flexible": 0.0}, "t_b/0": {"m": 0.0}}


def test_output_of_another_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="expected one results file"):
        read(tmp_path, ours=False)
    broken = {**line(0, {"m": 1.0}), "arguments": {"gen_args_0": {"arg_0": ["not a chat", " a"]}}}
    with pytest.raises(UsageError, match="t/0 is not a task that asks one chat"):
        read(output(tmp_path / "a", {"t": {"m,none": 1.0}}, t=[broken]), ours=False)
    with pytest.raises(UsageError, match="no task of the report"):
        read(output(tmp_path / "b", {"other": {}}, t=[line(0, {"m": 1.0})]), ours=False)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_value_in_a_line_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    folder = tmp_path_factory.mktemp("out")
    for name in ("arguments", "resps", "metrics", "doc", "filter"):
        with suppress(UsageError):
            read(output(folder / name, {"t": {"m,none": 1.0}}, t=[{**line(0, {"m": 1.0}), name: value}]), ours=True)


def test_only_what_is_one_turn_can_be_asked_and_a_definition_names_its_data() -> None:
    assert plain(item(0), "lm_eval") == {
        "id": "item-0",
        "prompt": "say 0",
        "references": ["答えは0です。"],
        "lang": "ja",
        "task": "task0",
    }
    turns = (Message("user", "a"), Message("assistant", "b"), Message("user", "c"))
    with pytest.raises(UsageError, match="two: lm_eval's tasks ask one text"):
        plain(Chat("two", turns), "lm_eval")
    assert [*wiring(LISTED)] == []
    assert any("{data}" in said for _, said in wiring(replace(LISTED, data=None)))
    assert any("{data}" in said for _, said in wiring(replace(LISTED, definition="")))


def test_how_many_questions_there_will_be_is_known_where_the_data_is_ours() -> None:
    def rows(stage: Stage) -> int | None:
        return 12 if isinstance(stage, Items) else stage.expected(rows)

    assert External(model=Model(name="m"), items=LISTED).expected(rows) == 12
    assert External(model=Model(name="m"), items=LmEval(task="gsm8k", language="en")).expected(rows) is None


def test_every_package_of_the_environment_is_pinned() -> None:
    pins = [text for text in ENVIRONMENT.pins.splitlines() if not text.startswith("#")]
    assert "lm_eval==0.4.13" in pins and all("==" in text for text in pins)


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Context]:
    with context(tmp_path, share_right({"m": 0.5})) as ctx:
        yield replace(ctx, settings=load())


@pytest.mark.external
def test_the_program_itself_gives_the_verdicts_of_our_own_bench(real: Context) -> None:
    model = Model(name="m")
    told, ours = External(model=model, items=LISTED), Answers(model=model, items=Items(n=12))
    for language in ("ja", "en"):
        bench = Told(name="lm_eval:textbook", metrics=("exact_match",), language=language)
        theirs = real.store.build(Scores(answers=told, bench=bench), real).rows()
        own = real.store.build(Scores(answers=ours, bench=ExactMatch(language=language)), real).rows()
        verdicts = [
            {r.id.removeprefix("textbook/"): r.value for r in rows if isinstance(r, Score)} for rows in (theirs, own)
        ]
        assert verdicts[0] == verdicts[1] and len(verdicts[0]) == 6
    assert isinstance(real.client, Parrot)
    summary = real.open(told).summary
    assert summary["wanted"] == {"max_tokens=96": 12, "temperature=0": 12} and summary["without_result"] == 0
