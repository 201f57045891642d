"""Tasks as processes of this machine. They end with this process, however it ends."""

from __future__ import annotations

import contextlib
import logging
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

from komainu.cluster.base import Work, every
from komainu.errors import JobFailed
from komainu.models import guard
from komainu.models.local import free_port
from komainu.settings import Settings, without_keys

log = logging.getLogger("komainu")
LOOK = 0.05  # seconds between two looks at the processes
AGAIN = "Mend what it says and run the same command: it goes on from the last checkpoint"


@dataclass(frozen=True)
class Here:
    """As `torchrun --standalone` does it. When one task fails the others are ended, and the first is named."""

    settings: Settings

    def run(self, work: Work, watch: Callable[[], None]) -> None:
        log.info("start %d processes for %s; they write to %s", work.tasks, work.name, work.log)
        port, watch = str(free_port()), every(0.5, watch)
        tasks: list[subprocess.Popen[bytes]] = []
        with open(work.log, "ab") as output:
            try:
                for rank in range(work.tasks):
                    tasks.append(self.start(work, rank, port, output))
                while any(task.poll() is None for task in tasks) and not any(task.poll() for task in tasks):
                    watch()
                    time.sleep(LOOK)
                failed = next((i for i, task in enumerate(tasks) if task.poll()), None)
                code = None if failed is None else tasks[failed].returncode
            finally:
                end(tasks)
        watch()
        if failed is not None:
            how = f"rank {failed} ended with {told(code or 0)}"
            raise JobFailed(f"{work.name}: {how}. {AGAIN}. Its last words:\n{work.tail()}")
        if not work.result.exists():
            how = "all ranks ended with 0 and left no result"
            raise JobFailed(f"{work.name}: {how}. {AGAIN}. The last words:\n{work.tail()}")

    def start(self, work: Work, rank: int, port: str, output: IO[bytes]) -> subprocess.Popen[bytes]:
        place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": work.tasks, "MASTER_PORT": port}
        return subprocess.Popen(
            [sys.executable, "-I", "-S", guard.__file__, *work.argv],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env={
                "OMP_NUM_THREADS": "1",
                "MASTER_ADDR": "127.0.0.1",
                **without_keys(self.settings),
                **{name: str(value) for name, value in place.items()},
            },
            start_new_session=True,
        )


def end(tasks: list[subprocess.Popen[bytes]]) -> None:
    """Let the guards end what is left, and wait for them."""
    for task in tasks:
        assert task.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            task.stdin.close()
    for task in tasks:
        try:
            task.wait(guard.GRACE + 2)
        except subprocess.TimeoutExpired:
            task.kill()
            task.wait()


def told(code: int) -> str:
    """An exit code, or the signal that stands for it."""
    number = -code if code < 0 else code - 128 if 128 < code < 160 else 0
    return f"signal {number}" if number else f"exit code {code}"
