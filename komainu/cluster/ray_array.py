"""Many tasks of one command on a Ray cluster: each is a process of its own, under a worker of Ray.

They end with the process that began them: a job of Ray lives as long as its driver.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from komainu.cluster.base import Fate
from komainu.cluster.here import told
from komainu.errors import UsageError
from komainu.models import guard
from komainu.settings import Settings

POLL = 0.5  # seconds


class RayArray:
    """Raises UsageError where there is no Ray, or no cluster at the address."""

    poll = POLL

    def __init__(self, settings: Settings, folder: Path, argv: tuple[str, ...]) -> None:
        self.folder, self.argv, self.keys = folder.resolve(), argv, settings.keys
        self.ray = connected(settings.data.ray)
        self.refs: dict[int, Any] = {}
        self.ended: dict[int, Fate] = {}
        self.task = self.ray.remote(max_retries=0, num_cpus=1, num_gpus=settings.slurm.gpus)(
            doing(guard.__file__, os.getcwd(), sys.path, self.keys)
        )

    def begin(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            log = str(self.folder / "logs" / f"{number}.log")
            self.ended.pop(number, None)
            self.refs[number] = self.task.remote([*self.argv, str(number)], log)

    def fates(self) -> Mapping[int, Fate]:
        if self.refs:
            numbers = {ref: number for number, ref in self.refs.items()}
            ready, _ = self.ray.wait([*numbers], num_returns=len(numbers), timeout=0)
            for ref in ready:
                self.ended[numbers[ref]] = self.fate(self.refs.pop(numbers[ref]))
        return {**self.ended, **{number: Fate(True, "waits or runs") for number in self.refs}}

    def fate(self, ref: Any) -> Fate:
        try:
            code, node = self.ray.get(ref)
        except self.ray.exceptions.RayError as error:
            return Fate(False, f"was lost ({type(error).__name__})")
        return Fate(False, f"ended with {told(code)} on {node}")

    def cancel(self) -> None:
        for ref in self.refs.values():
            self.ray.cancel(ref, force=True)

    def leave(self) -> str:
        return "its tasks end, and what is done is kept"


def connected(address: str) -> Any:
    """The module ray, connected to the cluster at an address."""
    try:
        import ray
    except ImportError:
        raise UsageError("[data] on = \"ray\" needs Ray: pip install 'komainu[ray]'") from None
    if not ray.is_initialized():
        try:
            host, _, port = address.rpartition(":")
            if host and port.isdigit():  # Ray itself would try for a minute
                socket.create_connection((host, int(port)), timeout=10).close()
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
        except (OSError, ValueError, RuntimeError) as error:
            raise UsageError(
                f"[data] ray = {address!r}: no Ray cluster answers there ({error})"
                "; start one (`ray start --head`), or set `ray` to the address of one that runs"
            ) from None
    return ray


def doing(guard: str, folder: str, path: Sequence[str], keys: frozenset[str]) -> Any:
    """The function that Ray sends to its workers: of the standard library only, so that they need nothing of ours."""

    def task(argv: list[str], log: str) -> tuple[int, str]:
        import os
        import platform
        import subprocess
        import sys

        environment = {name: value for name, value in os.environ.items() if name not in keys}
        environment |= {"PYTHONPATH": os.pathsep.join(path), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        with open(log, "ab") as output:
            done = subprocess.Popen(  # the guard ends it when this worker ends, however it ends
                [sys.executable, "-I", "-S", guard, *argv],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                cwd=folder,
                env=environment,
            )
            parent = os.getppid()
            while os.getppid() == parent:
                try:
                    return done.wait(1), platform.node()
                except subprocess.TimeoutExpired:
                    continue
            os._exit(1)  # the node's daemon is gone, and nobody waits for this any more

    return task
