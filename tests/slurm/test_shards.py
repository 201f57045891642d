"""A dataset on four Slurm nodes: the bytes of one process, whatever is killed in between."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.sharded import alone, ended, made_in, started, wait_for, waiting
from tests.slurm.conftest import Cluster

pytestmark = pytest.mark.slurm
ON_SLURM = """
processes = 1
[data]
on = "slurm"
rows = 100
[slurm]
time = "10:00"
poll = 0.5
"""


def test_a_killed_worker_loses_nothing_and_every_byte_is_that_of_one_process(tmp_path: Path, cluster: Cluster) -> None:
    run = started(tmp_path / "many", ON_SLURM)
    os.kill(waiting(tmp_path), signal.SIGKILL)
    (tmp_path / "go").touch()
    said = ended(run)
    assert "6 shards: 0 done before, 0 under way, 6 to begin" in said
    assert "shard 1 is begun again: its task failed with signal 9 on node" in said
    made = made_in(tmp_path / "many")
    assert made == alone(tmp_path / "alone")
    assert made[2]["dropped"].keys() == {"Filter", "Exact", "Everyother", "Twice", "Near"}


def test_a_run_that_is_killed_is_gone_on_with_where_its_shards_are(tmp_path: Path, cluster: Cluster) -> None:
    run = started(tmp_path / "many", ON_SLURM)
    waiting(tmp_path)
    outs = "many/store/dataset/*/.work/shards/0-0/out/0????-????????????????"
    wait_for(lambda: len([*tmp_path.glob(outs)]) == 5, "five shards")
    run.kill()
    run.communicate()
    again = started(tmp_path / "many", ON_SLURM)
    assert again.stderr is not None
    said = next(line for line in again.stderr if "under way" in line)
    assert said.strip() == "6 shards: 5 done before, 1 under way, 0 to begin"
    (tmp_path / "go").touch()
    ended(again)
    assert made_in(tmp_path / "many") == alone(tmp_path / "alone")


def test_a_dead_node_loses_nothing(tmp_path: Path, cluster: Cluster) -> None:
    run = started(tmp_path / "many", ON_SLURM)
    pid = waiting(tmp_path)
    environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    node = next(each for each in environment if each.startswith(b"SLURMD_NODENAME=")).decode().partition("=")[2]
    try:
        cluster.kill(node)
        os.kill(pid, signal.SIGKILL)
        (tmp_path / "go").touch()
        ended(run)
    finally:
        cluster.start(node)
        cluster.wait()
    assert made_in(tmp_path / "many") == alone(tmp_path / "alone")


def test_the_error_of_a_row_ends_the_array(tmp_path: Path, cluster: Cluster) -> None:
    run = started(tmp_path / "many", ON_SLURM, "wrong=true")
    waiting(tmp_path)
    (tmp_path / "go").touch()
    assert "r250: nothing to be done" in ended(run, 2)
    cluster.wait()
