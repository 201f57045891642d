"""`komainu status`: what other processes build, how far they are, how long still, what it has cost, what was left."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread, Timer
from typing import Any

import pytest

from komainu import cli_status
from komainu.cli import main
from komainu.cli_status import span
from komainu.launch import CALLS
from komainu.models.base import Model, Question, Reply
from komainu.models.calls import CallLog, Entry
from komainu.progress import Progress, telling
from komainu.rows import Message
from komainu.store import Store
from komainu.sweeps.record import Outcome, Shelf
from komainu.underway import far
from tests.core_fakes import build_elsewhere, context
from tests.sweeps.world import swept

LONG = """
import time
from dataclasses import dataclass
from pathlib import Path
from komainu.files import write_rows
from komainu.rows import Chat
from komainu.stage import Stage


@dataclass(frozen=True, kw_only=True)
class Long(Stage):
    makes = Chat

    def run(self, out, ctx):
        with ctx.progress(100, "counting") as bar:
            for _ in range(25):
                time.sleep(0.05)
                bar.update()
            while not Path("go").exists():
                time.sleep(0.02)
        return {"rows": write_rows(out / "rows.jsonl", [])}


def long() -> Long:
    return Long()
"""
Said = Callable[..., str]


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    """What `komainu status` prints in an empty folder, its store in `store`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOMAINU_STORE", "store")
    monkeypatch.delenv("KOMAINU_SETTINGS", raising=False)

    def run(*words: str, code: int = 0) -> str:
        assert main(["status", *words]) == code
        return capsys.readouterr().out

    return run


def found(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def training(folder: Path, paces: list[float], steps: int | None) -> None:
    """The scratch folder of a training that has gone as many steps as there are paces, of 100 tokens each."""
    folder.mkdir(parents=True)
    lines = [
        {"step": i, "loss": 0.5, "lr": 1e-3, "grad_norm": 1.0, "tokens": 100, "tokens_per_s": pace}
        for i, pace in enumerate(paces)
    ]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"torn')
    if steps is not None:
        (folder / "steps.json").write_text(json.dumps({"steps": steps}))


def test_another_process_is_seen_at_work_and_what_it_leaves_when_it_is_killed(tmp_path: Path, said: Said) -> None:
    (tmp_path / "long.py").write_text(LONG)
    builder = build_elsewhere(tmp_path / "store", f"{tmp_path}/long.py:long")
    while not [*tmp_path.glob("store/long/*/.work/progress.json")]:
        assert builder.poll() is None, builder.communicate()
        time.sleep(0.02)
    (each,) = found(said("--json"))["building"]
    assert (each["pid"], each["progress"]["what"], each["progress"]["total"]) == (builder.pid, "counting", 100)
    done, left = each["progress"]["done"], each["progress"]["seconds_left"]
    assert 1 <= done <= 25 and left >= 0.05 * (100 - done) - 1
    assert re.search(rf"in process {builder.pid} for \d+ s, counting \d+ of 100, about \d+ (s|min) left", said())
    os.kill(builder.pid, signal.SIGKILL)
    builder.communicate()
    (each,) = found(said("--json"))["unfinished"]
    assert each["pid"] is None and "last heard of" in said() and "run the recipe again to go on" in said()


def test_follow_ends_when_nothing_is_built_any_more(
    tmp_path: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "long.py").write_text(LONG)
    builder = build_elsewhere(tmp_path / "store", f"{tmp_path}/long.py:long")
    while not [*tmp_path.glob("store/long/*/.work")]:
        assert builder.poll() is None, builder.communicate()
        time.sleep(0.02)

    monkeypatch.setattr(cli_status, "PAUSE", 0.05)
    Timer(0.3, (tmp_path / "go").touch).start()
    first, *_, last = said("--follow").splitlines()
    builder.communicate()
    assert first.startswith("building    long/") and last == "nothing is being built in store"


def test_follow_and_json_exclude_each_other(said: Said) -> None:
    assert "say one of them" in found(said("--follow", "--json", code=2))["error"]


def test_the_time_left_is_that_of_the_mean_step(tmp_path: Path) -> None:
    training(tmp_path / "a", [1e9] * 30 + [100.0, 50.0] * 10, steps=60)  # steps of 1 and 2 seconds, of late
    seen = far(tmp_path / "a")
    assert seen is not None and (seen["step"], seen["steps"], seen["seconds_left"]) == (49, 60, 15)
    training(tmp_path / "b", [100.0], steps=None)
    assert far(tmp_path / "b") == {"step": 0, "loss": 0.5, "lr": 1e-3, "grad_norm": 1.0} | {
        "tokens": 100,
        "tokens_per_s": 100.0,
    }
    assert far(tmp_path / "c") is None


def test_a_training_is_told_with_its_speed_and_its_time(tmp_path: Path, said: Said) -> None:
    training(tmp_path / "store/sft/0123456789ab/.work", [50.0] * 3, steps=303)
    with Store(Path("store")).lock("0123456789ab"):
        (line,) = (line for line in said().splitlines() if line.startswith("building"))
    wanted = f"in process {os.getpid()} for 0 s, step 2 of 303, loss 0.5, 50 tokens/s, about 10 min left"
    assert line == f"building    sft/0123456789ab {wanted}"


def test_a_build_that_has_said_nothing_for_long_is_told(tmp_path: Path, said: Said) -> None:
    work = tmp_path / "store/sft/0123456789ab/.work"
    training(work, [50.0], steps=9)
    with Store(Path("store")).lock("0123456789ab"):
        assert "last heard" not in said()
        os.utime(work / "metrics.jsonl", (0, time.time() - 7200))
        assert "last heard of 2.0 h ago" in said()


def test_what_a_build_has_asked_so_far_is_told_with_its_money(tmp_path: Path, said: Said) -> None:
    (tmp_path / "store/answers/0123456789ab/.work").mkdir(parents=True)
    log = CallLog(Path("store") / CALLS)
    question = Question((Message("user", "x"),))
    entries = [Entry(f"k{i}", question, Reply("y"), 1.0, 0.25 if i else None) for i in range(3)]
    log.add(Model(name="judge"), entries, "answers/0123456789ab")
    log.add(Model(name="judge"), entries[:1], "answers/another")
    log.close()
    (each,) = found(said("--json"))["unfinished"]
    assert (each["calls"], each["money"], each["unpriced"]) == (3, 0.5, 1)
    text = said()
    assert "3 calls for 0.5 USD so far" in text
    assert "spent       0.5 USD in all; 2 calls of models without a price are not in it" in text


def test_sweeps_are_told_while_they_have_points_to_run(tmp_path: Path, said: Said) -> None:
    sweep, stages = swept("n=1,2,3")
    shelf, ctx = Shelf(Path("store")), context(Path("store"))
    shelf.keep(sweep)
    ctx.store.build(stages[sweep.points[0].ref], ctx)
    shelf.tell(sweep, sweep.points[1], Outcome("failed", "UsageError", "no"))
    assert "sweep       it not running, points: 1 built, 1 failed, 0 pruned, 1 to run" in said()
    with ctx.store.lock(f"sweep-{sweep.id}", wait=False):
        assert found(said("--json"))["sweeps"] == [
            {"name": "it", "id": sweep.id, "pid": 0, "built": 1, "failed": 1, "pruned": 0, "to_run": 1}
        ]
    ctx.store.build(stages[sweep.points[2].ref], ctx)
    assert found(said("--json"))["sweeps"] == []


def test_progress_is_written_down_once_a_second_and_never_stops_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    file = tmp_path / "progress.json"
    with telling(file), Progress(10, "rows") as bar, Progress(3, "asking"):
        bar.update(0)
        assert not file.exists()
        for _ in range(4):
            now += 0.5
            bar.update()
    assert json.loads(file.read_text()) == {"what": "rows", "done": 4, "total": 10, "seconds_left": 3}
    with Progress(10, "other") as bar:  # nobody is to be told of this
        now += 2
        bar.update()
    with telling(tmp_path / "gone" / "progress.json"), Progress(10, "other", quiet=False) as bar:
        now += 2
        bar.update()
    quiet = tmp_path / "quiet.json"
    with telling(quiet), Progress(10, "other", quiet=True) as bar:
        now += 2
        bar.update()
    assert json.loads(file.read_text())["what"] == "rows" and not quiet.exists()


def test_work_around_a_build_writes_nothing_into_its_folder_from_another_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("komainu.progress.TOLD", 0.0)
    file, begun, go_on = tmp_path / "progress.json", Event(), Event()

    def build() -> None:
        with telling(file), Progress(3, "rows") as bar:
            bar.update()
            begun.set()
            assert go_on.wait(10)

    with Progress(10, "models") as around:
        thread = Thread(target=build)
        thread.start()
        assert begun.wait(10) and json.loads(file.read_text())["what"] == "rows"
        file.unlink()
        around.update()
        assert not file.exists()
        go_on.set()
        thread.join()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (99, "99 s"), (100, "2 min"), (5400, "90 min"), (9000, "2.5 h"), (259_200, "3.0 days")],
)
def test_a_time_is_told_in_one_unit(seconds: float, text: str) -> None:
    assert span(seconds) == text
