"""A run of a point as a Slurm job: submitted once, followed, and found again by the next queue."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from komainu.cluster.base import Work
from komainu.cluster.queue import Unheard, ask
from komainu.cluster.slurm import SlurmQueue, job_in
from komainu.errors import Error, UsageError
from komainu.seal import RECORD
from komainu.settings import Settings
from komainu.stage import Stage, models_of
from komainu.sweeps.run import Ended, Start, told

log = logging.getLogger("komainu")
AT_ONCE = 16  # jobs, where no number is said


class Job:
    """A whole `komainu run` as a job, followed by a thread of this process; it goes on when this process ends."""

    def __init__(self, work: Work, settings: Settings) -> None:
        self.work, self.error = work, ""
        self.code, self.kind = 0, ""
        work.folder.mkdir(parents=True, exist_ok=True)
        self.thread = threading.Thread(target=self._follow, args=(settings,), daemon=True)
        self.thread.start()

    def _follow(self, settings: Settings) -> None:
        try:
            SlurmQueue(settings).run(self.work, lambda: None)
        except Error as error:
            self.code, self.kind, self.error = error.code, type(error).__name__, str(error)

    def ended(self) -> Ended | None:
        if self.thread.is_alive():
            return None
        if not self.error:
            return Ended(0, "", "")
        said = objects(self.work.log)
        return told(self.code, said[-1], "") if said else Ended(self.code, self.kind, self.error.splitlines()[0])

    def stop(self) -> None:
        if (seen := job_in(self.work.folder)) and not seen.ended:
            with contextlib.suppress(Unheard):
                ask(["scancel", str(seen.job)])
        self.thread.join(60)

    def leave(self) -> None:
        log.info("%s goes on: the same command follows it again", self.work.name)


def starter(settings: Settings, root: Path) -> Start:
    """Starts runs as jobs of one task, as [slurm] of komainu.toml says.

    Whole runs save no state at a warning signal, so none is asked for; a job that Slurm requeues goes on from the
    checkpoint of its training.

    Raises UsageError where [train] would send jobs out of jobs.
    """
    if settings.train.where == "slurm":
        raise UsageError(
            "[train] where is slurm, so each training is a job already: leave --slurm out, or set it to here"
        )
    if settings.slurm.nodes > 1:
        raise UsageError(
            f"--slurm gives each point one task, which {settings.slurm.nodes} nodes cannot share; set `nodes` of "
            "[slurm] to 1"
        )
    slurm = msgspec.structs.replace(settings.slurm, warn=0)
    there = msgspec.structs.replace(settings, slurm=slurm)

    def start(words: Sequence[str], said: Path, place: int) -> Job:
        folder = said.with_suffix("").resolve()
        mark = sha256(bytes(folder)).hexdigest()[:6]
        ref = said.stem.partition("-")
        argv = (sys.executable, "-m", "komainu.cli", *words)
        result = root.resolve() / ref[0] / ref[2] / RECORD
        return Job(Work(f"komainu-point-{ref[2]}-{mark}", folder, argv, result), there)

    return start


def keyless(stages: Iterable[Stage], settings: Settings) -> None:
    """Raise UsageError where a stage to be built asks at an endpoint with a key: no job gets one."""
    for stage in stages:
        for model in models_of(stage):
            endpoint = settings.endpoints.get(model.name)
            if endpoint and endpoint.key:
                raise UsageError(
                    f"{stage.label} asks {model.name}, whose endpoint has a key, and no job gets a key; run it without "
                    "--slurm first, or serve it without a key"
                )


def objects(path: Path) -> list[bytes]:
    """The JSON objects that stand alone on a line at the end of a log."""
    with contextlib.suppress(OSError):
        return [line for line in path.read_bytes()[-65536:].splitlines() if line.startswith(b'{"error"')]
    return []
