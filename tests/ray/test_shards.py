"""A dataset on a Ray cluster of three nodes: the bytes of one process, whatever is killed in between."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.sharded import alone, ended, made_in, started, waiting

pytestmark = pytest.mark.ray


def on(cluster: Any) -> str:
    return f'processes = 1\n[data]\non = "ray"\nrows = 100\nray = "{cluster.address}"\n'


def raylet(pid: int) -> int:
    """The daemon of the node that a process runs on."""
    while "raylet" not in Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0]:
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return pid


def test_a_killed_worker_loses_nothing_and_every_byte_is_that_of_one_process(tmp_path: Path, cluster: Any) -> None:
    run = started(tmp_path / "many", on(cluster))
    os.kill(waiting(tmp_path), signal.SIGKILL)
    (tmp_path / "go").touch()
    assert "shard 1 is begun again: its task ended with signal 9 on" in ended(run)
    made = made_in(tmp_path / "many")
    assert made == alone(tmp_path / "alone")
    assert made[2]["dropped"].keys() == {"Filter", "Exact", "Everyother", "Twice", "Near"}


def test_a_dead_node_loses_nothing_and_its_processes_end(tmp_path: Path, cluster: Any) -> None:
    run = started(tmp_path / "many", on(cluster))
    pid = waiting(tmp_path)
    os.kill(raylet(pid), signal.SIGKILL)
    while Path(f"/proc/{pid}").exists():
        assert run.poll() is None
    (tmp_path / "go").touch()
    assert "shard 1 is begun again: its task was lost" in ended(run)
    assert made_in(tmp_path / "many") == alone(tmp_path / "alone")


def test_where_no_cluster_answers_it_is_said(tmp_path: Path) -> None:
    run = started(tmp_path / "many", 'processes = 1\n[data]\non = "ray"\nrows = 100\nray = "127.0.0.1:9"\n')
    assert "no Ray cluster answers there" in ended(run, 2)
