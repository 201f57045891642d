"""Ranks for tests: forks of this process that meet over gloo, far cheaper than processes started anew."""

from __future__ import annotations

import json
import os
import signal
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from komainu.context import Group
from komainu.files import write_json
from komainu.models.local import free_port


def gang(size: int, folder: Path, work: Callable[[Group], Any]) -> list[Any]:
    """What `work` gives in each of `size` ranks, as JSON; raises AssertionError with the traceback of a rank."""
    folder.mkdir(parents=True, exist_ok=True)
    meet()
    children = [fork(Group(rank, size), folder, work) for rank in range(size)]
    ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    errors = [p.read_text() for p in sorted(folder.glob("*.error"))]
    assert ended == [0] * size, "\n".join(errors)
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in range(size)]


def killed(size: int, folder: Path, work: Callable[[Group], Any], scratch: Path, after: float = 0.0) -> None:
    """Start ranks and, `after` seconds from their first checkpoint in `scratch`, kill the last one, then the others."""
    folder.mkdir(parents=True, exist_ok=True)
    meet()
    children = [fork(Group(rank, size), folder, work) for rank in range(size)]
    while not [*scratch.glob("step-*")]:
        assert os.waitpid(children[0], os.WNOHANG)[0] == 0, "it ended before it could be killed"
        time.sleep(0.005)
    time.sleep(after)
    for child in reversed(children):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def meet() -> None:
    """Where the next ranks find each other."""
    torch.set_num_threads(1)  # a fork has no pool of threads
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(free_port()), GLOO_SOCKET_IFNAME="lo")


def fork(group: Group, folder: Path, work: Callable[[Group], Any]) -> int:
    with warnings.catch_warnings():  # Python 3.12 warns of forks beside threads; the fork touches none of them
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        return child
    code = 1
    try:
        write_json(folder / f"{group.rank}.json", work(group))
        code = 0
    except BaseException:
        (folder / f"{group.rank}.error").write_text(traceback.format_exc())
    finally:
        os._exit(code)
