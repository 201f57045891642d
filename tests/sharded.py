"""What the tests of datasets on Slurm and on Ray share: a recipe whose second shard waits, and runs of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
ROWS = 600
RECIPE = f"""
from komainu.data.base import Dataset
from komainu.data.dedup import Exact
from komainu.data.filter import Filter
from komainu.data.near_dup import Near
from komainu.data.privacy import Privacy
from tests.data.fakes import No, chat, source
from tests.data.steps import Everyother, Refuses, Twice, Waits

ASKED = "今日は良い天気ですから、公園まで散歩に行きましょう。{{}}番の道と{{}}番の橋を通ります。taro{{}}@mise.shop"
SAID = [chat(f"r{{i}}", ASKED.format(i % 420, i % 7, i), "abc"[i % 7 % 3]) for i in range({ROWS})]


def made(folder: str, wrong: bool = False):
    steps = (Waits(row="r150", folder=folder), Filter(checks=(No(text="c"),)), Privacy(), Exact(on="both"))
    steps = (Refuses(row="r250"), *steps) if wrong else steps
    return Dataset(sources=(source(*SAID),), steps=(*steps, Everyother(ahead=4), Twice(), Near(threshold=0.95)))
"""


def wait_for(found: Callable[[], Any], what: str) -> Any:
    for _ in range(1200):
        if value := found():
            return value
        time.sleep(0.1)
    raise AssertionError(f"never: {what}")


def started(folder: Path, settings: str, *values: str) -> subprocess.Popen[str]:
    """`komainu run` in a folder."""
    folder.mkdir(exist_ok=True)
    (folder / "many.py").write_text(RECIPE)
    (folder / "komainu.toml").write_text(settings)
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    given = {k: v for k, v in os.environ.items() if not k.startswith("KOMAINU_")}
    command = [sys.executable, "-m", "komainu.cli", "run", "many.py:made", f"folder={folder.parent}", *values]
    return subprocess.Popen(
        command,
        cwd=folder,
        env={**given, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
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
