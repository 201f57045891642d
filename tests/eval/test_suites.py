"""The suites: what is in them, what is told of what is not at hand, and what an evaluation of a model is."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from komainu.context import Context
from komainu.errors import UsageError
from komainu.eval import shelf
from komainu.eval.base import Answers
from komainu.eval.bench.mixeval.free import MixEvalFull
from komainu.eval.bench.shaberi.elyza import Elyza
from komainu.eval.bench.shaberi.ja_mt_bench import JaMtBench
from komainu.eval.bench.shaberi.rakuda import Rakuda
from komainu.eval.bench.shaberi.tengu import Tengu
from komainu.eval.board import Board
from komainu.eval.evaluation import evaluation
from komainu.eval.family import MIXEVAL, SHABERI
from komainu.eval.shelf import Shelf
from komainu.eval.suites import SUITES, Task, at_hand, benchmarks, by_name
from komainu.models.base import Model, Reply
from komainu.plan import plan
from tests.eval import llm_jp_world as llm_jp
from tests.eval.world import context
from tests.test_docs import table

COMMA = "punctuation:no_comma"
HABITS = ("leakage", "empty", "truncated", "loop", "refusal")


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


@pytest.mark.parametrize("name", ["mixeval", "mixeval-hard"])
def test_the_two_sets_of_mixeval_are_kept_apart(tmp_path: Path, name: str) -> None:
    question = {"problem_type": "multiple-choice", "prompt": "q", "options": ["a", "b"], "target": [1]}
    (tmp_path / name).mkdir()
    (tmp_path / name / "multiple-choice.json").write_text(json.dumps({"7": question | {"benchmark_name": "MMLU"}}))
    (task,), *_ = at_hand({name: benchmarks()[name]}, Shelf((tmp_path,)))
    (item,) = task.items.rows()
    assert item.id == f"{name}-choice-7" and task.bench.applies(item)
    other = {"mixeval": "mixeval-hard", "mixeval-hard": "mixeval"}[name]
    assert [*at_hand({n: benchmarks()[n] for n in (name, other)}, Shelf((tmp_path,)))[1]] == [other]


def test_the_familys_table_finds_what_the_judged_benchmarks_give() -> None:
    given = {(bench.name, bench.metrics[0]) for bench in (Elyza, JaMtBench, Rakuda, Tengu, MixEvalFull)}
    assert given == {(shown.bench, shown.metric) for shown in (*SHABERI.of, MIXEVAL)}


def test_the_two_files_of_evalplus_must_lie_together(tmp_path: Path) -> None:
    wanted = {"evalplus": benchmarks()["evalplus"]}
    for folder, file in (("a", "HumanEvalPlus.jsonl"), ("b", "MbppPlus.jsonl.gz")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / file).write_text("{}\n")
    with pytest.raises(UsageError, match="must lie in one folder"):
        at_hand(wanted, Shelf((tmp_path,)))
    with pytest.raises(UsageError, match=r"nothing can be asked:\n  evalplus: there is no folder with MbppPlus"):
        at_hand(wanted, Shelf((tmp_path / "a",)))


def test_what_is_not_at_hand_is_told_and_the_rest_is_asked(tmp_path: Path) -> None:
    (tmp_path / "m_ifeval_ja_172.jsonl").write_text("{}\n")
    wanted = {name: benchmarks()[name] for name in ("ifeval", "m-ifeval")}
    found, lacking, _ = at_hand(wanted, Shelf((tmp_path,)))
    assert [task.bench.name for task in found] == ["m_ifeval"] and [*lacking] == ["ifeval"]
    with pytest.raises(UsageError, match=r"nothing can be asked:\n  ifeval: there is no file ifeval_input_data.jsonl"):
        at_hand({"ifeval": wanted["ifeval"]}, Shelf((tmp_path,)))


def test_the_page_tells_every_benchmark_its_suite_and_the_files_it_is_found_by(tmp_path: Path) -> None:
    told = {name.strip("`"): suite for name, suite, *_ in table("docs/benchmarks.md", "benchmark | suite")}
    suites = {"ja": SUITES["ja"], "en": SUITES["en"], "by name": by_name}
    assert told == {name: suite for suite, found in suites.items() for name in benchmarks(found)}
    found_by = {
        name.strip("`"): files for name, files, *_ in table("docs/benchmarks.md", "benchmark | files it is found by")
    }
    assert {*found_by} == {*told}
    assert {name.strip("`") for name, *_ in table("docs/benchmarks.md", "habit")} == {*HABITS}
    for name, files in found_by.items():
        for way in files.split(", or" if "folder" in files else ", "):
            for file in re.findall("`(.+?)`", way):
                at = tmp_path / name / file
                at.parent.mkdir(parents=True, exist_ok=True)
                at.write_text("{}\n")
            every = benchmarks() | benchmarks(by_name)
            assert at_hand({name: every[name]}, Shelf((tmp_path / name,)), judged=True).tasks, way
            shutil.rmtree(tmp_path / name, ignore_errors=True)


def built(ctx: Context, stage: Board) -> tuple[dict[str, Any], dict[tuple[str, str], dict[str, Any]]]:
    """The headline, and each row by its bench and metric."""
    assert plan(stage, ctx.store).problems == []
    found = json.loads((ctx.store.build(stage, ctx).path / "board.json").read_bytes())
    return found["headline"][0], {(row["bench"], row["metric"]): row for row in found["rows"]}


def test_the_habits_of_every_answer_are_told_and_count_for_no_headline(tmp_path: Path) -> None:
    ctx = context(tmp_path, lambda model, text, sample: "これは日本語です。" if text != "say 3" else "猫")
    headline, rows = built(ctx, evaluation(Model(name="m"), tasks(tmp_path)))
    assert headline["avg"]["mean"] == 100
    means = {bench: row["mean"] for (bench, metric), row in rows.items() if metric == "leakage"}
    assert means == {"ifeval_leakage": 1.0, "m_ifeval_leakage": 0.0}
    assert {metric for bench, metric in rows if bench.startswith("ifeval_")} == {*HABITS}


def test_a_limit_is_of_each_set_and_an_answer_that_found_no_room_is_missing(tmp_path: Path) -> None:
    ctx = context(tmp_path, lambda model, text, sample: Reply("", "context_overflow"))
    _, rows = built(ctx, evaluation(Model(name="m"), tasks(tmp_path), limit=2))
    assert {(row["n"], row["missing"]) for row in rows.values()} == {(0, 2)}
    assert rows["ifeval", "prompt_strict"]["reasons"] == {"missing": 2}


def test_a_second_look_at_the_answers_of_a_set_is_in_no_headline_and_where_nothing_is_for_it_it_is_left_out(
    tmp_path: Path,
) -> None:
    llm_jp.folder(tmp_path / "sets", "jnli", "jsts", "mawps", n=4)
    (task,), *_ = at_hand({"llm-jp-eval": benchmarks()["llm-jp-eval"]}, Shelf((tmp_path / "sets",)))
    ctx = context(tmp_path / "store", lambda model, text, sample: "2.5")
    stage = evaluation(Model(name="m"), [task], limit=2)
    headline, rows = built(ctx, stage)
    assert headline["ja"]["mean"] == 0 and rows["llm_jp_eval_sts", "closeness"]["mean"] == 1
    assert {(bench, row["n"]) for (bench, _), row in rows.items() if "_eval_" not in bench} == {("llm_jp_eval", 4)}
    assert not any(bench == "llm_jp_eval_mt" for bench, _ in rows)
    told = [ctx.open(scores).summary["overall"] for scores in stage.entries[0].scores[:2]]
    assert told[0]["categories"]["NLI"]["datasets"]["jnli"]["n"] == 2 and told[1]["n"] == 2


def test_jp_ifeval_is_asked_at_five_temperatures_and_told_by_them(tmp_path: Path) -> None:
    (task,), *_ = at_hand({"jp-ifeval": benchmarks()["jp-ifeval"]}, Shelf())
    ctx = context(tmp_path, lambda model, text, sample: "答えは無い。" if model.temperature < 0.7 else "")
    stage = evaluation(Model(name="m"), [task], limit=3)
    _, rows = built(ctx, stage)
    assert (rows["jp_ifeval", "strict"]["n"], rows["jp_ifeval", "strict"]["items"]) == (15, 3)
    assert rows["jp_ifeval_empty", "empty"]["mean"] == 0.4
    told = ctx.open(stage.entries[0].scores[0]).summary["overall"]["by_temperature"]
    assert [*told] == ["0", "0.2", "0.5", "0.7", "1"] and told["1"]["mean"] == 0 and told["1"]["n"] == 3


def test_a_task_says_how_a_model_is_sampled_and_the_asker_goes_before_it(tmp_path: Path) -> None:
    (task, _) = tasks(tmp_path)
    warm = task._replace(temperatures=(0.7,), max_tokens=99, samples=3)

    def asked(task: Task, **how: Any) -> Answers:
        return evaluation(Model(name="m", temperature=0.3), [task], **how).entries[0].scores[0].answers

    own, said = asked(warm), asked(warm, max_tokens=500)
    assert (own.model.temperature, own.model.max_tokens, own.samples, own.temperatures) == (0.7, 99, 3, ())
    assert (said.model.temperature, said.model.max_tokens) == (0.7, 500)
    several = task._replace(temperatures=(0.0, 1.0))
    assert asked(several).temperatures == (0.0, 1.0) and asked(several, temperature=0.5).temperatures == ()
