"""A confined program of others: what it finds, what it can use up, and that none is started without a jail."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from komainu import program
from komainu.errors import NoSandbox, UsageError
from komainu.sandbox import confined
from komainu.sandbox.base import Limits
from komainu.sandbox.bubblewrap import bubblewrap
from komainu.sandbox.inside.root import WORK

BWRAP = pytest.mark.skipif(not bubblewrap(), reason="bwrap")
ROOT = Path(__file__).parents[2]
SMALL = Limits(cpu=60, asleep=60, memory=400 << 20, processes=16, disk=8 << 20)


def run(folder: Path, code: str, limits: Limits = SMALL) -> Any:
    """What the code leaves as JSON in the file that it may write."""
    told = folder / "seen" / "out" / "told"
    told.parent.mkdir(parents=True)
    told.touch()
    folder.chmod(0o700)
    see, write = [(folder / "seen", "seen")], [(told, "seen/out/told")]
    program.run(confined.command(Path(sys.executable), ["-c", code], see, write, limits), folder, {})
    return json.loads(told.read_text())


TELL = "import json; json.dump({}, open('seen/out/told', 'w'))"


@BWRAP
def test_a_program_has_its_environment_the_standard_library_and_processes_that_share_locks(tmp_path: Path) -> None:
    code = """
import multiprocessing, os, subprocess, sys, numpy
def double(n): return 2 * n
with multiprocessing.Manager() as manager, multiprocessing.Pool(2) as pool:
    made = manager.list(pool.map(double, [1, 2, 3]))
    made = [*made]
other = subprocess.run([sys.executable, "-c", "print('other')"], capture_output=True, text=True).stdout
open("seen/out/beside", "w").write("gone in the end")
"""
    found = run(tmp_path, code + TELL.format("[made, other, os.getcwd(), os.environ['HOME']]"))
    assert found == [[2, 4, 6], "other\n", "/work", "/work"]
    assert [path.name for path in (tmp_path / "seen" / "out").iterdir()] == ["told"]


@BWRAP
@pytest.mark.parametrize(
    ("code", "limits", "ended"),
    [
        ("while True: pass", replace(SMALL, cpu=0.3), "cpu"),
        ("import time; time.sleep(100)", replace(SMALL, asleep=0.3), "asleep"),
        (
            "import os, time\nfor _ in range(3): os.fork()\nheld = b'x' * (100 << 20)\ntime.sleep(30)",
            SMALL,
            "memory",
        ),
    ],
)
def test_a_program_that_uses_too_much_is_ended_and_why_is_told(
    tmp_path: Path, code: str, limits: Limits, ended: str
) -> None:
    with pytest.raises(UsageError, match=f"ended by the sandbox: {ended}"):
        run(tmp_path, code, limits)


@BWRAP
def test_processes_and_files_have_limits(tmp_path: Path) -> None:
    code = """
import os, time, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
children = 0
try:
    while children < 100:
        if os.fork() == 0:
            time.sleep(60)
        children += 1
except OSError: pass
def most(path):
    with open(path, "wb", buffering=0) as file:
        try:
            for _ in range(64): file.write(bytes(1 << 20))
        except OSError: pass
        size = file.tell()
        file.truncate(0)
    return size >> 20
sizes = [most("seen/out/told"), most("a")]
"""
    children, sizes = run(tmp_path, code + TELL.format("[children, sizes]"))
    assert 10 <= children <= 17 and sizes == [8, 8]


@BWRAP
def test_a_program_and_its_children_end_with_the_process_that_started_it_however_that_ends(tmp_path: Path) -> None:
    code = "import os, time; os.fork() or os.setsid(); open('seen/out/told', 'a').write('x'); time.sleep(60)"
    starts = (
        f"import pathlib; from tests.sandbox.test_confined import run; run(pathlib.Path({str(tmp_path)!r}), {code!r})"
    )
    told = tmp_path / "seen" / "out" / "told"
    with subprocess.Popen([sys.executable, "-c", starts], cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        while not (told.exists() and told.read_text() == "xx"):
            assert process.poll() is None
            time.sleep(0.02)
        assert len(holders(told)) >= 2
        process.kill()
    for _ in range(500):
        if not holders(told):
            break
        time.sleep(0.02)
    assert holders(told) == []


def holders(file: Path) -> list[int]:
    """Processes in whose file system the file lies at a place of its own."""
    found = []
    for mounts in Path("/proc").glob("[0-9]*/mountinfo"):
        try:
            if f"{'/'.join(file.parts[-5:])} {WORK}/seen/out/told " in mounts.read_text():
                found.append(int(mounts.parent.name))
        except OSError:
            continue
    return found


def test_without_bubblewrap_or_where_it_makes_no_jail_there_is_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_jail(*given: object) -> None:
        raise NoSandbox("user namespaces are forbidden")

    monkeypatch.setattr(confined, "bubblewrap", lambda: "/usr/bin/bwrap")
    monkeypatch.setattr(confined, "run", no_jail)
    with pytest.raises(NoSandbox, match="user namespaces are forbidden"):
        confined.command(Path(sys.executable), ["-c", "pass"], [], [])
    monkeypatch.setattr(confined, "bubblewrap", lambda: "")
    with pytest.raises(NoSandbox, match=r"bubblewrap is not installed; install it \(apt-get install bubblewrap\)"):
        confined.command(Path(sys.executable), ["-c", "pass"], [], [])
