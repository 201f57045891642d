"""Hostile programs: what they are after, and how they fare without a sandbox, so that each is seen to be one."""

from __future__ import annotations

import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from komainu.sandbox.base import Limits, Outcome
from komainu.sandbox.bubblewrap import bubblewrap
from komainu.sandbox.run import Means

MEANS: list[Any] = [
    "namespaces",
    pytest.param("bubblewrap", marks=pytest.mark.skipif(not bubblewrap(), reason="bwrap")),
]
SECRET = "the-planted-secret"
NAME = f"evil-{os.getpid()}"  # what hostile children of these tests call themselves; other tests run beside them
PRELUDE = """
import os, sys
P = {planted!r}
def broken(what=True):
    if what: os.write(1, b"BROKEN")
def reached(number, *arguments):
    "Whether the kernel has this call for us, whatever it says to the arguments."
    import ctypes
    ctypes.set_errno(0)
    library = ctypes.CDLL(None, use_errno=True)
    result = library.syscall(number, *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    return result >= 0 or ctypes.get_errno() != 38
"""


SMALL = Limits(cpu=0.5, asleep=0.4, memory=256 << 20, disk=8 << 20, output=1 << 16)


@dataclass(frozen=True)
class Attack:
    """A program that calls `broken()` when it gets what it wants. `ends` is how it is ended inside, where that matters.

    `bare`: what is seen without the sandbox: it breaks out, it runs on, a child of it survives, or it cannot be tried
    (too dangerous, or aimed at the sandbox itself).
    """

    name: str
    code: str
    limits: Limits = SMALL
    ends: tuple[str, ...] = ()
    bare: Literal["breaks", "runs on", "survives", "not tried"] = "breaks"
    root: bool = False  # needs root, to be seen without the sandbox
    call: int = 0  # the system call it makes, where that is all; not every kernel has every call


def linux(name: str, number: int, *arguments: str, **more: Any) -> Attack:
    """An attack by one system call (numbers of x86-64): it is broken when the kernel answers at all."""
    return Attack(name, f"broken(reached({', '.join([str(number), *arguments])}))", call=number, **more)


X86 = platform.machine() == "x86_64"


@contextmanager
def planted() -> Iterator[dict[str, Any]]:
    """Things on this machine that no program may get at."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="komainu-planted-")))
        folder.chmod(0o755)
        secret = folder / "secret"
        secret.write_text(SECRET)
        shared = Path(f"/dev/shm/komainu-planted-{os.getpid()}")
        shared.write_text(SECRET)
        stack.callback(shared.unlink)
        abstract = f"\0komainu-planted-{os.getpid()}"
        listeners: list[tuple[int, int, Any]] = [
            (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            (socket.AF_UNIX, socket.SOCK_STREAM, abstract),
            (socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "socket")),
        ]
        opened = []
        for family, kind, address in listeners:
            opened.append(stack.enter_context(socket.socket(family, kind)))
            opened[-1].bind(address)
            opened[-1].listen(64)
        victim = subprocess.Popen(["/bin/sleep", "600"], env={"PLANTED": SECRET})
        stack.callback(victim.wait)
        stack.callback(victim.kill)
        yield {
            "secret": str(secret),
            "text": SECRET,
            "folder": str(folder),
            "shared": str(shared),
            "port": opened[0].getsockname()[1],
            "abstract": abstract,
            "socket": str(folder / "socket"),
            "victim": victim.pid,
            "source": str(Path(__file__).parents[2] / "komainu" / "__init__.py"),
            "name": NAME,
        }


def program(attack: Attack, things: dict[str, Any]) -> str:
    return PRELUDE.format(planted=things) + attack.code


def bare(code: str, seconds: float = 1.5) -> tuple[str, str]:
    """Run a program as any program is run: what it printed, and whether it "runs on" or a child of it "survives"."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-S", "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, "PLANTED": SECRET},
            start_new_session=True,
            text=True,
            errors="replace",
        )
        try:
            said = process.communicate(timeout=seconds)[0]
            time.sleep(0.1)
            return said, "survives" if survivors() else ""
        except subprocess.TimeoutExpired:
            return "", "runs on"
        finally:
            with_children(process)


def with_children(process: subprocess.Popen[str]) -> None:
    """End a process and all that it has left behind in its session."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for pid in survivors():
        os.kill(pid, signal.SIGKILL)
    process.communicate()


def survivors() -> list[int]:
    """Processes of this machine with the name that hostile children give themselves."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "comm").read_text().strip() == NAME:
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def is_broken(outcome: Outcome) -> bool:
    return b"BROKEN" in outcome.output


def mean_of(name: str) -> Means:
    return "bubblewrap" if name == "bubblewrap" else "namespaces"
