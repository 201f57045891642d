"""The start page for Slurm, done word for word on real nodes: planned, submitted, requeued, told, ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from komainu.cluster.queue import look
from tests.first.page import ROOT, Reader, Said, forget, verb_of
from tests.first.test_start import own_data
from tests.sharded import wait_for
from tests.slurm.conftest import Cluster
from tests.slurm.test_slurm import SETUP, at_once, job_of, step_of

pytestmark = pytest.mark.slurm
OURS = {
    "ranks = 16": "ranks = 2",
    'partition = "gpu"': 'partition = "test"',
    "24:00:00": "30:00",
    "gpus = 8": "poll = 0.5",
    "module load cuda": SETUP,
    'store = "store"': 'store = "store"\ncheckpoint_seconds = 0.5',
    "batch=16": "batch=16 epochs=75",
}


class Submitting(Reader):
    """Leaves a run at work while the page goes on, and requeues the job that it has submitted."""

    run: subprocess.Popen[str]

    def done(self, words: list[str], code: int) -> Said:
        here = Path.cwd()
        if verb_of(words) == "run":
            command = [sys.executable, "-m", "komainu.cli", *words[1:]]
            env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
            self.run = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
            wait_for(lambda: step_of(here), "a checkpoint")
            return Said(words, "", "")
        if words[0] == "scontrol":
            words = [*words[:-1], str(job_of(here))]
            said = super().done(words, code)
            wait_for(lambda: (seen := look(job_of(here))) is not None and seen.restarts == 1, "requeued")
            return said
        return super().done(words, code)


def test_the_page_holds(
    tmp_path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    forget(monkeypatch)
    (tmp_path / "recipes").symlink_to(ROOT / "recipes")
    monkeypatch.chdir(tmp_path)
    own_data(tmp_path)
    reader = Submitting("slurm", OURS, monkeypatch, capfd)
    told_by = ("doctor", "plan", "status")
    doctor, plan, before, after = (each.out for each in reader.follow() if verb_of(each.words) in told_by)
    assert "test (4 nodes)" in doctor and "#SBATCH --partition=test" in plan
    job = job_of(tmp_path)
    assert f"as job {job} running on node" in before and " left" in before
    assert "restart 1" in after
    at_once(job)
    told = reader.run.communicate(timeout=300)[1]
    assert reader.run.returncode == 0, told
    (record,) = tmp_path.glob("store/sft/*/record.json")
    assert json.loads(record.read_bytes())["made_with"]["ranks"] == "2"
