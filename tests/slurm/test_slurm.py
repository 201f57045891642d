"""Training on four Slurm nodes: killed and requeued it ends as undisturbed, and every failure has a name."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from komainu.cluster.base import Work
from komainu.cluster.queue import look
from komainu.cluster.slurm import SlurmQueue, job_in, living
from komainu.errors import JobFailed
from komainu.settings import Settings, Slurm
from tests.sharded import ended, wait_for
from tests.slurm.conftest import Cluster

pytestmark = pytest.mark.slurm
ROOT = Path(__file__).parents[2]
STEPS = 300
RECIPE = f"""
from komainu.train.base import Fit
from komainu.train.sft import SFT
from tests.train.world import Chats, base


def small() -> SFT:
    return SFT(model=base(), data=Chats(), fit=Fit(lr=2e-3, global_batch=8, steps={STEPS}))


def start():
    return base()
"""
SETUP = "export MASTER_ADDR=127.0.0.1 GLOO_SOCKET_IFNAME=lo"  # the nodes' names do not resolve
ON_SLURM = f"""
checkpoint_seconds = 0.5
[train]
ranks = 4
where = "slurm"
[slurm]
nodes = 4
time = "30:00"
poll = 0.5
setup = ["{SETUP}"]
"""


def started(folder: Path, settings: str, target: str = "small") -> subprocess.Popen[str]:
    """`komainu run` in a folder."""
    (folder / "small.py").write_text(RECIPE)
    (folder / "komainu.toml").write_text(settings)
    given = {k: v for k, v in os.environ.items() if not k.startswith("KOMAINU_")}
    command = [sys.executable, "-m", "komainu.cli", "run", f"small.py:{target}"]
    return subprocess.Popen(
        command,
        cwd=folder,
        env={**given, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def base_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose store holds the base model, made in one process."""
    folder = tmp_path_factory.mktemp("base")
    ended(started(folder, "", "start"))
    return folder


@pytest.fixture(scope="module")
def undisturbed(base_only: Path, tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Path:
    """The artifact of a run that nothing happened to."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    shutil.copytree(base_only, folder, symlinks=True)
    said = ended(started(folder, ON_SLURM))
    assert "running on node[1-4]" in said
    return made_in(folder)


def made_in(folder: Path) -> Path:
    (record,) = folder.glob("store/sft/*/record.json")
    assert json.loads(record.read_bytes())["made_with"]["ranks"] == "4"
    return record.parent


def step_of(folder: Path) -> int:
    """The newest checkpoint of the run in a folder."""
    saved = sorted(folder.glob("store/sft/*/.work/step-*"))
    return int(saved[-1].name.partition("-")[2]) if saved else 0


def rank(folder: Path, number: int) -> int:
    """The process id of a rank of the run in a folder."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            environment = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        ours = any(str(folder).encode() in word for word in words) and b"komainu.worker" in words
        if ours and b"srun" not in words[0] and f"SLURM_PROCID={number}".encode() in environment:
            return int(process.name)
    raise AssertionError(f"rank {number} does not run")


def job_of(folder: Path) -> int:
    (file,) = folder.glob("store/sft/*/.work/job.json")
    return int(json.loads(file.read_bytes())["job"])


def losses(path: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (path / "metrics.jsonl").read_text().splitlines()]


def at_once(job: int) -> None:
    """Let a requeued job start without the two minutes that Slurm lets it wait.

    The seconds are for the nodes: one that has not yet buried the job refuses to start it again.
    """
    time.sleep(5)
    subprocess.run(["scontrol", "update", f"JobId={job}", "StartTime=now"], check=False, capture_output=True)


def same(one: Path, other: Path) -> None:
    assert losses(one) == losses(other) and len(losses(one)) == STEPS
    assert (one / "model.safetensors").read_bytes() == (other / "model.safetensors").read_bytes()


def middle(base_only: Path, folder: Path) -> subprocess.Popen[str]:
    """A run that has saved a checkpoint and is not at its end."""
    shutil.copytree(base_only, folder, symlinks=True)
    run = started(folder, ON_SLURM)
    wait_for(lambda: step_of(folder), "a checkpoint")
    return run


def test_a_killed_rank_is_told_and_the_next_run_ends_as_undisturbed(
    base_only: Path, undisturbed: Path, tmp_path: Path
) -> None:
    run = middle(base_only, tmp_path / "run")
    os.kill(rank(tmp_path / "run", 2), signal.SIGKILL)
    said = ended(run, 1)
    assert "failed with signal 9" in said and "Run the same command to go on" in said
    assert 0 < step_of(tmp_path / "run") < STEPS
    ended(started(tmp_path / "run", ON_SLURM))
    same(made_in(tmp_path / "run"), undisturbed)


PREEMPT = "sbatch --partition=urgent --nodes=4 --exclusive --output=/dev/null --wrap=true"


@pytest.mark.parametrize("how", [PREEMPT, "scontrol requeue {job}", "scancel --signal=USR1 {job}"])
def test_a_requeued_job_goes_on_and_ends_as_undisturbed(
    base_only: Path, undisturbed: Path, tmp_path: Path, cluster: Cluster, how: str
) -> None:
    """The first wants all nodes for another job; the last sends what Slurm sends before the time limit."""
    run = middle(base_only, tmp_path / "run")
    job = job_of(tmp_path / "run")
    name, *words = how.format(job=job).split()
    cluster.call(name, *words)

    def waits() -> bool:
        seen = look(job)
        return seen is not None and seen.restarts == 1 and seen.state in ("PENDING", "RUNNING")

    wait_for(waits, "requeued")
    saved = step_of(tmp_path / "run")
    at_once(job)
    said = ended(run)
    assert "restart 1" in said
    log = [line for line in said.splitlines() if f"job {job}" in line]
    assert 0 < saved < STEPS and log[-1].startswith(f"job {job}: completed")
    same(made_in(tmp_path / "run"), undisturbed)


def queue(**slurm: Any) -> SlurmQueue:
    return SlurmQueue(Settings(slurm=Slurm(poll=0.3, time="10:00", **slurm)))


def work(folder: Path, script: str, tasks: int = 1) -> Work:
    return Work(f"work-{folder.name}"[:60], folder, ("bash", "-c", script), folder / "result", tasks)


def test_a_job_that_exits_0_without_its_artifact_has_failed(tmp_path: Path, cluster: Cluster) -> None:
    with pytest.raises(JobFailed, match=r"job \d+ on node\d ended with exit code 0 and left no artifact(.|\n)*hello"):
        queue().run(work(tmp_path, "echo hello"), lambda: None)


def test_an_exit_code_is_told(tmp_path: Path, cluster: Cluster) -> None:
    with pytest.raises(JobFailed, match=r"failed with exit code 7"):
        queue().run(work(tmp_path, "exit 7"), lambda: None)


def test_a_job_goes_on_after_ctrl_c_and_the_next_run_follows_it(
    tmp_path: Path, cluster: Cluster, caplog: pytest.LogCaptureFixture
) -> None:
    it = work(tmp_path, f"sleep 4; touch {tmp_path}/result")

    def ctrl_c() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        queue().run(it, ctrl_c)
    first = living(it)
    assert first is not None and f"job {first.job} goes on" in caplog.text
    (tmp_path / "job.json").unlink()  # as if this process had died right after sbatch
    queue().run(it, lambda: None)
    last = look(first.job)
    assert it.result.exists() and last is not None and last.state == "COMPLETED"
    assert job_in(tmp_path) is None  # no other was submitted


def test_a_job_that_is_preempted_and_ends_in_its_grace_is_requeued(tmp_path: Path, cluster: Cluster) -> None:
    script = f'[ "$SLURM_RESTART_COUNT" = 1 ] && touch {tmp_path}/result && exit 0; touch {tmp_path}/began; '
    it = work(tmp_path, script + f"trap 'touch {tmp_path}/stopped; exit 0' TERM; sleep 100 & wait")
    done: list[str] = []

    def preempt() -> None:
        if not done and (tmp_path / "began").exists():
            name, *words = PREEMPT.split()
            done.append(cluster.call(name, *words))
        if (seen := job_in(tmp_path)) and seen.state == "PENDING":
            at_once(seen.job)

    queue().run(it, preempt)
    assert it.result.exists() and done


def test_a_dead_node_is_named(tmp_path: Path, cluster: Cluster, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "komainu")
    it = work(tmp_path, f"echo $SLURMD_NODENAME >> {tmp_path}/nodes; sleep 200", 2)
    dead: list[str] = []

    def kill_one() -> None:
        if not dead and (tmp_path / "nodes").exists() and len(names := (tmp_path / "nodes").read_text().split()) == 2:
            dead.append(sorted(names)[1])
            cluster.kill(dead[0])

    try:
        with pytest.raises(JobFailed) as error:
            queue(nodes=2, requeue=False).run(it, kill_one)
        assert f"lost a node; node {dead[0]} is down" in str(error.value)
    finally:
        cluster.start(dead[0])
        cluster.wait()
