"""One run of a point as a child process: `komainu run`, its words in a file, gone when this process is gone."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple, Protocol

from komainu.models import guard
from komainu.settings import Settings

LAST = 64 * 1024  # bytes of a log that are read for its last line


class Ended(NamedTuple):
    """How a run ended: its exit code (over 128: 128 and the signal), the class of its error, its last word."""

    code: int
    kind: str
    why: str

    @property
    def killed(self) -> bool:
        return self.code > 128


class Child(Protocol):
    """A run that was started, here or elsewhere."""

    def ended(self) -> Ended | None:
        """How it ended; None while it runs."""

    def stop(self) -> None:
        """End it, with all that it started, and wait."""

    def leave(self) -> None:
        """This process ends: end it too, or let it go on where the next queue can find it."""


Start = Callable[[Sequence[str], Path, int], Child]  # the words after `komainu`, the log, the number of its place


class Places(NamedTuple):
    """What each of several runs at once gets of this machine."""

    at_once: int
    threads: int
    devices: tuple[str, ...]

    def environment(self, place: int) -> dict[str, str]:
        given = {"KOMAINU_THREADS": str(self.threads)}
        return given | ({"CUDA_VISIBLE_DEVICES": self.devices[place % len(self.devices)]} if self.devices else {})


def places(settings: Settings, wanted: int = 0, environment: Mapping[str, str] = os.environ) -> Places:
    """So many runs as were asked for; without a number as many as the machine holds: one a GPU, or where there is none
    as often as `threads` goes into the cores. Cores are shared out where `threads` is 0, GPUs in turn."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    devices = gpus(environment)
    count = wanted or len(devices) or max(1, cores // (settings.threads or cores))
    return Places(count, settings.threads or max(1, cores // count), devices)


def gpus(environment: Mapping[str, str], seen: Path = Path("/proc/driver/nvidia/gpus")) -> tuple[str, ...]:
    """The GPUs that may be used, as CUDA_VISIBLE_DEVICES names them; none of another maker is known here."""
    if "CUDA_VISIBLE_DEVICES" in environment:
        return tuple(part.strip() for part in environment["CUDA_VISIBLE_DEVICES"].split(",") if part.strip())
    return tuple(str(n) for n, _ in enumerate(seen.iterdir())) if seen.is_dir() else ()


@dataclass
class Process:
    """A `komainu` of this machine under a guard, which ends it when this process ends, however that ends."""

    process: subprocess.Popen[bytes]
    said: IO[bytes]
    log: Path

    def ended(self) -> Ended | None:
        code = self.process.poll()
        if code is None:
            return None
        self._let_go()
        with self.said as said:
            said.seek(0)
            return told(code if code >= 0 else 128 - code, said.read(), last_line(self.log))

    def stop(self) -> None:
        self._let_go()
        try:
            self.process.wait(guard.GRACE + 5)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.said.close()

    def leave(self) -> None:
        self.stop()

    def _let_go(self) -> None:
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()


def starter(shared: Places) -> Start:
    """Starts runs on this machine. They ask models as this process may, so they get its environment."""

    def start(words: Sequence[str], log: Path, place: int) -> Process:
        said = tempfile.TemporaryFile()  # noqa: SIM115 (it lives as long as the process)
        with open(log, "ab") as errors:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", guard.__file__, sys.executable, "-m", "komainu.cli", *words],
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=errors,
                env={**os.environ, **shared.environment(place)},
                start_new_session=True,
            )
        return Process(process, said, log)

    return start


def told(code: int, said: bytes, last: str) -> Ended:
    """How a run ended, from its exit code and its one JSON object, where it got so far as to print one."""
    if code > 128:
        name = signal.Signals(code - 128).name if code - 128 in {*signal.Signals} else f"signal {code - 128}"
        return Ended(code, name, f"ended by {name}; {last}".rstrip("; "))
    try:
        found = json.loads(said.splitlines()[-1]) if said.strip() else {}
    except ValueError:
        found = {}
    error = str(found.get("error", "")).strip().splitlines() if isinstance(found, dict) else []
    kind = str(found.get("kind", "")) if isinstance(found, dict) else ""
    return Ended(code, kind or f"exit code {code}", error[-1].strip() if error else last)


def last_line(log: Path) -> str:
    """The last line of a file that says something."""
    try:
        with open(log, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LAST))
            lines = [line.strip() for line in file.read().decode("utf-8", "replace").splitlines()]
    except OSError:
        return ""
    return next((line for line in reversed(lines) if line), "")
