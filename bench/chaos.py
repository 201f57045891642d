"""A server that fails in 30 % of calls, and kill -9: nothing lost, nothing twice, no error scored, nothing paid twice.

python -m bench.chaos [items] [kills] [seed]     default: 2000 items, 20 kills; exits 1 when anything does not hold
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from aiohttp import web

from komainu.context import Context
from komainu.eval.base import Answers, Scores
from komainu.eval.bench.exact import ExactMatch
from komainu.files import write_rows
from komainu.models.base import Model
from komainu.rows import Chat, Message
from komainu.stage import Stage

ROOT = Path(__file__).parents[1]
MARK = "CHAOS"  # in every error's words: it must be in no artifact
FAULTS = ("busy", "error", "reset", "hang", "cut", "wrong", "nothing")
SHARE = 0.3
S = TypeVar("S", bound="Stub")


@dataclass(frozen=True, kw_only=True)
class Sums(Stage):
    """`n` sums as items."""

    makes: ClassVar[type] = Chat
    n: int

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        return self.n

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        return {"rows": write_rows(out / "rows.jsonl", map(item, range(self.n)))}


def item(i: int) -> Chat:
    return Chat(f"sum-{i}", (Message("user", f"{i} + 7 = ?"),), {"lang": "en", "references": [str(i + 7)]})


def scores(n: int = 2000) -> Scores:
    """Sums, asked of the model that komainu.toml serves under the name `stub`, scored."""
    return Scores(answers=Answers(model=Model(name="stub"), items=Sums(n=n)), bench=ExactMatch(language="en"))


class Stub:
    """A server in a thread that adds, wrongly now and then, and fails by plan. It counts what it has answered.

    `says` and `of` may be others: the answer to a request's body, and what the request is counted by.
    """

    def __init__(self, share: float, seed: int = 0, delay: float = 0.02) -> None:
        self.share, self.delay, self.rng = share, delay, random.Random(seed)
        self.asked: Counter[str] = Counter()  # requests, by question
        self.answered: Counter[str] = Counter()  # answers written out in full
        self.faults: Counter[str] = Counter()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._start(), self.loop).result(10)

    def says(self, body: dict[str, Any]) -> str:
        return said(self.of(body))

    def of(self, body: dict[str, Any]) -> str:
        return str(body["messages"][-1]["content"])

    async def _start(self) -> str:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._post)
        self.runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self.runner.addresses[0][1]}/v1"

    async def _post(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        question = self.of(body)
        self.asked[question] += 1
        await asyncio.sleep(self.delay * self.rng.uniform(0.5, 2))
        if self.rng.random() < self.share:
            fault = self.rng.choice(FAULTS)
            self.faults[fault] += 1
            return await self._fail(request, fault)
        response = web.Response(body=completion(self.says(body)), content_type="application/json")
        with suppress(ConnectionError):  # the other side is gone
            await response.prepare(request)
            await response.write_eof()
            self.answered[question] += 1
        return response

    async def _fail(self, request: web.Request, fault: str) -> web.StreamResponse:
        transport = request.transport
        if fault == "busy":
            return web.Response(status=429, headers={"Retry-After": "0.05"}, text=f"{MARK}: slow down")
        if fault == "error":
            return web.json_response({"error": {"message": f"{MARK}: inner error"}}, status=500)
        if fault == "hang":
            await asyncio.sleep(3600)
        if fault == "cut":
            return web.Response(body=completion(MARK)[:-20], content_type="application/json")
        if fault == "wrong":
            return web.json_response({"choices": [{"text": MARK}]})
        if fault == "reset" and transport is not None:
            transport.abort()
        return web.Response(body=b"")

    def close(self) -> None:
        for task in asyncio.all_tasks(self.loop):
            self.loop.call_soon_threadsafe(task.cancel)
        with suppress(TimeoutError, asyncio.CancelledError):
            asyncio.run_coroutine_threadsafe(self.runner.cleanup(), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)
        self.loop.close()


def said(text: str) -> str:
    """The stub's answer: the right sum but for every fifth question."""
    i = int(text.split()[0])
    return str(i + 7 if i % 5 else i)


def completion(text: str) -> bytes:
    message = {"role": "assistant", "content": text}
    usage = {"prompt_tokens": 9, "completion_tokens": 3}
    return json.dumps({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}).encode()


@contextmanager
def running(stub: S) -> Iterator[S]:
    try:
        yield stub
    finally:
        stub.close()


def serving(share: float, seed: int = 0, delay: float = 0.02) -> AbstractContextManager[Stub]:
    return running(Stub(share, seed, delay))


def start(folder: Path, url: str, n: int) -> subprocess.Popen[bytes]:
    """A run of the sums in a process of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "komainu.toml"
    how = "concurrency = 64\ntimeout = 1.0\ntries = 12\n"
    settings.write_text(f'[endpoints.stub]\nurl = "{url}"\n{how}', encoding="utf-8")
    env = {**os.environ, "KOMAINU_STORE": str(folder / "store"), "KOMAINU_SETTINGS": str(settings)}
    command = [sys.executable, "-m", "komainu.cli", "run", "bench.chaos:scores", f"n={n}"]
    with open(folder / "log", "ab") as log:
        return subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)


def finish(folder: Path, url: str, n: int) -> None:
    if (code := start(folder, url, n).wait()) != 0:
        raise SystemExit(f"the run ended with {code}: {(folder / 'log').read_text()[-2000:]}")


def rows(folder: Path) -> dict[str, bytes]:
    """The bytes of every rows.jsonl of a store, by stage and id."""
    found = sorted(p for p in (folder / "store").glob("*/*/rows.jsonl") if p.parts[-3] != "names")
    return {path.parent.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def acknowledged(folder: Path) -> set[str]:
    """The questions whose answers are committed to the call log."""
    path = folder / "store" / "calls.sqlite"
    if not path.exists():
        return set()
    with closing(sqlite3.connect(path)) as db:
        try:
            return {json.loads(text)[-1][1] for (text,) in db.execute("select messages from calls")}
        except sqlite3.OperationalError:  # killed before the tables were there
            return set()


def faults_of(folder: Path) -> dict[str, int]:
    """The failures that the call log counts, by class."""
    with closing(sqlite3.connect(folder / "store" / "calls.sqlite")) as db:
        return dict(db.execute("select kind, count(*) from failures group by kind order by kind"))


def compare(whole: Path, other: Path, n: int) -> list[str]:
    """What a run under chaos has other than the run without."""
    found = [f"{name} differs" for name, data in rows(whole).items() if rows(other).get(name) != data]
    answers = next(data for name, data in rows(other).items() if name.startswith("store/answers/"))
    ids = [json.loads(line)["id"] for line in answers.splitlines()]
    if sorted(ids) != sorted(f"sum-{i}" for i in range(n)):
        found.append(f"{n} items gave {len(ids)} answers, {len({*ids})} of them of different items")
    if any(MARK.encode() in data for data in rows(other).values()):
        found.append("an error's words are in an artifact")
    return found


def killed(folder: Path, stub: Stub, n: int, kills: int, rng: random.Random) -> list[str]:
    """Run, kill -9 in the middle of asking, run again: which acknowledged calls were asked for again."""
    wrong: list[str] = []
    done = 0
    while done < kills:
        before = acknowledged(folder)
        asked = stub.asked.copy()
        process = start(folder, stub.url, n)
        target = len(before) + rng.uniform(0.3, 1.0) * (n - len(before)) / (kills - done + 1)
        while process.poll() is None and len(stub.answered) < target:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        done += process.wait() == -signal.SIGKILL
        again = [text for text in before if stub.asked[text] > asked[text]]
        wrong += [f"asked again though acknowledged: {text}" for text in again]
    before, asked = acknowledged(folder), stub.asked.copy()
    finish(folder, stub.url, n)
    return wrong + [f"asked again though acknowledged: {text}" for text in before if stub.asked[text] > asked[text]]


def main(n: int, kills: int, seed: int, folder: Path) -> int:
    with serving(0.0, seed) as calm:
        finish(folder / "calm", calm.url, n)
    with serving(SHARE, seed) as stub:
        began = time.monotonic()
        finish(folder / "chaos", stub.url, n)
        took = time.monotonic() - began
    wrong = compare(folder / "calm", folder / "chaos", n)
    calls = sum(stub.asked.values())
    print(f"chaos: {n} items, {calls} calls, {sum(stub.faults.values())} faults {dict(stub.faults)}, {took:.0f} s")
    print(f"recorded failures {faults_of(folder / 'chaos')}; {len(wrong)} differences {wrong[:3]}")
    with serving(0.0, seed) as stub:
        again = killed(folder / "killed", stub, n, kills, random.Random(seed))
    again += compare(folder / "calm", folder / "killed", n)
    twice = sum(count - 1 for count in stub.answered.values() if count > 1)
    print(f"{kills} kills: {len(again)} faults {again[:3]}; {twice} answers were on their way when it was killed")
    return len(wrong) + len(again)


if __name__ == "__main__":
    numbers = [int(a) for a in sys.argv[1:]] + [2000, 20, 0][len(sys.argv) - 1 :]
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(1 if main(numbers[0], numbers[1], numbers[2], Path(scratch)) else 0)
