"""The suites: what is in them, what is told of what is not at hand, and what an evaluation of a model is."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from komainu.errors import UsageError
from komainu.eval import shelf
from komainu.eval.base import Answers
from komainu.eval.evaluation import Evaluation, evaluation
from komainu.eval.shelf import Shelf
from komainu.eval.suites import SUITES, Task, at_hand, benchmarks
from komainu.models.base import Model, Reply
from komainu.plan import plan
from tests.eval import llm_jp_world as llm_jp
from tests.eval.world import context
from tests.test_docs import table

COMMA = "punctuation:no_comma"


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "reachable", lambda url: False)


def tasks(folder: Path) -> list[Task]:
    rows = [{"key": i, "prompt": f"say {i}", "instruction_id_list": [COMMA], "kwargs": [{}]} for i in range(6)]
    for name in ("ifeval_input_data.jsonl", "ja_input_data.jsonl"):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    wanted = {name: benchmarks()[name] for name in ("ifeval", "m-ifeval")}
    return at_hand(wanted, Shelf((folder,)))[0]


def test_all_is_both_languages() -> None:
    assert {*benchmarks(SUITES["en"])} | {*benchmarks(SUITES["ja"])} == {*benchmarks()} == {*benchmarks(SUITES["all"])}


def test_what_is_not_at_hand_is_told_and_the_rest_is_asked(tmp_path: Path) -> None:
    (tmp_path / "m_ifeval_ja_172.jsonl").write_text("{}\n")
    wanted = {name: benchmarks()[name] for name in ("ifeval", "m-ifeval")}
    found, lacking = at_hand(wanted, Shelf((tmp_path,)))
    assert [task.bench.name for task in found] == ["m_ifeval"] and [*lacking] == ["ifeval"]
    with pytest.raises(UsageError, match=r"no items are at hand:\n  ifeval: there is no file ifeval_input_data.jsonl"):
        at_hand({"ifeval": wanted["ifeval"]}, Shelf((tmp_path,)))


def test_the_page_tells_every_benchmark_its_suite_and_the_files_it_is_found_by(tmp_path: Path) -> None:
    told = {name.strip("`"): suite for name, suite, *_ in table("docs/benchmarks.md", "benchmark | suite")}
    assert told == {name: suite for suite in ("ja", "en") for name in benchmarks(SUITES[suite])}
    found_by = {
        name.strip("`"): files for name, files, *_ in table("docs/benchmarks.md", "benchmark | files it is found by")
    }
    assert {*found_by} == {*told}
    for name, files in found_by.items():
        for file in re.findall("`(.+?)`", files):
            at = tmp_path / name / file
            at.parent.mkdir(parents=True)
            at.write_text("{}\n")
            assert at_hand({name: benchmarks()[name]}, Shelf((tmp_path / name,)))[0]
            shutil.rmtree(tmp_path / name)


def test_the_habits_of_every_answer_are_told_and_count_for_no_headline(tmp_path: Path) -> None:
    ctx = context(tmp_path, lambda model, text, sample: "これは日本語です。" if text != "say 3" else "猫")
    stage = evaluation(Model(name="m"), tasks(tmp_path))
    assert plan(stage, ctx.store).problems == []
    made = ctx.store.build(stage, ctx)
    found = json.loads((made.path / "evaluation.json").read_bytes())
    rates = {(row["bench"], row["language"]): (row["mean"], row["n"]) for row in found["beside"]}
    assert rates == {("ifeval", "en"): (1.0, 6), ("m_ifeval", "ja"): (0.0, 6)}
    assert found["headline"][0]["avg"]["mean"] == 100 and len(found["rows"]) == 8
    assert made.summary["headline"] == {"m": {"ja": 100.0, "en": 100.0, "avg": 100.0}}


def test_what_a_bench_tells_of_its_whole_set_and_what_stands_beside_it_is_told(tmp_path: Path) -> None:
    llm_jp.folder(tmp_path / "sets", "jnli", "jsts", "mawps", n=4)
    wanted = {name: benchmarks()[name] for name in ("llm-jp-eval", "jp-ifeval")}
    found = at_hand(wanted, Shelf((tmp_path / "sets",)))[0]
    ctx = context(tmp_path / "store", lambda model, text, sample: "2.5" if model.temperature < 0.7 else "答えは無い。")
    made = ctx.store.build(evaluation(Model(name="m"), found[:1], limit=2), ctx)
    told = json.loads((made.path / "evaluation.json").read_bytes())
    assert {(row["bench"], row["metric"], row["n"]) for row in told["beside"]} == {
        ("llm_jp_eval", "leakage", 6),
        ("llm_jp_eval", "closeness", 2),
    }
    average, similarity = (row["overall"] for row in told["overall"])
    assert average["categories"]["NLI"]["datasets"]["jnli"]["n"] == 2 and similarity["n"] == 2
    made = ctx.store.build(evaluation(Model(name="m"), found[1:], limit=3), ctx)
    told = json.loads((made.path / "evaluation.json").read_bytes())
    assert [*told["overall"][0]["overall"]["by_temperature"]] == ["0", "0.2", "0.5", "0.7", "1"]
    assert [(row["n"], row["items"]) for row in told["rows"]] == [(15, 3)]


def test_a_limit_is_of_each_set_and_an_answer_that_found_no_room_is_missing(tmp_path: Path) -> None:
    ctx = context(tmp_path, lambda model, text, sample: Reply("", "context_overflow"))
    stage = evaluation(Model(name="m"), tasks(tmp_path), limit=2)
    found = json.loads((ctx.store.build(stage, ctx).path / "evaluation.json").read_bytes())
    assert {(row["n"], row["missing"]) for row in (*found["rows"], *found["beside"])} == {(0, 2)}
    assert found["rows"][0]["reasons"] == {"missing": 2}


def test_a_task_says_how_a_model_is_sampled_and_the_asker_goes_before_it(tmp_path: Path) -> None:
    (task, _) = tasks(tmp_path)
    warm = task._replace(temperatures=(0.7,), max_tokens=99, samples=3)

    def asked(task: Task, **how: Any) -> Answers:
        return evaluation(Model(name="m", temperature=0.3), [task], **how).board.entries[0].scores[0].answers

    own, said = asked(warm), asked(warm, max_tokens=500)
    assert (own.model.temperature, own.model.max_tokens, own.samples, own.temperatures) == (0.7, 99, 3, ())
    assert (said.model.temperature, said.model.max_tokens) == (0.7, 500)
    several = task._replace(temperatures=(0.0, 1.0))
    assert asked(several).temperatures == (0.0, 1.0) and asked(several, temperature=0.5).temperatures == ()


def test_a_habit_of_other_answers_is_a_fault_in_the_wiring(tmp_path: Path) -> None:
    (task, other) = (evaluation(Model(name="m"), [each]) for each in tasks(tmp_path))
    (problem,) = Evaluation(board=task.board, beside=other.beside).check()
    assert "which are no answers of the board" in problem
