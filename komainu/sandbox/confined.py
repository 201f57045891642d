"""A program of others that runs model-written code in its own process: started by bubblewrap, cut off as a whole."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from komainu.errors import NoSandbox, UsageError
from komainu.sandbox.base import Job, Limits
from komainu.sandbox.bubblewrap import bubblewrap, wrapped
from komainu.sandbox.inside.root import WORK
from komainu.sandbox.run import ENVIRONMENT, PROGRAM, SOURCE, run
from komainu.sandbox.shown import OWN, Shown, inside, interpreter, shown

PLACE = "/environment"  # where the program's virtual environment is shown
LIMITS = Limits(cpu=86_400, asleep=600, memory=8 << 30, processes=256, disk=1 << 30)
START = "import sys; sys.path.insert(0, {!r}); from komainu.sandbox.inside.command import main; main(sys.argv[1])"
PREFIXES = "import sys; print(sys.prefix, sys.base_prefix, sep='\\n')"
Places = Sequence[tuple[Path, str]]


def needed() -> None:
    """Raises NoSandbox where no program can be confined, with what to do about it."""
    if not bubblewrap():
        raise NoSandbox(
            "a program that runs model-written code is not started, as it cannot be cut off from this machine: "
            "bubblewrap is not installed; install it (apt-get install bubblewrap)"
        )
    run(Job(code=""), "bubblewrap")


def command(python: Path, arguments: Sequence[str], see: Places, write: Places, limits: Limits = LIMITS) -> list[str]:
    """The command that runs an environment's interpreter confined; raises NoSandbox as `needed` does.

    It works in an empty folder in memory, home and temporary folder at once, which is gone when it ends. Beside its
    environment, Python's library and the system's shared libraries it sees `see`, read-only, at places relative to
    that folder. `write` are files in `see`, one a folder, which it may change: nothing else that it writes is left.
    They have to lie where nobody else can enter, since for root they are made such that everyone may write them.
    """
    needed()
    found, executable = seen(python, see)
    if os.geteuid() == 0:
        for file, _ in write:
            file.chmod(0o666)
    files = [(str(file), f"{WORK}/{place}") for file, place in write]
    told = {"command": [executable, *arguments], "limits": asdict(limits), "environment": {**PROGRAM, "USER": "nobody"}}
    launcher = [interpreter(), "-S", "-s", "-P", "-c", START.format(OWN), json.dumps(told)]
    bwrap, *rest = wrapped(launcher, found, SOURCE, limits.disk, files)
    return [bwrap, "--clearenv", *rest]


def seen(python: Path, see: Places) -> tuple[Shown, str]:
    """What the program sees, and where it finds its interpreter."""
    done = subprocess.run([python, "-I", "-c", PREFIXES], env=ENVIRONMENT, capture_output=True, text=True)
    if done.returncode:
        raise UsageError(f"{python} does not start: {done.stderr.strip()}; make its environment again")
    own, base = done.stdout.splitlines()
    ours = shown()
    folders = {base, *(folder for folder, _ in ours.see)}
    places = [(folder, folder) for folder in sorted(folders) if not any(inside(folder, other) for other in folders)]
    if own != base:
        places.append((own, PLACE))
    places += [(str(path), f"{WORK}/{place}") for path, place in see]
    at = PLACE if own != base else own
    return Shown(tuple(places), ours.hide, ours.links, ()), f"{at}/bin/{python.name}"
