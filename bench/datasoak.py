"""Two sets made by models that fail in 30 % of calls, killed at random moments, run again: same bytes, no call twice.

python -m bench.datasoak [rows] [kills] [seed]     default: 24 rows, 50 kills; exits 1 when anything does not hold

Two times in three it is the run that is killed (kill -9), else one of the processes that its steps are done in.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.chaos import MARK, SHARE, Stub, running
from bench.soak import ROOT, differences, fingerprint
from bench.speakers import SPEAKERS, reply
from komainu.models.base import Model, Question
from komainu.models.protocol import request_of
from komainu.models.seeds import seed_of
from komainu.recipe import load
from komainu.rows import Message
from komainu.stage import models_of

SETS = ("recipes/sets.py:translation", "recipes/pairs.py:student_pairs")  # the second on a third of the rows
RUN = """
import json, sys
from komainu.cli import main
from komainu.data import executor
executor.SMALL = 0  # other processes do the steps, however few the rows
sys.exit(max(main(words) for words in json.loads(sys.argv[1])))
"""
SETTINGS = "processes = 2\nthreads = 1\n"
ENDPOINT = '[endpoints.{}]\nurl = "{}"\nconcurrency = 16\ntimeout = 2.0\ntries = 20\n'


def targets(n: int) -> list[list[str]]:
    """The sets with their settings: one of the SFT mix and one of the DPO mix."""
    return [[target, f"n={max(1, rows)}"] for target, rows in zip(SETS, (n, n // 3), strict=True)]


class Speaker(Stub):
    """Fails as the stub does, and answers as the scripted models; a request is counted by its body."""

    def says(self, body: dict[str, Any]) -> str:
        return reply(body)

    def of(self, body: dict[str, Any]) -> str:
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


@dataclass
class Run:
    """A run that is killed and started again until it has ended, its server, and what did not hold."""

    folder: Path
    server: Speaker
    n: int
    wrong: list[str] = field(default_factory=list)

    def start(self) -> subprocess.Popen[bytes]:
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = self.folder / "komainu.toml"
        endpoints = "".join(ENDPOINT.format(name, self.server.url) for name in SPEAKERS)
        settings.write_text(SETTINGS + endpoints, encoding="utf-8")
        env = {**os.environ, "KOMAINU_STORE": str(self.folder / "store"), "KOMAINU_SETTINGS": str(settings)}
        words = [["run", *target] for target in targets(self.n)]
        command = [sys.executable, "-c", RUN, json.dumps(words)]
        with open(self.folder / "log", "ab") as log:
            return subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)

    def finish(self) -> float:
        """Run to the end; how many seconds it took from the first request."""
        before, asked = self.acknowledged(), self.server.asked.copy()
        process = self.start()
        began = self.begun(process, asked)
        if (code := process.wait()) != 0:
            raise SystemExit(f"the run ended with {code}: {(self.folder / 'log').read_text()[-2000:]}")
        self.again(before, asked)
        return time.monotonic() - began

    def begun(self, process: subprocess.Popen[bytes], asked: Counter[str]) -> float:
        """When its first request is there, or it has ended."""
        while process.poll() is None and self.server.asked.total() == asked.total():
            time.sleep(0.005)
        return time.monotonic()

    def kill(self, rng: random.Random, calls: int) -> str:
        """Start, kill at a random moment: what was killed; "" when the run had ended before.

        The moment is up to a second after one of the answers that are left of `calls`.
        """
        before, asked = self.acknowledged(), self.server.asked.copy()
        process = self.start()
        self.begun(process, asked)
        answers = self.server.answered.total() + rng.uniform(0, calls - before.total())
        while process.poll() is None and self.server.answered.total() < answers:
            time.sleep(0.005)
        with suppress(subprocess.TimeoutExpired):
            process.wait(rng.uniform(0, 1))
        workers, wanted = below(process.pid), rng.random() < 1 / 3
        killed = "" if process.poll() is not None else "worker" if workers and wanted else "run"
        if killed:
            os.kill(rng.choice(workers) if killed == "worker" else process.pid, signal.SIGKILL)
        code = process.wait()
        if killed == "worker" and code not in (0, 1):
            self.wrong.append(f"a run without one of its workers ended with {code}")
        self.wrong += [f"process {pid} has outlived its run" for pid in workers if not ended(pid)]
        self.again(before, asked)
        return killed

    def again(self, before: Counter[str], asked: Counter[str]) -> None:
        """No call that the log had before the start was asked for since."""
        twice = [each for each in before if self.server.asked[each] > asked[each]]
        self.wrong += [f"asked again though acknowledged: {each[:12]}" for each in twice]

    def acknowledged(self) -> Counter[str]:
        """The requests whose answers are committed to the call log."""
        stages = [load(target, values).stage for target, *values in targets(self.n)]
        models = {model.id: model for stage in stages for model in models_of(stage)}
        columns = "model, messages, sample"
        return Counter(
            self.server.of(json.loads(request(models[model], messages, sample)))
            for model, messages, sample in self.log(f"select {columns} from calls")
        )

    def log(self, query: str) -> list[tuple[Any, ...]]:
        path = self.folder / "store" / "calls.sqlite"
        if not path.exists():
            return []
        with closing(sqlite3.connect(path)) as db:
            try:
                return [*db.execute(query)]
            except sqlite3.OperationalError:  # killed before the tables were there
                return []

    def check(self, whole: dict[str, str]) -> None:
        """The bytes are those of `whole`, no failure's words are in them, and the ledger has each call once."""
        self.wrong += [f"{name} differs" for name in differences(whole, made(self.folder))]
        rows = [path for path in (self.folder / "store").glob("*/*/*.jsonl") if path.parts[-3] != "names"]
        self.wrong += [f"an error's words are in {path.parent.name}" for path in rows if MARK in path.read_text()]
        ((paid,),) = self.log("select sum(calls) from ledger")
        if paid != (kept := self.acknowledged().total()):
            self.wrong.append(f"the ledger has {paid} calls, the log {kept}")


def request(model: Model, messages: str, sample: int) -> bytes:
    question = Question(tuple(Message(role, content) for role, content in json.loads(messages)), sample)
    return request_of(model, question, model.name, seed_of(model, question, 31))


def made(folder: Path) -> dict[str, str]:
    """What the store of a run holds: the hash of every file, and every summary."""
    store = folder / "store"
    records = {path: json.loads(path.read_bytes()) for path in store.glob("*/*/record.json")}
    told = {path.relative_to(store).as_posix(): json.dumps(r["summary"]) for path, r in records.items()}
    return fingerprint(store) | told


def below(pid: int) -> list[int]:
    """The processes that a process has started, and theirs. Linux only."""
    parents: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]


def ended(pid: int, within: float = 10.0) -> bool:
    """Whether a process is gone, or is so in a moment."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def soak(rows: int, kills: int, seed: int, folder: Path) -> int:
    """Kill until `kills` are done, in as many runs as that takes; returns how many things did not hold."""
    rng = random.Random(seed)
    with running(Speaker(0.0, seed)) as calm:
        Run(folder / "whole", calm, rows).finish()
    whole = made(folder / "whole")
    with running(Speaker(SHARE, seed)) as server:
        chaos = Run(folder / "chaos", server, rows)
        lasted, calls = chaos.finish(), chaos.acknowledged().total()
        chaos.check(whole)
    sizes = [path.read_bytes().count(b"\n") for path in sorted(folder.glob("whole/store/dataset/*/rows.jsonl"))]
    print(
        f"undisturbed: sets of {sizes} rows, {len(whole)} hashes; 30 % failures: {lasted:.0f} s, {told(chaos)}",
        flush=True,
    )
    done, wrong, runs, lost = Counter[str](), len(chaos.wrong), 0, 0
    while done.total() < kills:
        runs += 1
        with running(Speaker(SHARE, seed + runs)) as server:
            here, each = Run(folder / f"run-{runs}", server, rows), Counter[str]()
            while (done + each).total() < kills and (killed := here.kill(rng, calls)):
                each[killed] += 1
            here.finish()
            here.check(whole)
            done, wrong, lost = done + each, wrong + len(here.wrong), lost + unacknowledged(here)
        print(f"run {runs}: killed {dict(each)}, {told(here)}", flush=True)
    print(
        f"{done.total()} kills ({dict(done)}) in {runs} runs: {wrong} things do not hold; {lost} answers were on their "
        "way and not yet acknowledged when a run was killed, and were asked for again"
    )
    return wrong


def unacknowledged(run: Run) -> int:
    """Answers that the server wrote out and the call log has not counted."""
    return run.server.answered.total() - run.acknowledged().total()


def told(run: Run) -> str:
    server = run.server
    kept, faults = run.acknowledged().total(), server.faults.total()
    return (
        f"{server.asked.total()} requests, {faults} failures, {server.answered.total()} answers, {kept} calls kept; "
        f"{len(run.wrong)} wrong {run.wrong[:3]}"
    )


if __name__ == "__main__":
    numbers = [int(a) for a in sys.argv[1:]] + [24, 50, 0][len(sys.argv) - 1 :]
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(1 if soak(numbers[0], numbers[1], numbers[2], Path(scratch)) else 0)
