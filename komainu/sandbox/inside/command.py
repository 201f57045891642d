"""The way in for a program of others, when bubblewrap has made the jail: a watcher, and the program as nobody."""

from __future__ import annotations

import json
import os

from komainu.sandbox.inside import privileges, root, watch
from komainu.sandbox.inside.main import die_with_parent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

HANDLES = 1024  # open files of a process


def main(given: str) -> NoReturn:
    """Run `command` with `environment` under `limits`; ends with its exit code, and then all it has left ends too."""
    told: dict[str, Any] = json.loads(given)
    proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
    privileges.drop(proc)
    die_with_parent()
    if (child := os.fork()) == 0:
        try:
            start(told)
        except BaseException as error:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(126)
    how, code, cpu = watch.watch(child, proc, told["limits"], [], lambda: 0)
    if how != "exit":
        os.write(2, f"ended by the sandbox: {how} {code or ''}, after {cpu:.0f} s of CPU time\n".encode())
    os._exit(code if how == "exit" else 1)


def start(told: dict[str, Any]) -> NoReturn:
    """Become the program. Raises when this process still has what the program must not have."""
    os.setsid()
    die_with_parent()
    os.chdir(root.WORK)
    wrong = [
        what
        for what, found in {
            "is root": 0 in (os.getuid(), os.geteuid(), os.getgid(), os.getegid()),
            "has capabilities": privileges.capabilities(),
            "sees the host's processes": os.getppid() != 1,
        }.items()
        if found
    ]
    if wrong:
        raise RuntimeError(f"the program {', '.join(wrong)}")
    limits = told["limits"]
    privileges.limit(limits["cpu"], limits["memory"], limits["disk"], limits["processes"], HANDLES)
    os.execve(told["command"][0], told["command"], told["environment"])
