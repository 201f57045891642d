"""Where metrics go beside metrics.jsonl: TensorBoard, W&B, MLflow, Trackio, by a setting, several at once.

Each has a process of its own (`tracking`) behind a thread with a bounded queue. So a tracker that fails, hangs, or is
slow never stops a training and never makes it wait, but for a few seconds at its end.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from komainu.train import tracking

log = logging.getLogger("komainu")
WAITING = 10_000  # lines that a tracker may be behind; what comes on top is left out, and counted
PATIENCE = 15.0  # seconds that all of them together get to finish
TAIL = 4096


class Trackers:
    """The trackers named in komainu.toml; one that fails is told once and left out. `root` is where they may write."""

    def __init__(
        self,
        names: Sequence[str],
        run: str,
        root: Path,
        environment: Mapping[str, str] = os.environ,
        command: Sequence[str] = (sys.executable, "-m", tracking.__name__),
    ) -> None:
        self.open: list[Tracker] = []
        for name in dict.fromkeys(names):
            if name not in tracking.MAKERS:
                log.warning("tracker %r is left out: there is %s", name, ", ".join(tracking.MAKERS))
                continue
            try:
                self.open.append(
                    Tracker(name, [*command, name, run, str(root)], root / f"{name}-{run}.log", environment)
                )
            except OSError as error:
                log.warning("tracker %s does not start and is left out: %s", name, error)

    def log(self, step: int, values: Mapping[str, Any]) -> None:
        """Hand the numbers of a step over; does not wait."""
        line = json.dumps([step, values]).encode() + b"\n"
        for each in self.open:
            each.put(line)

    def close(self) -> None:
        """Let them finish, for so long as they are given; what does not end in time is killed, and told."""
        for each in self.open:
            each.put(None)
        deadline = time.monotonic() + PATIENCE
        for each in self.open:
            each.close(deadline)
        self.open.clear()


class Tracker:
    """One tracker's process, and the thread that writes to it."""

    def __init__(self, name: str, command: Sequence[str], said: Path, environment: Mapping[str, str]) -> None:
        self.name, self.said, self.lost = name, said, 0
        self.lines: queue.Queue[bytes | None] = queue.Queue(WAITING)
        said.parent.mkdir(parents=True, exist_ok=True)
        with open(said, "wb") as errors:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=errors,
                stderr=errors,
                env=dict(environment),
                start_new_session=True,
            )
        self.thread = threading.Thread(target=self._write, name=f"komainu-{name}", daemon=True)
        self.thread.start()

    def put(self, line: bytes | None) -> None:
        try:
            self.lines.put_nowait(line)
        except queue.Full:
            if line is None:  # nothing more will be taken: the end must be
                self._kill()
            self.lost += 1
            if self.lost == 1:
                log.warning("tracker %s is %s steps behind: what comes now is left out there", self.name, WAITING)

    def close(self, deadline: float) -> None:
        self.thread.join(max(0.0, deadline - time.monotonic()))
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(max(0.0, deadline - time.monotonic()))
        if self.process.poll() is None:
            self._kill()
            log.warning("tracker %s did not finish in %.0f s and was ended: it may lack steps", self.name, PATIENCE)
        elif self.process.returncode:
            log.warning("tracker %s failed, it lacks steps: %s", self.name, self.last())
        if self.lost:
            log.warning("tracker %s lacks %s steps that it was too slow for", self.name, self.lost)
        self.thread.join(1.0)

    def _write(self) -> None:
        """Write what there is; when the tracker is gone, only take it."""
        assert self.process.stdin is not None
        with contextlib.suppress(OSError), self.process.stdin as pipe:
            while (line := self.lines.get()) is not None:
                pipe.write(line)
                pipe.flush()
            return
        while self.lines.get() is not None:
            pass

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def last(self) -> str:
        """The last line that it printed."""
        with open(self.said, "rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
            lines = file.read().decode("utf-8", "replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it printed nothing")
