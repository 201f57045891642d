"""A sweep whose points are Slurm jobs: shared stages once, failures by class, a queue that is killed and run again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.core_fakes import ROOT, runs
from tests.slurm.conftest import Cluster
from tests.test_cli_sweep import RECIPE

pytestmark = pytest.mark.slurm


def queue(folder: Path, *words: str) -> subprocess.Popen[str]:
    (folder / "small.py").write_text(RECIPE)
    (folder / "komainu.toml").write_text('[slurm]\ntime = "10:00"\npoll = 0.5\n')
    given = {k: v for k, v in os.environ.items() if not k.startswith("KOMAINU_")}
    command = [sys.executable, "-m", "komainu.cli", "sweep", "small.py:family", *words, "--slurm", "--json"]
    pipe = subprocess.PIPE
    env = {**given, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=folder, env=env, stdout=pipe, stderr=subprocess.DEVNULL, text=True)


def told(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, _ = process.communicate(timeout=300)
    found: dict[str, Any] = json.loads(out)
    return found


def wait_for(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_points_are_jobs_and_what_they_share_is_built_once(cluster: Cluster, tmp_path: Path) -> None:
    found = told(queue(tmp_path, "n=0..4"))
    assert (found["built"], found["failed"]) == (3, 2)
    assert {*found["classes"]} == {"FloatingPointError", "GateFailed"}
    assert runs(tmp_path / "store").count("Source") == 1
    jobs = [json.loads(p.read_bytes())["job"] for p in tmp_path.glob("store/.sweeps/*/logs/*/job.json")]
    assert len({*jobs}) == 5


def test_a_queue_that_is_killed_leaves_its_jobs_and_the_next_one_follows_them(cluster: Cluster, tmp_path: Path) -> None:
    process = queue(tmp_path, "n=5,6")
    wait_for(lambda: (tmp_path / "napping-5").exists() and (tmp_path / "napping-6").exists())
    process.send_signal(signal.SIGKILL)
    process.communicate()
    after = queue(tmp_path, "n=5,6")
    time.sleep(2)
    (tmp_path / "wake").touch()
    assert told(after)["built"] == 2
    assert runs(tmp_path / "store").count("Whole") == 2
