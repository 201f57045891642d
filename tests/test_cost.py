"""What a run may cost is told before, what it has cost after, and a budget stops it: whole commands and a server."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench import chaos
from komainu.cli import main
from komainu.cost import Costs
from komainu.data.ask import Ask
from komainu.data.base import Dataset
from komainu.data.best_of import BestOf
from komainu.models.base import Question, Reply
from komainu.models.calls import CallLog, Entry
from komainu.plan import plan
from komainu.rows import Message
from komainu.settings import Endpoint, Price, Settings
from komainu.store import Store, reference
from tests.core_fakes import Source
from tests.data.fakes import TEACHER
from tests.models.fake_server import Server, completion

N = 60
TARGET = ("bench.chaos:scores", f"n={N}")
PRICES = '[prices.stub]\ninput = 1000.0\noutput = 10000.0\ncurrency = "EUR"\n'
CALL = (3 * 1000 + 5 * 10000) / 1e6  # the server tells 3 tokens of prompt and 5 of answer
Said = Callable[..., tuple[int, str, str]]


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server()
    found.handler = lambda request, body: completion(chaos.said(body["messages"][-1]["content"]))
    yield found
    found.close()


@pytest.fixture
def komainu_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Said:
    monkeypatch.setenv("KOMAINU_SETTINGS", str(tmp_path / "komainu.toml"))
    monkeypatch.setenv("KOMAINU_STORE", str(tmp_path / "store"))

    def run(*words: str) -> tuple[int, str, str]:
        return (main(words), *capfd.readouterr())

    return run


def settings(tmp_path: Path, server: Server, more: str = PRICES, head: str = "", concurrency: int = 8) -> None:
    endpoint = f'{head}\n[endpoints.stub]\nurl = "{server.url}"\nconcurrency = {concurrency}\n'
    (tmp_path / "komainu.toml").write_text(endpoint + more, encoding="utf-8")


def test_a_plan_tells_questions_tokens_and_money_before_anything_is_sent(
    komainu_: Said, server: Server, tmp_path: Path
) -> None:
    settings(tmp_path, server)
    code, out, _ = komainu_("plan", *TARGET, "--json")
    found = json.loads(out)
    (asked,) = found["asks"]
    assert code == 0 and asked["model"] == "stub" and asked["requests"] == [N, N]
    assert (found["currency"], found["spent"], found["budget"]) == ("EUR", 0, None)
    low, high = found["money"]
    assert low <= N * CALL <= high and server.bodies == []
    assert "60 questions" in komainu_("plan", *TARGET)[1]
    assert komainu_("run", *TARGET)[0] == 0
    after = json.loads(komainu_("plan", *TARGET, "--json")[1])
    assert after["asks"] == [] and after["spent"] == pytest.approx(N * CALL)


def test_a_model_that_nobody_serves_is_told_by_the_plan_and_refused_before_anything_is_built(
    komainu_: Said, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "komainu.toml").write_text("", encoding="utf-8")
    code, out, _ = komainu_("plan", *TARGET, "--json")
    (told,) = json.loads(out)["unserved"]
    assert code == 0 and "Answers" in told and "no endpoint serves the model 'stub'" in told
    assert "warning: Answers" in komainu_("plan", *TARGET)[1]
    code, _, error = komainu_("run", *TARGET)
    assert code == 2 and "nothing was started" in error and not [*Store(tmp_path / "store").refs()]
    settings(tmp_path, server)
    assert komainu_("run", *TARGET)[0] == 0
    (tmp_path / "komainu.toml").write_text("", encoding="utf-8")
    shutil.rmtree(tmp_path / "store" / "answers")
    assert komainu_("run", *TARGET)[0] == 0  # the scores are there, and their answers are not needed
    shutil.rmtree(tmp_path / "store" / "scores")
    assert komainu_("run", *TARGET)[0] == 0 and len(server.bodies) == N  # the call log has all answers


def test_after_some_calls_a_plan_goes_by_what_they_took(komainu_: Said, server: Server, tmp_path: Path) -> None:
    settings(tmp_path, server)
    komainu_("run", "bench.chaos:scores", "n=4")
    (asked,) = json.loads(komainu_("plan", *TARGET, "--json")[1])["asks"]
    assert asked["completion_tokens"] == [N * 2.5, N * 10]


def test_status_and_records_tell_what_was_spent(komainu_: Said, server: Server, tmp_path: Path) -> None:
    settings(tmp_path, server)
    assert json.loads(komainu_("status", "--json")[1])["spent"] == []
    assert not (tmp_path / "store" / "calls.sqlite").exists()
    komainu_("run", *TARGET)
    (row,) = json.loads(komainu_("status", "--json")[1])["spent"]
    assert row["stage"].startswith("answers/") and row["calls"] == N and row["money"] == pytest.approx(N * CALL)
    assert f"stub                    60 calls, 0 failed, 180 + 300 tokens, {N * CALL:.4g} EUR" in komainu_("status")[1]
    record = json.loads((tmp_path / "store" / row["stage"] / "record.json").read_text())
    spent = {"calls": N, "prompt_tokens": 180, "completion_tokens": 300, "money": pytest.approx(N * CALL)}
    assert record["spent"] == {"stub": spent} and komainu_("verify")[0] == 0


@pytest.mark.parametrize("how", ["flag", "file"])
def test_a_budget_stops_at_most_one_batch_over_and_a_higher_one_goes_on(
    komainu_: Said, server: Server, tmp_path: Path, how: str
) -> None:
    cap = 20.5 * CALL
    settings(tmp_path, server, head=f"budget = {cap}" if how == "file" else "")
    words = [*TARGET, "--budget", str(cap)] if how == "flag" else [*TARGET]
    code, _, err = komainu_("run", *words)
    assert code == 5 and "the budget of" in err and "run again with a higher" in err
    stopped = len(server.bodies)
    assert 21 <= stopped <= 21 + 8
    (left,) = json.loads(komainu_("plan", *TARGET, "--json")[1])["asks"]
    assert left["requests"] == [N - stopped, N - stopped]
    assert komainu_("run", *words)[0] == 5 and len(server.bodies) == stopped  # what was spent before counts
    assert komainu_("run", *TARGET, "--budget", "1000")[0] == 0 and len(server.bodies) == N
    assert "EUR" in err


def test_a_budget_needs_a_price_and_must_be_a_sum(komainu_: Said, server: Server, tmp_path: Path) -> None:
    settings(tmp_path, server, more="")
    code, _, err = komainu_("run", *TARGET, "--budget", "1")
    assert code == 2 and "stub has no price: add [prices.'stub']" in err and server.bodies == []
    assert komainu_("run", *TARGET, "--budget", "-1")[0] == 2
    settings(tmp_path, server, more=PRICES + '[prices.other]\ninput = 1.0\noutput = 1.0\ncurrency = "JPY"\n')
    code, _, err = komainu_("plan", *TARGET)
    assert code == 2 and "several currencies" in err


def test_a_stage_asked_afresh_has_another_id_and_nothing_old_is_lost(
    komainu_: Said, server: Server, tmp_path: Path
) -> None:
    settings(tmp_path, server)
    said: dict[str, Any] = {"times": 0}

    def handler(request: Any, body: dict[str, Any]) -> Any:
        said["times"] += 1
        return completion(chaos.said(body["messages"][-1]["content"]) if said["times"] > N else "8")

    server.handler = handler
    first = json.loads(komainu_("run", *TARGET, "--json")[1])
    planned = json.loads(komainu_("plan", *TARGET, "--fresh", "Answers", "--json")[1])
    assert planned["name"] == f"scores,n={N},fresh=Answers#1" and planned["asks"][0]["requests"] == [N, N]
    second = json.loads(komainu_("run", *TARGET, "--fresh", "answers", "--json")[1])
    assert len(server.bodies) == 2 * N and second["ref"] != first["ref"]
    # the same requests to the server; it sees those of a batch in any order
    sent = [sorted(map(json.dumps, bodies)) for bodies in (server.bodies[:N], server.bodies[N:])]
    assert sent[0] == sent[1]
    assert second["summary"] != first["summary"]
    again = json.loads(komainu_("run", *TARGET, "--json")[1])
    assert again["ref"] == first["ref"] and again["summary"] == first["summary"] and len(server.bodies) == 2 * N
    ref = planned["asks"][0]["stage"]
    third = json.loads(komainu_("run", *TARGET, "--fresh", ref.replace("answers", "Answers"), "--json")[1])
    assert third["code"] == 2  # that id is not a stage of the recipe as it is written
    diff = komainu_("diff", first["name"], second["name"])[1]
    assert "model.generation: 0 -> 1" in diff


def test_asking_afresh_goes_on_where_it_was_stopped(komainu_: Said, server: Server, tmp_path: Path) -> None:
    settings(tmp_path, server)
    komainu_("run", *TARGET)
    asked = len(server.bodies)
    words = ["run", *TARGET, "--fresh", "Answers"]
    assert komainu_(*words, "--budget", str(30.5 * CALL))[0] == 5
    part = len(server.bodies) - asked
    assert 31 <= part < N
    assert komainu_(*words)[0] == 0 and len(server.bodies) - asked == N
    assert komainu_(*words)[0] == 0 and len(server.bodies) - asked == 2 * N  # finished: asked again


@pytest.mark.parametrize(("stage", "said"), [("Answer", "did you mean 'Answers'?"), ("Sums", "Sums asks no model")])
def test_a_stage_that_cannot_be_asked_afresh_is_refused(
    komainu_: Said, server: Server, tmp_path: Path, stage: str, said: str
) -> None:
    settings(tmp_path, server)
    code, _, err = komainu_("run", *TARGET, "--fresh", stage)
    assert code == 2 and said in err


def test_what_a_stage_asks_in_several_steps_is_one_estimate_less_what_was_asked_before(tmp_path: Path) -> None:
    steps = (Ask(model=TEACHER, samples=2), BestOf(model=TEACHER, checks=(), n=3))
    stage = Dataset(sources=(Source(n=10),), steps=steps)
    here = Settings(store=str(tmp_path), prices={"teacher": Price(input=1e6, output=0.0)})
    (found,) = Costs(plan(stage, Store(tmp_path)), Store(tmp_path), here).estimates
    assert found.requests == (10 * 2 + 20 * 2, 60) and found.money == (60 * 20, 60 * 2000)
    log = CallLog(tmp_path / "calls.sqlite")
    question = Question((Message("user", "x"),))
    log.add(TEACHER, [Entry("k", question, Reply("y", "stop", 100, 8), 1.0)], reference(stage))
    (found,) = Costs(plan(stage, Store(tmp_path)), Store(tmp_path), here).estimates
    assert found.requests == (59, 59) and found.prompt_tokens == (59 * 50, 59 * 200)
    assert found.completion_tokens == (59 * 4, 59 * 16)


def test_a_model_that_is_started_here_costs_nothing_and_one_at_a_url_has_no_price_unless_it_is_set(
    tmp_path: Path,
) -> None:
    stage = Dataset(sources=(Source(n=10),), steps=(Ask(model=TEACHER),))

    def costs(endpoint: Endpoint) -> Costs:
        here = Settings(store=str(tmp_path), endpoints={"teacher": endpoint})
        return Costs(plan(stage, Store(tmp_path)), Store(tmp_path), here)

    assert costs(Endpoint(start=("x", "{port}"))).money == (0.0, 0.0)
    assert costs(Endpoint(url="http://x")).money is None
