"""A Python environment of its own for a program of others: pinned, made once, never mixed with ours."""

from __future__ import annotations

import fcntl
import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from komainu.errors import UsageError
from komainu.spec import Spec

log = logging.getLogger("komainu")
READY = "ready"  # written last: its presence means that every step is done
LINES = 15  # of pip's output shown when it fails
KEPT = {"PATH", "HOME", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH"}
KEPT_PREFIXES = (
    "LC_",
    "PIP_",
    "SSL_",
    "OMP_",
    "OPENBLAS_",
    "CUDA_",
    "http_",
    "https_",
    "no_",
    "HTTP_",
    "HTTPS_",
    "NO_",
)


@dataclass(frozen=True, kw_only=True)
class Environment(Spec):
    """Which packages a program of others runs with; where that lies is a setting (`environments`).

    `steps` are the arguments of one `pip install` each, in order; `pins` is the text of a constraints file that holds
    the version of every package, so that the same environment is made again in a year. Both are its identity.
    Not covered: other Python versions than the one that runs this, and packages that are not pip's.
    """

    name: str
    steps: tuple[tuple[str, ...], ...]
    pins: str = ""

    def python(self, root: Path) -> Path:
        """Its interpreter under `root`, once everything is installed.

        Processes that want the same one make it once; one that was interrupted goes on with the next call. Raises
        UsageError with pip's last words when a step fails.
        """
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        place = root.absolute() / f"{self.name}-{self.id}-py{version}"
        if not (place / READY).exists():
            place.mkdir(parents=True, exist_ok=True)
            with alone(place / "lock"):
                if not (place / READY).exists():
                    self._make(place)
        return place / "bin" / "python"

    def _make(self, place: Path) -> None:
        log.info("make the environment %s in %s", self.name, place)
        pins = place / "constraints.txt"
        pins.write_text(self.pins, encoding="utf-8")
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "-c", str(pins)]
        for command in ([sys.executable, "-m", "venv", str(place)], *([*pip, *step] for step in self.steps)):
            done = subprocess.run(
                command, env=bare(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            said = done.stdout.decode("utf-8", "replace")
            (place / "log.txt").write_text(said, encoding="utf-8")
            if done.returncode:
                last = "\n".join(f"  {line}" for line in said.splitlines()[-LINES:])
                raise UsageError(
                    f"the environment {self.name} cannot be made: {' '.join(command)!r} ended with {done.returncode}. "
                    f"See {place / 'log.txt'}; mend it and run again, it goes on from here. Its last words:\n{last}"
                )
        (place / READY).touch()


def bare(**more: str) -> dict[str, str]:
    """The variables a program of others gets: what a process needs to run, none of Python's, no keys, and `more`."""
    return {**kept(os.environ), "PYTHONNOUSERSITE": "1", **more}


def kept(environment: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in environment.items() if k in KEPT or k.startswith(KEPT_PREFIXES)}


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Hold a lock across processes; the kernel lets go of it when this one ends."""
    with open(path, "a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("another process holds %s: waiting", path)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
