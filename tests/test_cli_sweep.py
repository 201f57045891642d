"""`komainu sweep`, with real child processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from komainu.cli import main
from komainu.store import Store
from komainu.sweeps.record import Shelf
from tests.core_fakes import ROOT, recipe_file, runs

RECIPE = '''
"""Points that are built, that fail, and that lack what they need."""

import time
from dataclasses import dataclass
from pathlib import Path

from komainu.errors import GateFailed
from komainu.rows import Chat
from komainu.stage import Stage
from tests.core_fakes import Source, note


@dataclass(frozen=True, kw_only=True)
class Whole(Stage):
    makes = Chat
    part: Stage
    n: int = 0

    def run(self, out, ctx):
        note(self, ctx)
        if self.n == 1 and not Path("mended").exists():
            raise GateFailed("a gate did not hold")
        if self.n == 2:
            raise FloatingPointError("the gradient is not finite")
        if self.n >= 5:
            Path(f"napping-{self.n}").touch()
            while not Path("wake").exists():
                time.sleep(0.05)
        return {"rows": self.n}


def family(n: int, word: str = "hi") -> Whole:
    return Whole(part=Source(word=word), n=n)
'''


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder with the recipe; what it leaves in this process goes with it."""
    recipe_file(tmp_path, monkeypatch, RECIPE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]))
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield
    for name in [n for n, m in sys.modules.items() if str(getattr(m, "__file__", None)).startswith(str(tmp_path))]:
        del sys.modules[name]


def said(capfd: pytest.CaptureFixture[str], *words: str, code: int = 0) -> str:
    capfd.readouterr()
    assert main(["sweep", "small.py:family", *words]) == code
    return capfd.readouterr().out


def test_a_plan_tells_points_and_shared_stages_and_builds_nothing(
    here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = json.loads(said(capfd, "n=0,3..4", "word=a,b", "--plan", "--json"))
    assert [p["state"] for p in found["points"]] == ["to run"] * 6
    assert sorted(s["points"] for s in found["stages"]) == [1] * 6 + [3, 3] and found["to_build"] == 8
    assert found["problems"] == [] and "money" in found and not Path("store").exists()
    assert "2 shared stages, 6 of one point each; 8 stages to build, 0 reused" in said(
        capfd, "n=0,3..4", "word=a,b", "--plan"
    )


def test_failures_are_listed_by_class_and_run_again_on_demand_alone(capfd: pytest.CaptureFixture[str]) -> None:
    words = ("n=0..3", "--jobs", "2")
    out = said(capfd, *words, code=1)
    assert "4 points: 2 built, 2 failed" in out
    assert "failed  FloatingPointError: 1 points" in out and "failed  GateFailed: 1 points" in out
    assert "a gate did not hold" in out and "not finite" in out
    assert sorted(runs(Path("store"))) == ["Source"] + ["Whole"] * 4
    names = Store(Path("store")).names()
    assert {"family,n=0", "family,n=3"} == {*names}
    Path("mended").touch()
    assert "2 failed" in said(capfd, *words, code=1) and len(runs(Path("store"))) == 5
    assert "3 built, 1 failed" in said(capfd, *words, "--retry", "GateFailed", code=1)
    assert len(runs(Path("store"))) == 6
    found = json.loads(said(capfd, *words, "--json", code=1))
    assert found["classes"] == {"FloatingPointError": ["family,n=2"]} and found["built"] == 3


def test_a_class_that_no_point_failed_with_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "small.py:family", "n=0", "--retry", "OverBudget"]) == 2
    assert "no point failed with 'OverBudget'" in capfd.readouterr().err


def test_what_is_wrong_with_any_point_stops_all_before_it_starts(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", "small.py:family", "n=0,x"]) == 2
    assert "n must be int, not 'x'" in capfd.readouterr().err and not Path("store").exists()


def test_halving_needs_a_training(capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("optuna")
    assert main(["sweep", "small.py:family", "n=0,3", "--halve", "10"]) == 2
    assert "no point of this sweep has a training of its own" in capfd.readouterr().err


def test_halving_without_its_library_says_what_to_install(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "komainu.sweeps.halving", raising=False)
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert main(["sweep", "small.py:family", "n=0,3", "--halve", "10"]) == 2
    assert "pip install 'komainu[sweep]'" in capfd.readouterr().err


def test_points_of_a_sweep_are_kept_when_their_names_point_elsewhere(capfd: pytest.CaptureFixture[str]) -> None:
    found = json.loads(said(capfd, "n=0", "--json"))
    store = Store(Path("store"))
    next((store.root / "names").iterdir()).unlink()
    assert store.unreached() == []
    assert Shelf(store.root).find("family").id == found["id"] == Shelf(store.root).find(found["id"][:5]).id


def test_a_name_goes_to_the_newest_sweep_and_the_older_keeps_its_id(capfd: pytest.CaptureFixture[str]) -> None:
    first, second = (json.loads(said(capfd, n, "--name", "x", "--json"))["id"] for n in ("n=0", "n=3"))
    shelf = Shelf(Path("store"))
    assert first != second and shelf.find("x").id == second and shelf.find(first).name == "x"


def queue(env: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "komainu.cli", "sweep", "small.py:family", "n=0,5,6", "--jobs", "2"]
    return subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for(ready: Any) -> None:
    deadline = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def builders() -> set[int]:
    """The processes that build, as the store knows them."""
    store = Store(Path("store"))
    return {pid for path in store.unfinished() if (pid := store.holder(path.name))}


def test_after_kill_9_of_the_queue_its_runs_end_and_the_rest_is_built_once(capfd: pytest.CaptureFixture[str]) -> None:
    process = queue({**os.environ})
    wait_for(lambda: Path("napping-5").exists() and Path("napping-6").exists())
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_for(lambda: not builders())
    Path("wake").touch()
    assert "3 points: 3 built" in said(capfd, "n=0,5,6", "--jobs", "2")
    assert runs(Path("store")).count("Source") == 1


def test_after_kill_9_of_a_run_it_is_started_again(capfd: pytest.CaptureFixture[str]) -> None:
    process = queue({**os.environ})
    wait_for(lambda: Path("napping-5").exists() and Path("napping-6").exists() and len(builders()) == 2)
    os.kill(min(builders()), signal.SIGKILL)
    Path("wake").touch()
    assert process.wait() == 0
    assert "3 points: 3 built" in said(capfd, "n=0,5,6")
    assert runs(Path("store")).count("Whole") == 4
