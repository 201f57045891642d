"""lighteval: what its script writes is read, and (`pytest -m external`) the program itself in its own environment."""

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
from komainu.eval.external.lighteval import ENVIRONMENT, LightEval, read
from komainu.models.base import Model
from komainu.rows import Message, Score
from komainu.settings import load
from komainu.stage import wiring
from tests.eval.world import Items, Parrot, context, share_right

TASK = """
from lighteval.metrics.metrics import Metrics
from lighteval.tasks.lighteval_task import LightevalTaskConfig
from lighteval.tasks.requests import Doc


def prompt(line, task_name=None):
    right = line["references"]
    known = {"id": line["id"], "lang": line["lang"]}
    return Doc(query=line["prompt"], choices=right, gold_index=[*range(len(right))], specific=known)


TASKS_TABLE = [
    LightevalTaskConfig(
        name="textbook",
        prompt_function=prompt,
        hf_repo={data},
        hf_subset="default",
        metrics=[Metrics.exact_match, Metrics.chrf],
        evaluation_splits=["test"],
        generation_size=96,
    )
]
"""
LISTED = LightEval(task="textbook", language="ja", definition=TASK, data=Items(n=12))


def line(i: int, told: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "task": "t|0",
        "id": str(i),
        "item": {"id": f"item-{i}", "lang": "ja"},
        "asked": [{"role": "user", "content": f"say {i}"}],
        "reply": f"it is {i}",
        "scores": told,
        **more,
    }


def output(folder: Path, totals: dict[str, Any], *lines: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "totals.json").write_text(json.dumps(totals))
    (folder / "items.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return folder


def test_each_item_has_its_question_its_answer_and_its_scores(tmp_path: Path) -> None:
    lines = [line(0, {"em": 1.0}), line(1, {"em": 0.0})]
    results, left_out = read(output(tmp_path, {"t|0": {"em": 0.5}}, *lines), ours=True)
    assert left_out == []
    assert [(r.id, r.reply, r.scores) for r in results] == [
        ("t/item-0", "it is 0", {"em": 1.0}),
        ("t/item-1", "it is 1", {"em": 0.0}),
    ]
    assert results[0].asked == (Message("user", "say 0"),)
    assert results[0].meta == {"task": "t", "source": "lighteval:t", "lang": "ja"}


def test_ids_of_data_that_is_not_ours_are_not_trusted(tmp_path: Path) -> None:
    results, _ = read(output(tmp_path, {"t|0": {"em": 1.0}}, line(4, {"em": 1.0})), ours=False)
    assert [r.id for r in results] == ["t/4"] and "lang" not in results[0].meta


def test_a_metric_whose_total_is_not_the_mean_over_items_is_left_out_and_named(tmp_path: Path) -> None:
    lines = [line(i, {"em": 1.0, "bleu": None, "f1": 0.5, "odd": 1.0}) for i in range(3)]
    results, left_out = read(output(tmp_path, {"t|0": {"em": 1.0, "bleu": 30.1, "f1": 0.7}}, *lines), ours=True)
    assert left_out == ["bleu", "f1", "odd"] and all(r.scores == {"em": 1.0} for r in results)


def test_two_items_of_one_name_and_an_item_of_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="item 2 is called 't/item-0'"):
        read(output(tmp_path, {"t|0": {"em": 1.0}}, line(0, {"em": 1.0}), line(0, {"em": 1.0})), ours=True)
    with pytest.raises(UsageError, match="item 1 is called 't/', as another one or as none"):
        read(output(tmp_path, {"t|0": {"em": 1.0}}, line(0, {"em": 1.0}, item={})), ours=True)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_value_in_a_line_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, value: Any) -> None:
    folder = tmp_path_factory.mktemp("out")
    for name in line(0, {}):
        with suppress(UsageError):
            read(output(folder / name, {"t|0": {"em": 1.0}}, {**line(0, {"em": 1.0}), name: value}), ours=True)


def test_a_definition_names_its_data() -> None:
    assert [*wiring(LISTED)] == []
    assert any("LightEval.definition holds {data}" in said for _, said in wiring(replace(LISTED, data=None)))
    assert any("{data}" in said for _, said in wiring(replace(LISTED, definition="")))
    assert LISTED.bench == "lighteval:textbook"


def test_every_package_of_the_environment_is_pinned() -> None:
    pins = [text for text in ENVIRONMENT.pins.splitlines() if not text.startswith("#")]
    assert {"lighteval==0.13.0", "torch==2.13.0"} <= {*pins} and all("==" in text for text in pins)


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Context]:
    with context(tmp_path, share_right({"m": 0.15})) as ctx:
        yield replace(ctx, settings=load())


@pytest.mark.external
def test_the_program_itself_gives_the_verdicts_of_our_own_bench(real: Context) -> None:
    model = Model(name="m")
    told, ours = External(model=model, items=LISTED), Answers(model=model, items=Items(n=12))
    for language in ("ja", "en"):
        bench = Told(name="lighteval:textbook", metrics=("em",), language=language)
        theirs = real.store.build(Scores(answers=told, bench=bench), real).rows()
        own = real.store.build(Scores(answers=ours, bench=ExactMatch(language=language)), real).rows()
        verdicts = [
            {r.id.removeprefix("textbook/"): r.value for r in rows if isinstance(r, Score)} for rows in (theirs, own)
        ]
        assert verdicts[0] == verdicts[1] and len(verdicts[0]) == 6 and {*verdicts[0].values()} == {0.0, 1.0}
    assert isinstance(real.client, Parrot)
    summary = real.open(told).summary
    assert summary["wanted"] == {"max_tokens=96": 12} and summary["without_result"] == 0
    assert summary["left_out"] == ["chrf"]


@pytest.mark.external
def test_a_task_by_log_likelihood_ends_with_the_reason(real: Context) -> None:
    task = TASK.replace("[Metrics.exact_match, Metrics.chrf]", "[Metrics.loglikelihood_acc]")
    with pytest.raises(UsageError, match="goes by log-likelihood, which a chat does not tell"):
        real.store.build(replace(LISTED, definition=task), real)
