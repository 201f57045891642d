"""The jail made by bubblewrap (`bwrap`) instead of by `inside/root.py`; everything after that is the same."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from komainu.sandbox.inside.root import DEVICES, NOBODY, WORK
from komainu.sandbox.shown import OWN, Shown, inside, interpreter

BESIDE = 16 << 20  # bytes
SPACES = ("pid", "net", "ipc", "uts", "cgroup-try")
CAPABILITIES = ("--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")  # to become nobody


@cache
def bubblewrap() -> str:
    """Where bubblewrap is installed; "" where it is not."""
    return shutil.which("bwrap") or ""


def wrapped(
    command: list[str], shown: Shown, source: str, disk: int, write: Sequence[tuple[str, str]] = ()
) -> list[str]:
    """The command, to be run by bubblewrap. Root becomes nobody inside, with `privileges.drop`.

    `write` are files in what is shown, one a folder, with their places, that may be changed. What is written beside
    them is in memory, and gone in the end.
    """
    see = [*shown.see, (f"{source}/komainu/__init__.py", f"{OWN}/komainu/__init__.py")]
    see.append((f"{source}/komainu/sandbox", f"{OWN}/komainu/sandbox"))
    if not any(inside(interpreter(), folder) for folder, _ in see):
        see.append((interpreter(), interpreter()))
    root = os.geteuid() == 0
    user = CAPABILITIES if root else ("--unshare-user", "--uid", str(NOBODY), "--gid", str(NOBODY))
    found = [bubblewrap(), *user, *(f"--unshare-{space}" for space in SPACES)]
    found += ["--die-with-parent", "--new-session", "--as-pid-1", "--proc", "/proc"]
    found += held(WORK, disk)
    above = {str(folder) for place in ("/dev/null", *(place for _, place in see)) for folder in Path(place).parents}
    for folder in sorted(above - {"/"}):  # bubblewrap would make them for root alone
        found += ["--dir", folder]
    for origin, place in see:
        found += ["--ro-bind", origin, place]
    for origin, place in write:
        found += [*held(os.path.dirname(place), BESIDE), "--bind", origin, place]
    for place in shown.hide:
        found += ["--size", "4096", "--tmpfs", place, "--remount-ro", place]
    for target, place in (*shown.links, ("work", "/tmp"), ("/work", "/dev/shm")):
        found += ["--symlink", target, place]
    for name in DEVICES:
        found += ["--dev-bind", f"/dev/{name}", f"/dev/{name}"]
    return [*found, "--remount-ro", "/", "--chdir", "/", *command]


def held(place: str, size: int) -> list[str]:
    """An empty folder in memory for everyone to write in."""
    return ["--perms", "1777", "--size", str(size), "--tmpfs", place]
