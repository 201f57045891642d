"""What Slurm says of a job and of its nodes: the outputs of squeue, sacct and sinfo, read."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from typing import NamedTuple

FIELDS = ("JobID", "State", "Reason", "RestartCnt", "exit_code", "NodeList")
SQUEUE = ("squeue", "--noheader", "--states=all", "--Format=" + ",".join(f"{f}:400|" for f in FIELDS))
SACCT = ("sacct", "--noheader", "--parsable2", "--allocations", "--format=JobIDRaw,State,ExitCode,NodeList")
SINFO = ("sinfo", "--noheader", "--Node", "--format=%N|%T|%E")
ENDED = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL", "BOOT_FAIL", "OUT_OF_MEMORY", "DEADLINE"}
ENDED |= {"PREEMPTED", "REVOKED"}
DOWN = ("down", "fail", "drain", "error", "unknown", "perfctrs", "power")


class Seen(NamedTuple):
    """A job as Slurm tells of it. `reason` says why it waits, `nodes` is a node list as Slurm writes it."""

    job: int
    state: str
    reason: str = ""
    restarts: int = 0
    code: int = 0
    nodes: str = ""

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    def text(self) -> str:
        """`running on node[1-4], restart 1`."""
        state = self.state.lower().replace("_", " ")
        where = f" on {self.nodes}" if self.nodes else ""
        why = f" ({self.reason})" if self.state == "PENDING" and self.reason not in ("", "None") else ""
        return f"{state}{where}{why}{f', restart {self.restarts}' if self.restarts else ''}"


class Unheard(Exception):
    """Slurm gave no answer this time."""


def of_squeue(text: str) -> dict[int, Seen]:
    """The jobs of `squeue`, by number."""
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > len(FIELDS) and number(cells[0]):
            job, state, reason, restarts, code, nodes = cells[: len(FIELDS)]
            found[int(job)] = Seen(int(job), state, reason, number(restarts), exit_of(code), nodes)
    return found


def of_sacct(text: str) -> dict[int, Seen]:
    """The jobs of `sacct`; of a job that was requeued the last line counts."""
    found = {}
    for line in text.splitlines():
        cells = line.split("|")
        if len(cells) == 4 and number(cells[0]):
            job, state, code, nodes = cells
            nodes = "" if nodes == "None assigned" else nodes
            found[int(job)] = Seen(int(job), state.partition(" ")[0], code=exit_of(code), nodes=nodes)
    return found


def of_sinfo(text: str) -> dict[str, str]:
    """The nodes that are down or lost, each with its state and what is said of it."""
    found = {}
    for line in text.splitlines():
        name, state, why = (*line.split("|", 2), "", "")[:3]
        if state.startswith(DOWN) or state.endswith("*"):
            found[name.strip()] = f"{state} ({why})" if why not in ("", "none") else state
    return found


def exit_of(text: str) -> int:
    """An exit code as `3`, as `3:0` (code:signal), or as a wait status; 128 + n for a signal."""
    code, _, sign = text.partition(":")
    if sign:
        return number(code) or (128 + number(sign) if number(sign) else 0)
    status = number(code)
    return status >> 8 if status > 255 else 128 + status if 0 < status < 65 else status


def number(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else 0


def ask(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    """What a Slurm command prints. Raises Unheard when it fails, or takes half a minute."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Unheard(f"{command[0]}: {error}") from None
    if done.returncode:
        raise Unheard(f"{command[0]}: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return done.stdout


def look(job: int) -> Seen | None:
    """A job as squeue tells of it, or sacct once squeue has forgotten it; None when neither knows it."""
    try:
        if seen := of_squeue(ask([*SQUEUE, f"--jobs={job}"])).get(job):
            return seen
    except Unheard as error:
        if "Invalid job id" not in str(error):
            raise
    try:
        return of_sacct(ask([*SACCT, f"--jobs={job}"])).get(job)
    except Unheard:  # a Slurm that keeps no accounts
        return None


def named(name: str) -> Seen | None:
    """The newest living job of a name."""
    found = of_squeue(ask([*SQUEUE, "--me", f"--name={name}"]))
    return max((seen for seen in found.values() if not seen.ended), default=None)


def lost(nodes: str) -> dict[str, str]:
    """Which of some nodes are down, with why; {} when Slurm does not say."""
    try:
        return of_sinfo(ask([*SINFO, f"--nodes={nodes}"])) if nodes else {}
    except Unheard:
        return {}
