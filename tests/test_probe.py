"""A probe asks about some rows for real, tells what that says of all, and nothing is paid twice."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bench import chaos
from komainu.data.ask import Ask
from komainu.data.base import Dataset
from komainu.data.filter import Filter
from komainu.data.regenerate import Regenerate
from komainu.models.base import Model, Question
from komainu.models.cache import Cached
from komainu.models.tally import Tallied, Total
from komainu.probe.datasets import chosen
from komainu.probe.estimates import scaled, whole
from komainu.rows import Chat, Message
from tests.data.fakes import Fake, No
from tests.models.fake_server import Server
from tests.test_cost import CALL, Said, komainu_, server, settings

__all__ = ["komainu_", "server"]
N = 200
STUB = Model(name="stub")
TARGET = ("tests.test_probe:kept", f"n={N}")
SHARE = ("--probe", "0.2")


def kept(n: int = N) -> Dataset:
    """Sums, those with a nine in the answer asked for twice more and dropped; answers with a four dropped."""
    steps = (Ask(model=STUB), Regenerate(model=STUB, checks=(No(text="9"),), tries=2), Filter(checks=(No(text="4"),)))
    return Dataset(sources=(chaos.Sums(n=n),), steps=steps)


def twice(n: int = N) -> Dataset:
    return Dataset(sources=(kept(n),), steps=(Ask(model=Model(name="stub", seed=1)),))


def trained(n: int = N) -> Dataset:
    here = Model(name="here", weights=kept(n))
    return Dataset(sources=(Dataset(sources=(chaos.Sums(n=n),), steps=(Ask(model=here),)),), steps=(Ask(model=STUB),))


@pytest.fixture
def probed(komainu_: Said, server: Server, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    settings(tmp_path, server)

    def run(*words: str) -> dict[str, Any]:
        code, out, err = komainu_("plan", *words, "--json")
        assert code == 0, err
        found: dict[str, Any] = json.loads(out)
        return found

    return run


def test_a_probe_tells_what_the_run_then_does_and_the_run_asks_only_the_rest(
    komainu_: Said, server: Server, probed: Callable[..., dict[str, Any]]
) -> None:
    (found,) = probed(*TARGET, *SHARE)["probe"]
    paid = len(server.bodies)
    (ask,) = found["asks"]
    assert found["in"] == N * 0.2 and found["of"] == N and ask["asked"] == paid < 3 * found["in"]
    assert json.loads(komainu_("run", *TARGET, "--json")[1])["summary"]["in"] == N
    bodies = [json.dumps(body, sort_keys=True) for body in server.bodies]
    assert len(bodies) == len({*bodies}) > paid, "no question was sent twice"
    mean, low, high = ask["requests"]
    assert low <= len(bodies) <= high and mean == pytest.approx(paid / 0.2)
    assert ask["money"] == pytest.approx([CALL * each for each in ask["requests"]]), "every call costs the same here"
    assert ask["prompt_tokens"][0] == pytest.approx(3 * mean) and ask["completion_tokens"][0] == pytest.approx(5 * mean)


def test_what_stays_of_the_whole_lies_in_the_intervals_of_the_probe(
    komainu_: Said, probed: Callable[..., dict[str, Any]]
) -> None:
    (found,) = probed(*TARGET, *SHARE)["probe"]
    summary = json.loads(komainu_("run", *TARGET, "--json")[1])["summary"]
    assert found["rows"][1] < summary["rows"] < found["rows"][2] < N
    for told, done in zip(found["steps"], summary["steps"], strict=True):
        assert told["step"] == done["step"] and told["share"][1] <= done["out"] / done["in"] <= told["share"][2]
    assert [step["share"][1] < 1 for step in found["steps"]] == [True, True, True], "forty of forty is no certainty"


def test_a_second_probe_asks_nothing_and_a_greater_one_only_what_is_new(
    server: Server, probed: Callable[..., dict[str, Any]]
) -> None:
    first, paid = probed(*TARGET, *SHARE), len(server.bodies)
    second = probed(*TARGET, *SHARE)
    assert first["probe"] == second["probe"] and len(server.bodies) == paid
    assert (first["spent"], second["spent"]) == (0, pytest.approx(paid * CALL)), "it is booked to the dataset"
    (greater,) = probed(*TARGET, "--probe", "0.4")["probe"]
    assert len(server.bodies) == greater["asks"][0]["asked"]


def test_a_budget_stops_a_probe_as_it_stops_a_run(komainu_: Said, server: Server, tmp_path: Path) -> None:
    settings(tmp_path, server, concurrency=4)
    code, _, err = komainu_("plan", *TARGET, *SHARE, "--budget", str(10 * CALL))
    assert code == 5 and "run again with a higher `budget`" in err and 10 <= len(server.bodies) <= 14
    assert komainu_("plan", *TARGET, *SHARE, "--budget", str(1000 * CALL))[0] == 0
    bodies = [json.dumps(body, sort_keys=True) for body in server.bodies]
    assert len(bodies) == len({*bodies})
    assert komainu_("plan", *TARGET, "--probe", "0.4", "--budget", str(10 * CALL))[0] == 5
    assert len(server.bodies) == len(bodies), "what the first probe has spent counts"
    assert komainu_("run", *TARGET, "--budget", str(10 * CALL))[0] == 5, "what the probe has spent counts"
    settings(tmp_path, server, more="")
    assert "has no price" in komainu_("plan", *TARGET, *SHARE, "--budget", "1")[2]


def test_a_dataset_of_a_dataset_is_probed_on_the_rows_that_were_left(
    server: Server, probed: Callable[..., dict[str, Any]]
) -> None:
    first, second = probed("tests.test_probe:twice", f"n={N}", *SHARE)["probe"]
    assert second["in"] == first["steps"][-1]["out"] == second["asks"][0]["asked"]
    assert second["of"] == round(first["rows"][0])


def test_what_cannot_be_probed_is_told_with_its_reason(komainu_: Said, server: Server, tmp_path: Path) -> None:
    settings(tmp_path, server)
    out = komainu_("plan", "tests.test_probe:trained", "n=20", "--probe", "0.5")[1]
    assert "here answers in this process" in out and "is not built, and asks a model or trains one" in out
    assert "--probe is 2" in komainu_("plan", *TARGET, "--probe", "2")[2]


def test_a_plan_with_a_probe_reads_as_lines(komainu_: Said, server: Server, tmp_path: Path) -> None:
    settings(tmp_path, server)
    out = komainu_("plan", *TARGET, *SHARE)[1].splitlines()
    at = next(i for i, line in enumerate(out) if line.startswith("probe "))
    assert out[at].endswith("40 of 200 rows")
    assert "stay, " in out[at + 1] and out[at + 1].lstrip().startswith("Regenerate"), "Ask lets all through"
    assert "questions, " in out[-1] and " EUR" in out[-1] and "hours or more" in out[-1]


def test_a_call_is_tallied_once_however_often_it_is_asked_for(tmp_path: Path) -> None:
    client = Tallied(Cached(Fake("four words of answer"), tmp_path / "calls.sqlite"))
    questions = [Question((Message("user", text),)) for text in ("a", "b", "a")]
    assert len([*client.ask(STUB, questions)]) == len([*client.ask(STUB, questions)]) == 3
    tally = client.tallies["stub"]
    assert len(tally.keys) == tally.unpriced == 2 and tally.seconds > 0
    client.client.close()


def chats(names: Iterator[str]) -> list[Chat]:
    return [Chat(name, (Message("user", name),), {}) for name in names]


def test_rows_are_chosen_by_their_ids_in_their_order() -> None:
    rows = chats(map(str, range(100)))
    some, more = chosen(rows, 10), chosen(rows, 30)
    assert {row.id for row in some} < {row.id for row in more} and len(some) == 10
    assert [row.id for row in more] == sorted((row.id for row in more), key=int)
    assert {row.id for row in chosen(rows[::-1], 10)} == {row.id for row in some}, "where a row stands does not matter"


def test_the_interval_of_calls_holds_the_truth_as_often_as_it_says() -> None:
    rng, held = random.Random(0), 0
    for _ in range(400):
        rate = rng.uniform(0.05, 0.95)
        calls = sum(1 + 3 * (rng.random() < rate) for _ in range(60))  # of a row one or four
        held += (found := whole(calls, 60, 1, 4, 1.0)).low <= 1 + 3 * rate <= found.high
    assert 0.9 <= held / 400 <= 1
    assert whole(60, 60, 1, 1, 500.0) == (500, 500, 500), "what the plan knows is certain"


def test_tokens_are_as_uncertain_as_calls_and_what_they_cost_together() -> None:
    same, mixed = Total(), Total()
    for value in (10, 10, 10, 10):
        same.add(value)
    for value in (6, 14, 6, 14):
        mixed.add(value)
    calls = whole(4, 4, 1, 1, 100.0)
    assert scaled(same, 4, calls) == (1000, 1000, 1000)
    mean, low, high = scaled(mixed, 4, calls)
    assert mean == 1000 and 1000 - low == pytest.approx(high - 1000) == pytest.approx(1.96 * 400 / 3**0.5, rel=1e-3)
