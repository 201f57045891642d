"""Stages in several processes: the artifact is the same kind of artifact, and errors come back as they were raised."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from komainu import elsewhere
from komainu.cli import main
from komainu.cluster.queue import Seen
from komainu.elsewhere import Ranks, Task
from komainu.errors import JobFailed, UsageError
from komainu.recipe import load
from komainu.settings import Settings, Training
from komainu.store import Store
from tests.core_fakes import ROOT, context, runs

RECIPE = '''
"""A stage that several processes run together."""

import time
from dataclasses import dataclass
from pathlib import Path

from komainu.errors import Stopped, UsageError
from komainu.stage import Stage, Weights
from tests.core_fakes import Source


@dataclass(frozen=True, kw_only=True)
class Together(Stage):
    makes = Weights
    parallel = True
    data: Stage
    how: str = "well"

    def run(self, out, ctx):
        group = ctx.group
        (out / ".work" / f"rank-{group.rank}").write_text(f"{group.size}")
        if self.how == "wrong":
            raise UsageError("row 3 is empty; take it out")
        if self.how == "broken":
            raise ValueError("a bug")
        while self.how == "slowly" and not (out / ".work" / "on").exists():
            if group.stop:
                raise Stopped("all is saved")
            time.sleep(0.01)
        while group.rank == 0 and len([*(out / ".work").glob("rank-*")]) < group.size:
            time.sleep(0.01)
        if group.rank == 0:
            (out / "weights").write_text("w")
        return {"ranks": len([*(out / ".work").glob("rank-*")])} if group.rank == 0 else {}


def together(how: str = "well") -> Together:
    return Together(data=Source(n=2), how=how)
'''


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the recipe, and a komainu.toml with three ranks."""
    for name in ("KOMAINU_STORE", "KOMAINU_SETTINGS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    (tmp_path / "several.py").write_text(RECIPE)
    (tmp_path / "komainu.toml").write_text("[train]\nranks = 3\n")
    return tmp_path


def built(how: str = "well", ranks: int = 3) -> Any:
    stage = load("several.py:together", [f"how={how}"]).stage
    ctx = context(Path("store"))
    ctx.elsewhere = Ranks(Settings(train=Training(ranks=ranks)), "several.py:together", [f"how={how}"])
    return ctx.store.build(stage, ctx)


def test_a_stage_is_run_by_several_processes_and_its_inputs_here(folder: Path) -> None:
    made = built()
    assert made.summary == {"ranks": 3} and made.record["made_with"]["ranks"] == "3"
    assert [p.name for p in sorted(made.path.iterdir())] == ["record.json", "weights"]
    assert len(runs(folder / "store")) == 1  # the input's
    alone = context(Path("alone"))
    assert alone.store.build(load("several.py:together").stage, alone).id == made.id


def test_the_command_line_does_so_too(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "several.py:together", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["summary"] == {"ranks": 3}


def test_what_a_user_can_mend_comes_back_as_it_was_raised() -> None:
    with pytest.raises(UsageError, match=r"^row 3 is empty; take it out$"):
        built("wrong")


def test_a_bug_comes_back_with_the_last_words_of_its_rank() -> None:
    with pytest.raises(JobFailed, match=r"rank \d ended with exit code 1(.|\n)*ValueError: a bug"):
        built("broken")


def test_a_result_that_is_there_is_taken_without_another_run(folder: Path) -> None:
    stage = load("several.py:together").stage
    work = folder / "store" / stage.place / ".work"
    work.mkdir(parents=True)
    (work / "result.json").write_text('{"summary": {"ranks": 9}, "made_with": {}}')
    assert built().summary == {"ranks": 9}


def started(folder: Path, how: str) -> tuple[subprocess.Popen[str], Path]:
    """A worker alone, as torchrun would start it, and its scratch folder."""
    stage = load("several.py:together", [f"how={how}"]).stage
    work = folder / "store" / stage.place / ".work"
    work.mkdir(parents=True)
    task = Task("several.py:together", (f"how={how}",), stage.id, str(folder / "store"))
    (work / "task.json").write_bytes(msgspec.json.encode(task))
    env = {**os.environ, "RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0"}
    command = [sys.executable, "-m", "komainu.worker", str(work / "task.json")]
    return subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True), work


@pytest.mark.parametrize(("number", "again"), [(signal.SIGTERM, False), (signal.SIGUSR1, True)])
def test_a_signal_stops_a_worker_when_all_is_saved(folder: Path, number: signal.Signals, again: bool) -> None:
    worker, work = started(folder, "slowly")
    while not (work / "rank-0").exists():
        assert worker.poll() is None
        time.sleep(0.01)
    worker.send_signal(number)
    assert "all is saved" in worker.communicate()[1] and worker.returncode == 0
    assert ((work / "again").exists(), (work / "stopped").exists()) == (again, not again)
    assert not (work / "result.json").exists()


def test_a_worker_whose_recipe_has_no_such_stage_says_so(folder: Path) -> None:
    worker, work = started(folder, "well")
    assert worker.communicate() and worker.returncode == 0
    task = Task("several.py:together", (), "0123456789ab", str(folder / "store"))
    (work / "task.json").write_bytes(msgspec.json.encode(task))
    command = [sys.executable, "-m", "komainu.worker", str(work / "task.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "has no stage 0123456789ab here" in done.stderr
    assert json.loads((work / "failure.json").read_text())["kind"] == "UsageError"


def test_plan_shows_the_script_of_each_stage_that_goes_to_slurm(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "komainu.toml").write_text('[train]\nranks = 4\nwhere = "slurm"\n[slurm]\nnodes = 2\naccount = "lab"\n')
    assert main(["plan", "several.py:together"]) == 0
    said = capfd.readouterr().out
    label = load("several.py:together").stage.label
    assert f"\n{label} goes to Slurm as:\n    #!/bin/bash\n    #SBATCH --job-name=komainu-together-" in said
    assert "    #SBATCH --account=lab\n    #SBATCH --nodes=2\n    #SBATCH --ntasks-per-node=2\n" in said
    assert main(["plan", "several.py:together", "--json"]) == 0
    assert [*json.loads(capfd.readouterr().out)["scripts"]] == [label]
    assert not Path("store").exists()


def test_status_tells_the_job_its_step_and_how_long_it_will_take(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    work = folder / "store" / "sft" / "0123456789ab" / ".work"
    work.mkdir(parents=True)
    (work / "job.json").write_text('{"job": 7}')
    (work / "steps.json").write_text('{"steps": 100, "ranks": 4, "resumed": 0}')
    (work / "metrics.jsonl").write_text('{"step": 9, "loss": 1.5, "tokens": 400, "tokens_per_s": 200.0}\n')
    monkeypatch.setattr("komainu.cluster.slurm.look", lambda job: Seen(job, "RUNNING", nodes="node[1-4]", restarts=1))
    assert main(["status"]) == 0
    (line,) = [x for x in capfd.readouterr().out.splitlines() if x.startswith("building")]
    assert "as job 7 running on node[1-4], restart 1, step 9 of 100, loss 1.5, 200 tokens/s, about 3 min left" in line


def test_only_stages_that_can_be_run_together_go_elsewhere() -> None:
    stage = load("several.py:together").stage
    for settings, takes in (
        (Settings(), False),
        (Settings(train=Training(ranks=2)), True),
        (Settings(train=Training(where="slurm")), True),
    ):
        ranks = Ranks(settings, "x", [])
        assert ranks.takes(stage) == takes and not ranks.takes(stage.inputs["data"])
    assert elsewhere.total(Path("nowhere")) is None and Store(Path("store")).unfinished() == []
