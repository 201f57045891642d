"""Work as a Slurm job: submitted once, followed to its end, its failures named."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from komainu.cluster.base import Work, every
from komainu.cluster.here import told
from komainu.cluster.queue import Seen, Unheard, ask, look, lost, named
from komainu.cluster.sbatch import render
from komainu.errors import JobFailed, UsageError
from komainu.files import write_json
from komainu.settings import Settings, without_keys

log = logging.getLogger("komainu")
JOB = "job.json"  # in the work's folder: which job it is
FORGOTTEN = 3  # looks that do not find a job, until it counts as gone
TICK = 0.2  # seconds


@dataclass(frozen=True)
class SlurmQueue:
    """Jobs outlive this process: a second run follows the job that is there, and starts no other beside it."""

    settings: Settings

    def run(self, work: Work, watch: Callable[[], None]) -> None:
        """Submit unless a job of this work lives, then follow it."""
        seen = living(work)
        job = seen.job if seen else self.submit(work)
        log.info("%s is job %d%s; it writes to %s", work.name, job, " already" if seen else "", work.log)
        try:
            judge(work, *self.follow(job, watch))
        except KeyboardInterrupt:
            log.warning("job %d goes on: run the same command to follow it again; `scancel %d` ends it", job, job)
            raise

    def submit(self, work: Work) -> int:
        """Raises UsageError when sbatch refuses, with what it said."""
        script = work.folder / "job.sh"
        script.write_text(render(work, self.settings.slurm), encoding="utf-8")
        try:
            said = ask(["sbatch", "--parsable", str(script)], without_keys(self.settings))
        except Unheard as error:
            raise UsageError(f"{work.name} was not submitted: {error}; see [slurm] in komainu.toml") from None
        job = int(said.strip().partition(";")[0])
        write_json(work.folder / JOB, {"job": job, "name": work.name})
        return job

    def follow(self, job: int, watch: Callable[[], None]) -> tuple[Seen, str]:
        """The job at its end, and the nodes it ran on last."""
        poll, nodes, unknown = self.settings.slurm.poll, "", 0
        last: Seen | None = None
        watch = every(1.0, watch)
        while True:
            try:
                seen = look(job)
            except Unheard as error:
                log.warning("%s; asking again", error)
                seen = last
            else:
                unknown = unknown + 1 if seen is None else 0
            if unknown >= FORGOTTEN:
                return Seen(job, "GONE"), nodes
            if seen is not None and seen != last:
                tell(last, seen, nodes)
                last, nodes = seen, seen.nodes or nodes
            if seen is not None and seen.ended:
                return seen, nodes
            until = time.monotonic() + poll
            while time.monotonic() < until:
                watch()
                time.sleep(min(TICK, poll))


def living(work: Work) -> Seen | None:
    """The job of this work that waits or runs, also one whose number was never written down."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        if (seen := look(int(json.loads((work.folder / JOB).read_bytes())["job"]))) and not seen.ended:
            return seen
    try:
        return named(work.name)
    except Unheard as error:
        raise UsageError(
            f"Slurm does not answer: {error}"
            "; `komainu doctor` tells what it lacks. Run again when it answers: a job that lives is followed"
        ) from None


def tell(last: Seen | None, seen: Seen, nodes: str) -> None:
    """Log what has become of a job; when it no longer runs where it ran, name the nodes that are down."""
    log.info("job %d: %s", seen.job, seen.text())
    if last is not None and last.state == "RUNNING" and (seen.state != "RUNNING" or seen.restarts > last.restarts):
        for node, why in lost(nodes).items():
            log.warning("job %d: node %s is %s", seen.job, node, why)


def judge(work: Work, seen: Seen, nodes: str) -> None:
    """Raise JobFailed unless the result is there, with why and which nodes are down."""
    if work.result.exists():
        return
    where = seen.nodes or nodes
    match seen.state:
        case "COMPLETED":
            why = "ended with exit code 0 and left no artifact"
        case "NODE_FAIL" | "BOOT_FAIL":
            why = "lost a node"
        case "GONE":
            why = "is no longer known to Slurm, and left no artifact"
        case "FAILED":
            why = f"failed with {told(seen.code)}"
        case state:
            why = f"ended as {state}"
    dead = "".join(f"; node {node} is {what}" for node, what in lost(where).items())
    raise JobFailed(
        f"{work.name}: job {seen.job} on {where or 'no node'} {why}{dead}. Run the same command to go on from what is "
        f"saved. The last words in {work.log}:\n{work.tail()}"
    )


def job_in(folder: Path) -> Seen | None:
    """The job of a work's folder as Slurm tells of it now; None where there is none, or nothing is told."""
    try:
        return look(int(json.loads((folder / JOB).read_bytes())["job"]))
    except (OSError, ValueError, KeyError, Unheard):
        return None
