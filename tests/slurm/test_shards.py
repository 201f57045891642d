"""A dataset on four Slurm nodes: the bytes of one process, whatever is killed in between."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.slurm.conftest import Cluster
from tests.slurm.test_slurm import ROOT, wait_for

pytestmark = pytest.mark.slurm
ROWS = 400
RECIPE = f'''
from komainu.data.base import Dataset
from komainu.data.dedup import Exact
from komainu.data.filter import Filter
from komainu.data.near_dup import Near
from komainu.data.privacy import Privacy
from tests.data.fakes import No, chat, source
from tests.data.steps import Everyother, Refuses, Twice, Waits

ASKED = "今日は良い天気ですから、公園まで散歩に行きましょう。{{}}番の道と{{}}番の橋を通ります。"
SAID = [chat(f"r{{i}}", f"{{ASKED.format(i % 170, i % 7)}} taro{{i}}@mise.shop", "abc"[i % 7 % 3]) for i in range({ROWS})]


def made(folder: str, wrong: bool = False):
    steps = (Waits(row="r150", folder=folder), Filter(checks=(No(text="c"),)), Privacy(), Exact(on="both"))
    steps = (Refuses(row="r250"), *steps) if wrong else steps
    return Dataset(sources=(source(*SAID),), steps=(*steps, Everyother(ahead=4), Twice(), Near(threshold=0.95)))
'''
ON_SLURM = """
processes = 1
[data]
on = "slurm"
rows = 100
[slurm]
time = "10:00"
poll = 0.5
"""


def started(folder: Path, settings: str, *values: str) -> subprocess.Popen[str]:
    """`komainu run` in a folder."""
    folder.mkdir(exist_ok=True)
    (folder / "many.py").write_text(RECIPE)
    (folder / "komainu.toml").write_text(settings)
    given = {k: v for k, v in os.environ.items() if not k.startswith("KOMAINU_")}
    command = [sys.executable, "-m", "komainu.cli", "run", "many.py:made", f"folder={folder.parent}", *values]
    return subprocess.Popen(
        command,
        cwd=folder,
        env={**given, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(run: subprocess.Popen[str], code: int = 0) -> str:
    said = run.communicate(timeout=300)[1]
    assert run.returncode == code, said
    return said


def made_in(folder: Path) -> tuple[bytes, bytes, Any]:
    (record,) = folder.glob("store/dataset/*/record.json")
    assert [path.name for path in sorted(record.parent.iterdir())] == ["dropped.jsonl", "record.json", "rows.jsonl"]
    rows, dropped = ((record.parent / name).read_bytes() for name in ("rows.jsonl", "dropped.jsonl"))
    return rows, dropped, json.loads(record.read_bytes())["summary"]


def alone(folder: Path) -> tuple[bytes, bytes, Any]:
    """What one process makes of it; nothing waits."""
    (folder.parent / "go").touch()
    ended(started(folder, "processes = 1"))
    return made_in(folder)


def waiting(folder: Path) -> int:
    """The process that waits in the middle of the second shard."""
    (found,) = wait_for(lambda: [*folder.glob("pid-*")], "a shard in its middle")
    return int(found.name.partition("-")[2])


def test_a_killed_worker_loses_nothing_and_every_byte_is_that_of_one_process(tmp_path: Path, cluster: Cluster) -> None:
    run = started(tmp_path / "many", ON_SLURM)
    os.kill(waiting(tmp_path), signal.SIGKILL)
    (tmp_path / "go").touch()
    said = ended(run)
    assert "4 shards: 0 done before, 0 under way, 4 to begin" in said
    assert "shard 1 is begun again: its task failed with signal 9 on node" in said
    made = made_in(tmp_path / "many")
    assert made == alone(tmp_path / "alone")
    assert made[2]["dropped"].keys() == {"Filter", "Exact", "Everyother", "Twice", "Near"}


def test_a_run_that_is_killed_is_gone_on_with_where_its_shards_are(tmp_path: Path, cluster: Cluster) -> None:
    run = started(tmp_path / "many", ON_SLURM)
    waiting(tmp_path)
    wait_for(lambda: len([*tmp_path.glob("many/store/dataset/*/.work/shards/0-0/out/0*")]) == 3, "three shards")
    run.kill()
    run.wait()
    again = started(tmp_path / "many", ON_SLURM)
    (tmp_path / "go").touch()
    said = ended(again)
    assert "4 shards: 3 done before, 1 under way, 0 to begin" in said
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
    shutil.rmtree(tmp_path / "many" / "store")
    cluster.wait()
