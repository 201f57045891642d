"""`komainu eval`: asking a suite, and scoring answers made elsewhere, from the command line."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

import komainu.launch
from komainu.cli import main
from komainu.cli_eval import group
from komainu.models.base import Model, Reply
from komainu.store import Store
from tests.eval.commands import alone
from tests.eval.reference import FIXTURES, MODELS, needs_fixtures, published
from tests.eval.world import Parrot
from tests.test_cli import EVAL, Run, Said

COMMA = "punctuation:no_comma"
MODEL = "http://127.0.0.1:9/v1#parrot"
BOTH = (MODEL, "--bench", "ifeval", "--bench", "m-ifeval")


def items(path: Path, n: int, lang: str) -> None:
    rows = [
        {"key": i, "prompt": f"{lang} {i}", "instruction_id_list": [f"{lang}:{COMMA}"], "kwargs": [{}]}
        for i in range(n)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def say(model: Model, text: str, sample: int) -> str | Reply:
    number = int(text.split()[1]) if text.startswith(("en ", "ja ")) else 1
    return Reply("", "length") if number == 99 else "a, b、c" if number % 4 == 0 else "a b c"


@pytest.fixture
def parrot() -> Parrot:
    return Parrot(say)


@pytest.fixture
def eval_(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], parrot: Parrot
) -> Iterator[Run]:
    """Run `komainu eval` in a folder with ten English items and ten Japanese ones; a parrot answers."""

    alone(parrot, tmp_path, monkeypatch)
    items(tmp_path / "sets" / "en" / "ifeval_input_data.jsonl", 10, "en")
    items(tmp_path / "sets" / "ja_input_data.jsonl", 10, "ja")
    monkeypatch.setenv("KOMAINU_ITEMS", str(tmp_path / "sets"))

    def run(*words: str) -> Said:
        code = main(["eval", *words])
        return Said(code, *capfd.readouterr())

    yield run


def test_the_verbs_of_the_group_are_these() -> None:
    assert [*typer.main.get_command(group).commands] == EVAL  # type: ignore[attr-defined]


def test_a_suite_is_asked_scored_and_shown(eval_: Run, parrot: Parrot) -> None:
    said = eval_("run", MODEL, "--suite", "en", "--json")
    assert said.code == 0 and parrot.asked == 10
    found = said.json
    assert (found["model"], found["name"]) == ("parrot", "eval parrot,suite=en")
    assert found["headline"]["en"]["mean"] == 70 and found["headline"]["ja"] is found["headline"]["avg"] is None
    rows = {row["metric"]: (row["mean"], row["n"], row["missing"]) for row in found["rows"]}
    assert rows["prompt_strict"] == (0.7, 10, 0) and len(rows) == 4
    assert ("ifeval_leakage", "leakage", 10) in [(row["bench"], row["metric"], row["n"]) for row in found["beside"]]
    assert (Path(found["path"]) / "board.json").exists() and found["incomplete"] == [] and len(found["beside"]) == 5
    assert [*found["not_at_hand"]] == ["evalplus", "mixeval", "mixeval-hard", "livebench"]
    assert Store(Path("store")).names() == {"eval parrot,suite=en": found["ref"]}


def test_nothing_is_asked_twice_and_the_table_has_n_missing_and_interval(eval_: Run, parrot: Parrot) -> None:
    first, again = eval_("run", *BOTH), eval_("run", *BOTH)
    assert parrot.asked == 20 and first.out == again.out
    head, *_ = first.out.splitlines()
    assert head.split() == ["ja", "70.0", *head.split()[2:4], "of", "100"]
    assert any(line.split() == ["mean", "95", "%", "interval", "n", "missing"] for line in first.out.splitlines())
    (line,) = (x for x in first.out.splitlines() if x.split()[:3] == ["ifeval", "en", "prompt_strict"])
    assert line.split()[3] == "0.7000" and line.split()[-2:] == ["10", "0"]
    eval_("run", MODEL, "--bench", "ifeval", "--limit", "4")
    assert parrot.asked == 20  # four of the ten, answered before


def test_several_runs_ask_with_other_seeds_and_are_told_as_one(eval_: Run, parrot: Parrot) -> None:
    def luckier(model: Model, text: str, sample: int) -> str | Reply:
        return say(model, text, sample) if model.seed < 2 else "no such luck"

    parrot.say = luckier
    found = eval_("run", *BOTH, "--runs", "3", "--json").json
    assert parrot.asked == 60 and found["name"].endswith(",runs=3")
    row = next(r for r in found["rows"] if (r["bench"], r["metric"]) == ("ifeval", "prompt_strict"))
    means = [run["mean"] for run in row["runs"]["each"]]
    assert means[0] == means[1] == 0.7 < means[2] and row["n"] == 30 and row["items"] == 10
    assert row["mean"] == pytest.approx(sum(means) / 3, abs=1e-6)
    once = eval_("run", *BOTH, "--json").json
    assert parrot.asked == 60 and "runs" not in once["rows"][0]  # the first run is at hand


def test_a_run_that_was_stopped_goes_on_where_it_was(eval_: Run, parrot: Parrot) -> None:
    def stops(model: Model, text: str, sample: int) -> str | Reply:
        if parrot.asked == 14:
            raise KeyboardInterrupt
        return say(model, text, sample)

    parrot.say = stops
    assert eval_("run", *BOTH).code == 130
    parrot.say = say
    plan = eval_("run", *BOTH, "--plan", "--json").json
    assert plan["to_send"] == 7 and [each["answered"] for each in plan["asked"]] == [10, 3]
    assert eval_("run", *BOTH).code == 0 and parrot.asked == 14 + 7


def test_a_plan_sends_nothing_and_builds_nothing(eval_: Run, parrot: Parrot) -> None:
    said = eval_("run", MODEL, "max_tokens=77", *BOTH[1:], "--limit", "3", "--plan", "--json")
    asked = [(a["bench"], a["rows"], a["requests"], a["answered"], a["max_tokens"]) for a in said.json["asked"]]
    assert asked == [("m_ifeval", 3, 3, 0, 77), ("ifeval", 3, 3, 0, 77)]
    assert said.json["to_send"] == 6 and parrot.asked == 0 and not Path("store").exists()
    assert eval_("run", *BOTH, "--plan").out.splitlines()[-1] == "parrot: 20 requests to be sent"


def test_a_plan_tells_the_cost_and_a_budget_without_a_price_is_refused(
    eval_: Run, parrot: Parrot, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("komainu.toml").write_text("budget = 1.5\n")
    words = ("run", MODEL, "--bench", "ifeval")
    assert "parrot has no price" in eval_(*words).err and parrot.asked == 0
    Path("komainu.toml").write_text("budget = 1.5\n[prices.parrot]\ninput = 1\noutput = 2\n")
    planned = eval_(*words, "--plan", "--json").json
    assert planned["asks"][0]["requests"] == [10, 10] and planned["money"][1] > 0 == planned["spent"]
    assert any(line.startswith("cost ") and "budget 1.5" in line for line in eval_(*words, "--plan").out.splitlines())
    charged = []
    monkeypatch.setattr(komainu.launch, "charge", lambda ctx, spent: charged.append(spent))
    assert eval_(*words).code == 0 and charged == [0]


def test_the_sampling_is_the_benchmarks_own_unless_it_is_said(eval_: Run) -> None:
    own = eval_("run", MODEL, "--bench", "ifeval", "--json").json
    other = eval_("run", MODEL, "--bench", "ifeval", "temperature=0.5", "name=warm", "--json").json
    assert [f["rows"][0]["sampling"]["temperature"] for f in (own, other)] == [0, 0.5]
    assert other["name"] == "eval warm,bench=ifeval,temperature=0.5" and other["ref"] != own["ref"]


def test_missing_verdicts_withhold_the_headline_and_end_with_4(eval_: Run, tmp_path: Path) -> None:
    items(tmp_path / "sets" / "en" / "ifeval_input_data.jsonl", 100, "en")
    said = eval_("run", MODEL, "--suite", "en", "--json")
    assert said.code == 4 and said.json["headline"]["en"]["mean"] is None
    assert said.json["incomplete"] == ["en: ifeval (en) lacks 1.0 % of its verdicts, more than 0.5 %"]
    line = eval_("run", MODEL, "--suite", "en").out.splitlines()[0]
    assert line.startswith("en   withheld, 74.0 to 75.0 of 100: ifeval (en) lacks 1.0 %")


def test_missing_verdicts_may_be_accepted_by_an_explicit_share(eval_: Run, tmp_path: Path) -> None:
    items(tmp_path / "sets" / "en" / "ifeval_input_data.jsonl", 100, "en")
    refused = eval_("run", MODEL, "--suite", "en", "--json")
    said = eval_("run", MODEL, "--suite", "en", "--accept-missing", "0.01", "--json")
    assert (refused.code, said.code) == (4, 0) and said.json["headline"]["en"]["mean"] is not None
    assert said.json["name"] == "eval parrot,suite=en,accept-missing=0.01" and said.json["ref"] != refused.json["ref"]
    line = eval_("run", MODEL, "--suite", "en", "--accept-missing", "0.01").out.splitlines()[0]
    assert "(accepted 1.0 % missing of ifeval (en))" in line


def test_a_benchmark_whose_items_are_nowhere_is_told_with_how_to_get_them(eval_: Run, tmp_path: Path) -> None:
    (tmp_path / "sets" / "en" / "ifeval_input_data.jsonl").unlink()
    said = eval_("run", *BOTH, "--json")
    assert said.code == 0 and "google/IFEval" in said.json["not_at_hand"]["ifeval"]
    assert {row["bench"] for row in said.json["rows"]} == {"m_ifeval"}
    lines = eval_("run", *BOTH).out.splitlines()
    assert lines[0].endswith("of 100") and any(x.startswith("not at hand: ifeval: ") for x in lines)
    lines = eval_("run", MODEL, "--bench", "m-ifeval", "--bench", "llm-jp-eval").out.splitlines()
    assert lines[0].endswith("of 100  (without llm-jp-eval)")
    said = eval_("run", MODEL, "--bench", "ifeval")
    assert said.code == 2 and "nothing can be asked:\n  ifeval: " in said.err


def test_what_a_bench_tells_of_its_whole_set_is_shown(eval_: Run) -> None:
    lines = eval_("run", MODEL, "--bench", "jp-ifeval", "--limit", "2").out.splitlines()
    shown = [line.split()[2] for line in lines if line.startswith("jp_ifeval ")]
    assert shown == ["strict", *(f"by_temperature/{t}" for t in ("0", "0.2", "0.5", "0.7", "1"))]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run"], "Missing argument"),
        (["run", MODEL, "--suite", "fr"], "'en', 'ja', 'all'"),
        (["run", MODEL, "--bench", "ifevel"], "has no benchmark 'ifevel'; did you mean 'ifeval'?"),
        (["run", MODEL, "--suite", "ja", "--bench", "ifeval"], "the suite ja has no benchmark 'ifeval'"),
        (["run", MODEL, "tempreature=1"], "did you mean 'temperature'?"),
        (["run", MODEL, "temperature=warm"], "temperature"),
        (["run", MODEL, "--items", "sets/ja_input_data.jsonl"], "say which with --bench"),
        (["run", MODEL, "--items", "nowhere"], "there is no such folder of items"),
        (["run", "nobody"], "no model 'nobody'"),
        (["run", "sets"], "sets is not a model directory"),
        (["score", "ifevel", "answers.jsonl"], "did you mean 'ifeval'?"),
        (["score", "ifeval", "answers.jsonl"], "answers.jsonl: no such file"),
    ],
)
def test_a_usage_error_is_one_message_and_nothing_is_asked(
    eval_: Run, parrot: Parrot, words: list[str], message: str
) -> None:
    said = eval_(*words)
    assert (said.code, said.out, parrot.asked) == (2, "", 0) and message in said.err and "Traceback" not in said.err
    assert not Path("store").exists()
    said = eval_(*words, "--json")
    assert said.code == said.json["code"] == 2 and message in said.json["error"]


def test_answers_made_elsewhere_are_scored_and_nobody_is_asked(eval_: Run, parrot: Parrot, tmp_path: Path) -> None:
    rows = [{"id": "ifeval-3", "response": "a, b"}, {"prompt": "en 5", "response": "a"}]
    (tmp_path / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    said = eval_("score", "ifeval", "answers.jsonl", "--json")
    assert said.json["items"] == [
        {"id": "ifeval-3", "strict": [False], "loose": [False]},
        {"id": "ifeval-5", "strict": [True], "loose": [True]},
    ]
    totals = said.json["totals"]
    assert [*totals] == ["prompt_strict", "instruction_strict", "prompt_loose", "instruction_loose"]
    assert (totals["prompt_loose"]["mean"], totals["prompt_loose"]["n"], totals["prompt_loose"]["missing"]) == (
        0.5,
        2,
        8,
    )
    assert [*said.json["habits"]] == ["en"]
    head, first, *_, end = eval_("score", "ifeval", "answers.jsonl").out.splitlines()
    assert head.split() == ["mean", "95", "%", "interval", "n", "missing"]
    assert first.split()[:3] == ["ifeval", "prompt_strict", "0.5000"] and first.split()[-2:] == ["2", "8"]
    assert end == f"2 answers; items from {tmp_path}/sets/en/ifeval_input_data.jsonl"
    assert parrot.asked == 0 and not Path("store").exists()


def test_the_items_of_a_score_may_be_given(eval_: Run, tmp_path: Path) -> None:
    items(tmp_path / "other.jsonl", 1, "en")
    (tmp_path / "answers.jsonl").write_text('{"id": 0, "response": "a"}\n')
    said = eval_("score", "ifeval", "answers.jsonl", "--items", "other.jsonl", "--json")
    found = said.json
    assert found["totals"]["prompt_strict"]["missing"] == 0 and found["source"] == ["other.jsonl"]
    assert (said.code, found["incomplete"]) == (0, [])


@pytest.mark.parametrize(("null", "code"), [(1, 0), (2, 4)])
def test_a_score_that_a_headline_would_be_withheld_for_ends_as_a_run_does(
    eval_: Run, tmp_path: Path, null: int, code: int
) -> None:
    row = {"instruction_id_list": [COMMA], "kwargs": [{}]}
    rows = [{**row, "prompt": f"q{n}", "response": "a" if n >= null else None} for n in range(200)]
    (tmp_path / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    said = eval_("score", "ifeval", "answers.jsonl", "--json")
    assert (said.code, said.json["totals"]["prompt_strict"]["missing"]) == (code, null)
    assert said.json["incomplete"] == ["ifeval (en) lacks 1.0 % of its verdicts, more than 0.5 %"] * (code == 4)
    shown = eval_("score", "ifeval", "answers.jsonl")
    assert shown.code == code and ("incomplete: ifeval (en) lacks 1.0 %" in shown.out) == (code == 4)


def test_an_item_without_a_row_makes_a_score_incomplete(eval_: Run, tmp_path: Path) -> None:
    (tmp_path / "answers.jsonl").write_text('{"id": "ifeval-3", "response": "a"}\n')
    said = eval_("score", "ifeval", "answers.jsonl", "--json")
    assert said.code == 4 and said.json["incomplete"] == ["ifeval (en) lacks 90.0 % of its verdicts, more than 0.5 %"]


def test_the_table_counts_verdicts_where_there_are_several_an_item(eval_: Run, tmp_path: Path) -> None:
    row = {"prompt": "a", "instruction_id_list": [COMMA, COMMA], "kwargs": [{}, {}], "response": "b"}
    (tmp_path / "answers.jsonl").write_text(json.dumps(row))
    _, prompts, instructions, *_ = eval_("score", "ifeval", "answers.jsonl").out.splitlines()
    assert (prompts.split()[-2:], instructions.split()[-2:]) == (["1", "0"], ["2", "0"])


def test_code_is_run_and_what_is_told_of_the_whole_set_is_shown(eval_: Run, tmp_path: Path) -> None:
    problem = {"entry_point": "f", "contract": "", "atol": 0}
    for name, task, start in (("HumanEvalPlus", "HumanEval/0", "def f(x):\n"), ("MbppPlus", "Mbpp/3", "")):
        body = "    return x + 1\n" if start else "def f(x):\n    return x + 1\n"
        row = {**problem, "task_id": task, "prompt": start or '"""Add one."""\n', "canonical_solution": body}
        row |= {"base_input": [[1]], "plus_input": [[2], [-5]]}
        (tmp_path / "sets" / f"{name}.jsonl").write_text(json.dumps(row) + "\n")
    answers = [("HumanEval/0", "def f(x):\n    return x + 1"), ("Mbpp/3", "def f(x):\n    return abs(x) + 1")]
    rows = [{"task_id": task, "solution": text} for task, text in answers]
    (tmp_path / "answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    said = eval_("score", "evalplus", "answers.jsonl", "--json")
    assert said.code == 0, said.err
    found = said.json
    assert [(item["base"], item["plus"], item["pass"]) for item in found["items"]] == [
        (True,) * 3,
        (True, False, False),
    ]
    assert found["overall"]["mean"] == {"base@1": 1.0, "plus@1": 0.5}
    lines = [line.split() for line in eval_("score", "evalplus", "answers.jsonl").out.splitlines()]
    assert ["evalplus", "mean/plus@1", "0.5000", "-", "-", "-"] in lines


@needs_fixtures
@pytest.mark.parametrize(("lang", "bench", "least"), [("en", "ifeval", 99.5), ("ja", "m-ifeval", 99.0)])
@pytest.mark.parametrize("model", MODELS)
def test_the_published_answers_get_the_published_verdicts(
    eval_: Run, monkeypatch: pytest.MonkeyPatch, lang: str, bench: str, least: float, model: str
) -> None:
    monkeypatch.setenv("KOMAINU_ITEMS", FIXTURES)
    theirs = {reading: published(lang, model, reading) for reading in ("strict", "loose")}
    rows = [{key: row[key] for key in ("prompt", "response")} for row in theirs["strict"].values()]
    Path("answers.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    started = time.process_time()
    found = eval_("score", bench, "answers.jsonl", "--json").json
    assert time.process_time() - started < 10
    for reading, told in theirs.items():
        verdicts = [v for row in told.values() for v in row["follow_instruction_list"]]
        ours = [v for each in found["items"] for v in each[reading]]
        same = sum(a == b for a, b in zip(verdicts, ours, strict=True))
        assert 100 * same / len(verdicts) >= least
        assert found["totals"][f"instruction_{reading}"]["mean"] == pytest.approx(sum(ours) / len(ours), abs=1e-6)
    assert {each["missing"] for each in found["totals"].values()} == {0}


def test_what_was_answered_is_asked_again_when_that_is_wanted_and_both_results_stay(eval_: Run, parrot: Parrot) -> None:
    words = ("run", MODEL, "--suite", "en", "--json")
    first = eval_(*words).json
    again = eval_(*words, "--fresh", "Answers").json
    assert parrot.asked == 20 and again["name"] == "eval parrot,suite=en,fresh=Answers#1"
    assert Store(Path("store")).names() == {each["name"]: each["ref"] for each in (first, again)}
    assert eval_(*words).json["ref"] == first["ref"] and parrot.asked == 20
    planned = eval_(*words, "--fresh", "Answers", "--plan").json
    assert planned["to_send"] == 10 and parrot.asked == 20
    refused = eval_(*words, "--fresh", "Answer")
    assert refused.code == 2 and "did you mean 'Answers'?" in refused.json["error"]
