"""Work for other processes, and what every way to run it shares.

A launcher runs one command as several tasks, each of which finds its place among them in RANK, LOCAL_RANK and
WORLD_SIZE and the others at MASTER_ADDR:MASTER_PORT, as under torchrun; or in SLURM_PROCID and its like. The work is
done when the file `result` is there, whatever the exit codes said.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from komainu.errors import Error, GateFailed, Incomplete, JobFailed, OverBudget, UsageError

AGAIN, STOPPED = "again", "stopped"
TAIL = 12  # lines of a log that an error shows
KINDS: tuple[type[Error], ...] = (UsageError, GateFailed, Incomplete, OverBudget)  # come back as they were raised


@dataclass(frozen=True)
class Work:
    """A command to be run as `tasks` processes. Scratch, log and job file lie in `folder`, which all machines see."""

    name: str  # of the job: no two works of a store have the same
    folder: Path
    argv: tuple[str, ...]
    result: Path
    tasks: int = 1

    @property
    def log(self) -> Path:
        return self.folder / "ranks.log"

    @property
    def again(self) -> Path:
        """Put there by a task that has saved its state and asks to be started again."""
        return self.folder / AGAIN

    @property
    def stopped(self) -> Path:
        """Put there by a task that was told to end and has saved its state."""
        return self.folder / STOPPED

    def tail(self) -> str:
        """The last lines of the log, to be shown in an error."""
        return tail(self.log)


class Launcher(Protocol):
    """Runs work to its end. Raises JobFailed when it ends without its result; run again to go on."""

    def run(self, work: Work, watch: Callable[[], None]) -> None:
        """`watch` is called now and then while it runs."""


class Fate(NamedTuple):
    """Whether one task of an array still lives (waits or runs), and how it stands or has ended."""

    lives: bool
    text: str


class Array(Protocol):
    """Runs one command many times, each with a number as its last word, as separate tasks on other machines."""

    @property
    def poll(self) -> float:
        """Seconds between two looks at the tasks."""

    def begin(self, numbers: Sequence[int]) -> None:
        """Start the tasks of these numbers. Raises UsageError when that is refused."""

    def fates(self) -> Mapping[int, Fate]:
        """What is known of each number's newest task, also of those that an earlier process began."""

    def cancel(self) -> None:
        """End all that live."""

    def leave(self) -> str:
        """This process ends and the work is not done: what becomes of the tasks, a sentence."""


class Place(NamedTuple):
    """Which of how many tasks a process is, and which of those on its machine."""

    rank: int
    size: int
    local: int


def place(environment: Mapping[str, str]) -> Place:
    """This process's place, from torchrun's variables or else srun's; alone where there are none."""
    for names in (("RANK", "WORLD_SIZE", "LOCAL_RANK"), ("SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID")):
        if all(name in environment for name in names):
            return Place(*(int(environment[name]) for name in names))
    return Place(0, 1, 0)


def every(seconds: float, call: Callable[[], None]) -> Callable[[], None]:
    """The call, made at most once in so many seconds."""
    last = -seconds

    def calls() -> None:
        nonlocal last
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            call()

    return calls


def last_objects(path: Path, most: int) -> list[dict[str, Any]]:
    """The last whole lines, at most so many, of a JSON Lines file that is being written; [] when there are none."""
    try:
        with open(path, "rb") as file:
            start = max(0, file.seek(0, 2) - 65536)
            file.seek(start)
            lines = file.read().split(b"\n")[:-1]
        found = [json.loads(line) for line in (lines[1:] if start else lines)[-most:]]
    except (OSError, ValueError):
        return []
    return [each for each in found if isinstance(each, dict)]


def last_object(path: Path) -> dict[str, Any] | None:
    """The last whole line of such a file; None when there is none."""
    found = last_objects(path, 1)
    return found[-1] if found else None


def tail(log: Path) -> str:
    """The last lines of a log."""
    try:
        lines = log.read_bytes()[-20_000:].decode("utf-8", "replace").splitlines()[-TAIL:]
    except OSError:
        lines = []
    return "\n".join(f"  {line}" for line in lines) or "  (it printed nothing)"


def failure(file: Path) -> Error | None:
    """The error that a worker left for the user, as it raised it."""
    try:
        left: dict[str, Any] = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    kinds: dict[str, Callable[[str], Error]] = {kind.__name__: kind for kind in KINDS}
    return kinds.get(left["kind"], JobFailed)(left["message"])
