"""Same transcripts, same scores, byte for byte; another judge asks only the judge; a stopped run goes on."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from komainu.errors import EndpointError
from komainu.eval.judge.verdict import Marked
from komainu.rows import Chat, Score
from tests.checks.test_error_text import LIKELY, SURE
from tests.core_fakes import ROOT
from tests.eval.judge.world import (
    CANDIDATE,
    KIND,
    NEW,
    STRICT,
    Counting,
    Marks,
    N,
    Silent,
    built,
    judged,
    opened,
    reply,
    rows,
)
from tests.models.fake_server import Server, completion

OTHER_WORDS = "Be brief.\n"


def kept(root: Path, kind: str) -> dict[str, bytes]:
    return {name: data for name, data in rows(root).items() if name.startswith(f"{kind}/")}


def test_a_panel_of_the_same_transcripts_in_another_store_has_the_same_bytes_and_asks_nobody(tmp_path: Path) -> None:
    first = built(tmp_path / "one", judged(), Counting())
    for kind in ("answers", "items", "verdicts"):
        shutil.copytree(tmp_path / "one" / kind, tmp_path / "two" / kind)
    values = [json.loads(line)["value"] for line in first.splitlines()]
    assert None in values and len({*values}) == 6, "verdicts of every value, and missing ones"
    assert built(tmp_path / "two", judged(), Silent()) == first
    assert rows(tmp_path / "two") == rows(tmp_path / "one")


def test_the_call_log_alone_gives_the_same_bytes_and_asks_nobody(tmp_path: Path) -> None:
    first = built(tmp_path / "one", judged(), Counting())
    (tmp_path / "two").mkdir()
    shutil.copy(tmp_path / "one" / "calls.sqlite", tmp_path / "two")
    assert built(tmp_path / "two", judged(), Silent()) == first


def test_another_rule_asks_nobody_and_leaves_the_transcripts(tmp_path: Path) -> None:
    built(tmp_path, judged(), Counting())
    before = rows(tmp_path)
    built(tmp_path, replace(judged(), rule=Marked(rounding="half_even")), Silent())
    after = rows(tmp_path)
    assert before.items() < after.items()
    assert len(after) == len(before) + 1 and len(kept(tmp_path, "panel")) == 2


@pytest.mark.parametrize("judges", [(STRICT, KIND, NEW), (STRICT, NEW)])
def test_another_judge_is_the_only_one_asked(tmp_path: Path, judges: tuple[Any, ...]) -> None:
    built(tmp_path, judged(), Counting())
    before, client = rows(tmp_path), Counting()
    built(tmp_path, judged(judges=judges), client)
    again = len(kept(tmp_path, "verdicts")) - 2
    assert again == 1 and {*client.asked} == {"new"} and N <= client.asked["new"] < 2 * N
    assert before.items() < rows(tmp_path).items()


def test_another_prompt_asks_every_judge_and_no_candidate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built(tmp_path / "store", judged(), Counting())
    words = (Marks.folder / Marks.template).read_text(encoding="utf-8")
    (tmp_path / Marks.template).write_text(OTHER_WORDS + words, encoding="utf-8")
    monkeypatch.setattr(Marks, "folder", tmp_path)
    client, before = Counting(), rows(tmp_path / "store")
    built(tmp_path / "store", judged(), client)
    assert client.asked["candidate"] == 0 and min(client.asked["strict"], client.asked["kind"]) >= N
    assert before.items() < rows(tmp_path / "store").items()


def test_order_workers_and_batches_play_no_part(tmp_path: Path) -> None:
    stores = [tmp_path / name for name in "abcd"]
    assert judged(judges=(KIND, STRICT)).id == judged(judges=(STRICT, KIND)).id
    found = {
        built(stores[0], judged(), Counting()),
        built(stores[1], judged(judges=(KIND, STRICT)), Counting()),
        built(stores[2], judged(), Counting(batch_sensitive=True), batch=5, workers=1),
        built(stores[3], judged(), Counting(batch_sensitive=True), batch=1, workers=3),
    }
    assert len(found) == 1 and all(rows(store) == rows(stores[0]) for store in stores)


@pytest.mark.parametrize("after", [0, 1, N - 1, N + 2])
def test_an_endpoint_that_fails_half_way_leaves_what_it_said(tmp_path: Path, after: int) -> None:
    """Also among the questions that are asked again. No stage is there that is not whole, and nothing is paid twice."""
    whole, calm = built(tmp_path / "whole", judged(), Counting()), Counting()
    built(tmp_path / "calm", judged(), calm)
    failing = Counting(fails_after={"strict": after})
    with pytest.raises(EndpointError):
        built(tmp_path / "store", judged(), failing)
    assert not kept(tmp_path / "store", "panel")
    healed = Counting()
    assert built(tmp_path / "store", judged(), healed) == whole
    assert failing.asked + healed.asked == calm.asked


def test_an_error_text_is_never_a_verdict(tmp_path: Path) -> None:
    texts = [*SURE, *LIKELY]
    n, client = len(texts), Counting(says={"strict": texts})
    with opened(tmp_path, client) as ctx:
        artifact = ctx.store.build(judged(n, (STRICT,)), ctx)
        scores = [row for row in artifact.rows() if isinstance(row, Score)]
    assert client.asked["strict"] == 2 * n and [s.value for s in scores] == [None] * n
    assert artifact.summary["judges"]["score"]["by"]["strict"] == {"mean": None, "n": 0, "missing": n}


def test_an_error_that_repeats_the_prompt_is_no_verdict(tmp_path: Path) -> None:
    """As servers do that say what they were sent: the form that was asked for is in it, and no number."""
    with opened(tmp_path, Counting()) as ctx:
        ctx.store.build(judged(judges=(KIND,)), ctx)
        (verdicts,) = judged(judges=(KIND,)).verdicts
        for row in ctx.open(verdicts).rows():
            assert isinstance(row, Chat)
            said = f"Error code: 400 - {{'error': {{'message': {row.messages[0].content!r}}}}}"
            assert verdicts.bench.rule.read(said, row.meta["mark"], verdicts.bench).wrong


# kill -9 against real servers


class Judging:
    """A server of the candidate and both judges, slow enough to be caught in the middle."""

    def __init__(self, server: Server) -> None:
        self.asked: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.server = server
        server.handler = self.answer

    async def answer(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        turns = [(m["role"], m["content"]) for m in body["messages"]]
        with self.lock:
            self.asked[key(body["model"], turns)] += 1
        await asyncio.sleep(0.01)
        return completion(reply(body["model"], turns))


def key(model: str, turns: list[tuple[str, str]]) -> str:
    return json.dumps([model, *turns])


def run(folder: Path, url: str) -> subprocess.Popen[bytes]:
    folder.mkdir(parents=True, exist_ok=True)
    names = (model.name for model in (CANDIDATE, STRICT, KIND))
    settings = "".join(f'[endpoints.{name}]\nurl = "{url}"\nconcurrency = 2\n' for name in names)
    (folder / "komainu.toml").write_text(settings, encoding="utf-8")
    where = {"KOMAINU_STORE": str(folder / "store"), "KOMAINU_SETTINGS": str(folder / "komainu.toml")}
    command = [sys.executable, "-m", "komainu.cli", "run", "tests.eval.judge.world:judged", "n=60"]
    env = {**os.environ, "PYTHONPATH": str(ROOT), **where}
    return subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def acknowledged(folder: Path) -> set[str]:
    """The calls whose replies are committed to the call log."""
    path = folder / "store" / "calls.sqlite"
    if not path.exists():
        return set()
    with closing(sqlite3.connect(path)) as db:
        try:
            found = db.execute("select name, messages from calls").fetchall()
        except sqlite3.OperationalError:  # killed before the tables were there
            return set()
    return {key(name, json.loads(messages)) for name, messages in found}


@pytest.fixture
def judging() -> Iterator[Judging]:
    server = Server()
    yield Judging(server)
    server.close()


def test_a_run_killed_while_it_judges_goes_on_and_asks_no_acknowledged_call_again(
    judging: Judging, tmp_path: Path
) -> None:
    url = judging.server.url
    assert run(tmp_path / "whole", url).wait() == 0
    total = len(judging.asked)
    judging.asked.clear()
    for share in (0.55, 0.7, 0.9):  # the candidate is asked first: two fifths of all calls
        before = acknowledged(tmp_path / "killed")
        asked = judging.asked.copy()
        process = run(tmp_path / "killed", url)
        while len(judging.asked) < share * total and process.poll() is None:
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert not [call for call in before if judging.asked[call] > asked[call]]
    before, asked = acknowledged(tmp_path / "killed"), judging.asked.copy()
    assert len(before) > 0.5 * total
    assert run(tmp_path / "killed", url).wait() == 0
    assert not [call for call in before if judging.asked[call] > asked[call]]
    assert rows(tmp_path / "killed" / "store") == rows(tmp_path / "whole" / "store")
    assert len(kept(tmp_path / "killed" / "store", "verdicts")) == 2
