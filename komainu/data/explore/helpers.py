"""Starts the processes that note and index datasets, once for each, and tells how far they are."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal

from komainu.data.executor import cores
from komainu.settings import Settings, without_keys
from komainu.store import Artifact, Store

What = Literal["rows", "index"]


@dataclass(frozen=True)
class Helpers:
    """To be closed, or they end with this process. One for each core, or as many as `processes` of komainu.toml."""

    store: Store
    settings: Settings
    started: dict[tuple[str, What], list[subprocess.Popen[bytes]]] = field(default_factory=dict)
    guard: Lock = field(default_factory=Lock)

    def want(self, artifact: Artifact, what: What) -> bool:
        """See to it that a dataset is noted, or indexed; False where that has failed: then standard error said why."""
        key = (artifact.ref, what)
        with self.guard:
            if key not in self.started:
                count = 1 if what == "rows" else self.settings.processes or cores()
                self.started[key] = [self.start(*key) for _ in range(count)]
            ended = [process.poll() for process in self.started[key]]
            if all(code == 0 for code in ended):
                end(self.started.pop(key))  # should the work be undone, it is done again
        return not any(ended)

    def start(self, ref: str, what: What) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "komainu.data.explore.helper", str(self.store.root.absolute()), ref, what],
            env=without_keys(self.settings) | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            process_group=0,  # Ctrl-C is for this process; they end when it does
        )

    def close(self) -> None:
        for some in self.started.values():
            end(some)
        self.started.clear()


def end(some: list[subprocess.Popen[bytes]]) -> None:
    for process in some:
        assert process.stdin is not None
        process.stdin.close()
        process.wait()
