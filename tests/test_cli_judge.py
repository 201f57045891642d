"""`komainu eval run --judge`: judged benchmarks from the command line, and over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import komainu.launch
from komainu.cli import main
from komainu.context import Context
from komainu.eval import shelf
from komainu.launch import CALLS
from komainu.models.base import Model, Reply
from komainu.models.cache import Cached
from komainu.models.relay import relaying
from komainu.rows import Message
from komainu.settings import Settings
from komainu.store import Store
from tests.eval.test_turns import folder
from tests.eval.world import Parrot
from tests.test_cli import Run, Said

MARK = "3f9a2c71d04e6b58"
URL = "http://127.0.0.1:9/v1"
MODEL = f"{URL}#parrot"
RAKUDA = (MODEL, "--bench", "rakuda")
JUDGES = ("--judge", f"{URL}#strict", "--judge", f"{URL}#kind temperature=0.5")


def marked(text: str, number: str) -> str:
    mark = text.split("<answer-")[1][: len(MARK)]
    return f"理由。\n<verdict-{mark}>{number}</verdict-{mark}>"


def say(model: Model, text: str, sample: int) -> str | Reply:
    """The strict judge gives 6, the kind one 8, the mute one nothing; the candidate answers in Japanese."""
    if "<verdict-" not in text:
        return "四国には四つの県があります。"
    return {"strict": lambda: marked(text, "6"), "kind": lambda: marked(text, "8")}.get(model.name, lambda: "さあ。")()


@pytest.fixture
def parrot() -> Parrot:
    return Parrot(say)


def rakuda(at: Path) -> None:
    rows = [{"category": "地理", "text": f"四国の県は。{i}"} for i in range(40)]
    at.mkdir(parents=True, exist_ok=True)
    (at / "rakuda.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


@pytest.fixture
def eval_(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], parrot: Parrot
) -> Iterator[Run]:
    """Run `komainu eval` in a folder with Rakuda; a parrot answers and judges."""

    def opened(settings: Settings) -> Context:
        return Context(Store(settings.root), Cached(parrot, settings.root / CALLS), settings)

    monkeypatch.setattr(komainu.launch, "open_context", opened)
    yield from running(tmp_path, monkeypatch, capfd)


def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Run]:
    monkeypatch.setattr(shelf, "reachable", lambda url: False)
    for name in ("KOMAINU_SETTINGS", "KOMAINU_STORE", "KOMAINU_FIXTURES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    rakuda(tmp_path / "sets")
    monkeypatch.setenv("KOMAINU_ITEMS", str(tmp_path / "sets"))

    def run(*words: str) -> Said:
        code = main(["eval", *words])
        return Said(code, *capfd.readouterr())

    yield run


def test_a_panel_marks_the_answers_and_each_judge_is_told(eval_: Run, parrot: Parrot) -> None:
    said = eval_("run", *RAKUDA, *JUDGES, "--json")
    assert said.code == 0, said.err
    found = said.json
    assert parrot.asked == 40 + 80 and found["name"] == "eval parrot,bench=rakuda,judges=kind+strict"
    assert found["headline"]["ja"]["mean"] == 70
    (row,) = found["rows"]
    assert (row["bench"], row["mean"], row["n"], row["missing"], row["sampling"]["temperature"]) == (
        "rakuda",
        7.0,
        80,
        0,
        0.2,
    )
    (told,) = found["judges"]
    assert told["asked_again"] == {"strict": 0, "kind": 0} and told["by_rule"] == {} and told["prompt"]
    assert told["judges"]["score"] == {
        "balanced": 7.0,
        "by": {"strict": {"mean": 6.0, "n": 40, "missing": 0}, "kind": {"mean": 8.0, "n": 40, "missing": 0}},
    }
    out = eval_("run", *RAKUDA, *JUDGES).out
    lines = [line.split() for line in out.splitlines()]
    assert ["rakuda", "ja", "score", "by", "strict", "6.0000", "-", "40", "0"] in lines
    assert ["rakuda", "ja", "score", "balanced", "7.0000", "-", "-", "-"] in lines
    assert "\nrakuda (ja): asked again for a verdict: kind 0, strict 0; by rule: none\n" in out
    assert parrot.asked == 40 + 80


def test_another_judge_asks_only_that_judge(eval_: Run, parrot: Parrot) -> None:
    eval_("run", *RAKUDA, *JUDGES[:2])
    assert parrot.asked == 40 + 40
    eval_("run", *RAKUDA, *JUDGES)
    assert parrot.asked == 40 + 40 + 40


def test_a_judge_is_sampled_as_it_is_said_and_else_as_in_the_published_runs(eval_: Run, parrot: Parrot) -> None:
    asked: dict[str, tuple[float, int]] = {}

    def listens(model: Model, text: str, sample: int) -> str | Reply:
        asked[model.name] = (model.temperature, model.max_tokens)
        return say(model, text, sample)

    parrot.say = listens
    eval_("run", *RAKUDA, "--judge", f"{URL}#strict", "--judge", f"{URL}#kind max_tokens=4096 temperature=0.5")
    assert asked == {"parrot": (0.2, 6000), "strict": (0.0, 1024), "kind": (0.5, 4096)}


def test_without_a_judge_it_is_told_what_is_not_asked(eval_: Run, parrot: Parrot, tmp_path: Path) -> None:
    said = eval_("run", *RAKUDA)
    assert said.code == 2 and "rakuda: its answers are marked by other models; name them with --judge" in said.err
    row = {"key": 1, "prompt": "p", "instruction_id_list": ["ja:punctuation:no_comma"], "kwargs": [{}]}
    (tmp_path / "sets" / "ja_input_data.jsonl").write_text(json.dumps(row))
    words = (*RAKUDA, "--bench", "m-ifeval", "--bench", "tengu-bench")
    found = eval_("run", *words, "--json").json
    assert [*found["not_judged"]] == ["rakuda"] and [*found["not_at_hand"]] == ["tengu-bench"]
    assert {row["bench"] for row in found["rows"]} == {"m_ifeval"}
    lines = eval_("run", *words).out.splitlines()
    assert lines[0].endswith("(without tengu-bench, rakuda)")
    assert any(line.startswith("not asked: rakuda: ") for line in lines)


def test_the_judges_of_the_settings_stand_in(eval_: Run, parrot: Parrot) -> None:
    Path("komainu.toml").write_text(
        f'judges = ["strict", "{URL}#kind temperature=0.5"]\nendpoints.strict.url = "{URL}"\n'
    )
    found = eval_("run", *RAKUDA, "--json").json
    assert found["name"].endswith("judges=kind+strict")
    assert eval_("run", *RAKUDA, "--judge", "strict", "--json").json["name"].endswith("judges=strict")


def test_missing_verdicts_withhold_the_headline(eval_: Run) -> None:
    said = eval_("run", *RAKUDA, *JUDGES, "--judge", f"{URL}#mute", "--json")
    assert said.code == 4 and said.json["headline"]["ja"]["mean"] is None
    assert said.json["incomplete"] == ["ja: rakuda (ja) lacks 33.3 % of its verdicts, more than 0.5 %"]
    assert said.json["judges"][0]["judges"]["score"]["by"]["mute"] == {"mean": None, "n": 0, "missing": 40}


def test_a_plan_counts_the_judges_and_their_money(eval_: Run, parrot: Parrot) -> None:
    Path("komainu.toml").write_text(
        "".join(f"[prices.{n}]\ninput = 1\noutput = 2\n" for n in ("parrot", "strict", "kind"))
    )
    planned = eval_("run", *RAKUDA, *JUDGES, "--plan", "--json").json
    assert planned["to_send"] == 40 and planned["to_judges"] == [80, 160] and parrot.asked == 0
    asks = {each["model"]: each["requests"] for each in planned["asks"]}
    assert asks == {"parrot": [40, 40], "strict": [40, 80], "kind": [40, 80]} and planned["money"][1] > 0
    end = eval_("run", *RAKUDA, *JUDGES, "--plan").out.splitlines()[-1]
    assert end == "parrot: 40 requests to be sent; its judges: 80 to 160"
    eval_("run", *RAKUDA, *JUDGES)
    planned = eval_("run", *RAKUDA, *JUDGES, "--plan", "--json").json
    assert planned["to_send"] == 0 and planned["to_judges"] == [0, 0]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--judge", ""], "no model is named"),
        (["--judge", "nobody"], "no model 'nobody'"),
        (["--judge", f"{URL}#a temprature=1"], "did you mean 'temperature'?"),
        (["--judge", f"{URL}#a 'b"], "No closing quotation"),
        (["--judge", f"{URL}#a", "--judge", f"{URL}#a"], "2 judges called 'a'"),
        (["--judge", "http://127.0.0.1:8/v1#parrot"], "two models are called 'parrot'; give the judge a name"),
    ],
)
def test_a_judge_that_is_none_is_refused_before_anything_is_asked(
    eval_: Run, parrot: Parrot, words: list[str], message: str
) -> None:
    said = eval_("run", *RAKUDA, *words)
    assert (said.code, parrot.asked) == (2, 0) and message in said.err, said.err


def test_marked_answers_are_not_scored_by_rule(eval_: Run) -> None:
    Path("answers.jsonl").write_text('{"id": "rakuda-1", "response": "a"}\n')
    said = eval_("score", "rakuda", "answers.jsonl")
    assert said.code == 2 and "the answers to rakuda need judges" in said.err


def test_other_settings_of_a_benchmark_are_asked_by_name(eval_: Run, tmp_path: Path) -> None:
    row = {"Category": "数学", "Answer": None, "Criteria": "- 正しい:10点"}
    rows = [row | {"Question": f"問い{i}"} for i in range(120)]
    (tmp_path / "sets" / "tengu_bench.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = eval_("run", MODEL, "--bench", "tengu-bench-115", *JUDGES, "--json").json
    assert found["rows"][0]["items"] == 115 and found["rows"][0]["bench"] == "tengu_bench"


def test_a_benchmark_with_two_turns_is_planned_and_run(eval_: Run, parrot: Parrot, tmp_path: Path) -> None:
    folder(tmp_path / "sets")
    words = ("run", MODEL, "--bench", "ja-mt-bench-2turn", *JUDGES)
    planned = eval_(*words, "--plan", "--json").json
    (asked,) = planned["asked"]
    assert (asked["rows"], asked["requests"], asked["answered"]) == (80, 160, 0)
    assert asked["temperature"]["writing"] == 0.7 and planned["to_judges"] == [320, 640]
    found = eval_(*words, "--json").json
    assert parrot.asked == 160 + 320 and found["rows"][0]["mean"] == 7
    assert [*found["overall"][0]["overall"]] == ["turn_1", "turn_2"]
    assert len([each for each in found["tasks"] if each["bench"] == "ja_mt_bench_2turn"]) == 8
    planned = eval_(*words, "--plan", "--json").json
    assert (planned["to_send"], planned["to_judges"]) == (0, [0, 0])


def test_over_http_candidate_and_judges_are_servers_and_a_mute_verdict_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[Message, ...]] = []

    def judge(messages: tuple[Message, ...]) -> Reply:
        asked.append(messages)
        text = messages[0].content
        return Reply("良い。" if "県は。3\n" in text and len(messages) == 1 else marked(text, "9"))

    (eval_,) = running(tmp_path, monkeypatch, capfd)
    with relaying(lambda messages: Reply("四つあります。"), 8) as candidate, relaying(judge, 8) as other:
        words = (f"{candidate.url}#model", "--bench", "rakuda", "--judge", f"{other.url}#judge")
        said = eval_("run", *words, "--json")
    assert said.code == 0, said.err
    assert said.json["headline"]["ja"]["mean"] == 90 and said.json["rows"][0]["missing"] == 0
    assert len(asked) == 41 and [len(messages) for messages in asked].count(3) == 1
    (again,) = (messages for messages in asked if len(messages) == 3)
    assert again[1] == Message("assistant", "良い。") and "点数だけを" in again[2].content


def made(n: int = 40) -> Path:
    """A file of answers to the first n questions."""
    rows = [{"id": i, "response": f"四国には四つの県があります。{i}"} for i in range(1, n + 1)]
    Path("mine.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return Path("mine.jsonl")


def test_answers_made_elsewhere_are_marked_and_only_judges_are_asked(eval_: Run, parrot: Parrot) -> None:
    file = str(made())
    planned = eval_("judge", "rakuda", file, *JUDGES, "--plan", "--json").json
    assert (planned["to_send"], planned["to_judges"], parrot.asked) == (0, [80, 160], 0)
    found = eval_("judge", "rakuda", file, *JUDGES, "--json").json
    assert parrot.asked == 80 and (found["model"], found["rows"][0]["mean"]) == ("mine", 7.0)
    assert found["name"] == "eval mine,bench=rakuda,judges=kind+strict" and found["rows"][0]["sampling"] == {}
    other = eval_("judge", "rakuda", file, *JUDGES, "--name", "theirs", "--json").json
    assert other["model"] == "theirs" and parrot.asked == 80  # the same questions to the judges


def test_an_answer_that_is_not_in_the_file_is_missing(eval_: Run) -> None:
    said = eval_("judge", "rakuda", str(made(39)), *JUDGES, "--json")
    assert said.code == 4 and said.json["rows"][0]["missing"] == 2 and said.json["rows"][0]["n"] == 78


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rakuda", "mine.jsonl"], "no judge is named: say --judge"),
        (["ifeval", "mine.jsonl", *JUDGES], "nothing can be asked:\n  ifeval"),
        (["jp-ifeval", "mine.jsonl", *JUDGES], "jp-ifeval is scored by rule: komainu eval score jp-ifeval mine.jsonl"),
        (["rakuda", "nowhere.jsonl", *JUDGES], "nowhere.jsonl does not exist"),
        (["rakuda", "wrong.jsonl", *JUDGES], "wrong.jsonl:1: no item has id '99'"),
        (["ja-mt-bench-2turn", "mine.jsonl", *JUDGES], "the answers of ja-mt-bench-2turn are conversations"),
    ],
)
def test_what_cannot_be_marked_is_refused_before_a_judge_is_asked(
    eval_: Run, parrot: Parrot, tmp_path: Path, words: list[str], message: str
) -> None:
    made()
    Path("wrong.jsonl").write_text('{"id": 99, "response": "a"}\n')
    for name in ("question_full.jsonl", "reference_gpt4o_human_annotated.jsonl"):
        (tmp_path / "sets" / name).write_text("{}\n")
    said = eval_("judge", *words)
    assert (said.code, parrot.asked) == (2, 0) and message in said.err, said.err
