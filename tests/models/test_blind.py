"""Two models side by side: none is named, votes are kept, the chat goes on with what was better."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from komainu.data.files import PairFile
from komainu.errors import EndpointError
from komainu.models.blind import Blind
from komainu.models.talk import Talk, converse
from komainu.rows import Pair
from komainu.settings import Endpoint
from komainu.votes import Ballot, swapped
from tests.models.fake_server import Server, completion


@pytest.fixture
def other() -> Iterator[Server]:
    found = Server()
    yield found
    found.close()


def says(name: str, request: web.Request, body: dict[str, Any]) -> web.Response:
    return completion(f"{name} to {body['messages'][-1]['content']}{body.get('seed', '')}")


@pytest.fixture
def blind(server: Server, other: Server, tmp_path: Path) -> Blind:
    """Two models whose answers say which they are."""
    server.handler, other.handler = partial(says, "A"), partial(says, "B")
    talks = Talk(Endpoint(url=server.url), "model-a"), Talk(Endpoint(url=other.url), "model-b")
    return Blind(talks, Ballot(tmp_path / "votes.jsonl"), "people", lambda _: "")


def said(blind: Blind, *lines: str, forgiving: bool = False) -> str:
    """What a chat of lines and keys writes: a line that begins with `key ` is pressed keys."""
    typed = iter([line for line in lines if not line.startswith("key ")])
    keys = iter("".join(line.removeprefix("key ") for line in lines if line.startswith("key ")))

    def key(asked: str) -> str:
        for each in keys:
            return each
        raise EOFError

    blind.key = key
    out = io.StringIO()
    converse(blind, typed, out, forgiving=forgiving)
    return out.getvalue()


def lines(blind: Blind) -> list[dict[str, Any]]:
    return [json.loads(line) for line in blind.ballot.path.read_text().splitlines()]


def test_the_order_is_drawn_and_no_name_is_told_before_it_is_asked_for(
    blind: Blind, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = [str(n) for n in range(8)]
    out = said(blind, *asked, "key " + "l" * 8)
    lefts = [line[0] for line in out.splitlines()[1::4]]
    assert lefts == ["B" if swapped(0, n) else "A" for n in range(1, 9)] and {*lefts} == {"A", "B"}
    told = capfd.readouterr().err
    assert "model-" not in told + out and "vote 8 is stored" in told
    said(blind, "/who")
    told = capfd.readouterr().err
    assert f"1. left model-{lefts[0].lower()}" in told
    assert f"model-a {lefts.count('A')}, model-b {lefts.count('B')}, ties 0, both bad 0, no vote 0" in told
    again = Blind(blind.talks, Ballot(blind.ballot.path), "people", blind.key)
    more = [line[0] for line in said(again, *"9abcd", "key lllll").splitlines()[1::4]]
    assert more == ["B" if swapped(0, n) else "A" for n in range(9, 14)] != lefts[:5]  # counted on


def test_votes_are_pairs_for_dpo_with_the_history_that_both_models_saw(blind: Blind, server: Server) -> None:
    blind.talks[0].command("/system 短く")
    said(blind, "one", "two", "three", "key rtb", "/set temperature 0.5", "four", "key l")
    first, tied, bad, last = lines(blind)
    assert [m["content"] for m in tied["prompt"]] == ["短く", "one", first["chosen"][0]["content"], "two"]
    assert tied["winner"] == "tie" and bad["winner"] == "bad" and "chosen" not in tied
    left = tied["answers"][0][0]["content"]
    assert [m["content"] for m in last["prompt"]][2:] == [first["chosen"][0]["content"], "two", left, "four"]
    assert last["sampler"] == {"temperature": 0.5} == {k: server.bodies[-1][k] for k in ("temperature",)}
    stage = PairFile(path=str(blind.ballot.path), licence="MIT")
    rows = [row for row in stage.peek() or () if isinstance(row, Pair)]
    assert [row.meta["extra"]["winner"] for row in rows] == ["second", "first"]
    assert {row.chosen[0] + row.rejected[0] for row in rows} <= {"AB", "BA"}
    assert [row.chosen for row in rows] == [vote["chosen"][0]["content"] for vote in (first, last)]


def test_both_can_be_asked_again_before_and_after_the_vote(blind: Blind, capfd: pytest.CaptureFixture[str]) -> None:
    said(blind, "/set seed 5", "one", "key al", "/regenerate", "key r")
    votes = lines(blind)
    assert [vote["chosen"][0]["content"][-1] for vote in votes] == ["6", "7"]
    assert votes[0]["prompt"] == votes[1]["prompt"] == [{"role": "user", "content": "one"}]
    assert blind.talks[0].messages[-1]["content"] == votes[1]["chosen"][0]["content"]
    assert [each.winner for each in blind.shown] == ["", "first", "second"]
    before = blind.talks[0].messages
    said(blind, "/regenerate", "key n")
    assert blind.talks[0].messages == before and len(lines(blind)) == 2
    assert "these answers are forgotten" in capfd.readouterr().err
    said(blind, f"/save {blind.ballot.path.parent}/chat.jsonl")
    saved = json.loads((blind.ballot.path.parent / "chat.jsonl").read_text())
    assert saved["meta"]["models"] == ["model-a", "model-b"] and saved["messages"] == before


def test_of_the_same_answer_twice_none_is_better_and_a_wrong_key_is_no_vote(
    blind: Blind, server: Server, other: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    said(blind, "one", "key x1l")
    assert capfd.readouterr().err.count("is no vote") == 2
    server.handler = other.handler = lambda request, body: completion("same")
    said(blind, "two", "key lrt")
    assert [vote["winner"] for vote in lines(blind)] == [lines(blind)[0]["winner"], "tie"]
    assert capfd.readouterr().err.count("both say the same") == 2
    assert [m["content"] for m in blind.talks[0].messages[-2:]] == ["two", "same"]
    said(blind, "three", "key ")  # the input ends where the vote was to come
    assert len(lines(blind)) == 2 and len(blind.talks[0].messages) == 4


def test_when_one_model_fails_there_is_nothing_to_vote_on(
    blind: Blind, other: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    other.handler = lambda request, body: web.json_response({"error": "no"}, status=500)
    with pytest.raises(EndpointError):
        said(blind, "one", "key l")
    assert said(blind, "one", "key l", forgiving=True) == "" and blind.talks[0].messages == []
    assert not blind.ballot.path.exists() and "status 500" in capfd.readouterr().err
