"""Many tasks of one command as Slurm arrays: each number is done by a task of its own."""

from __future__ import annotations

import logging
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from komainu.cluster.base import Fate
from komainu.cluster.here import told
from komainu.cluster.queue import Seen, Unheard, ask, exit_of, number
from komainu.cluster.sbatch import options
from komainu.errors import UsageError
from komainu.settings import Settings, without_keys

log = logging.getLogger("komainu")
FIELDS = ("ArrayJobID", "ArrayTaskID", "State", "exit_code", "NodeList")
SQUEUE = ("squeue", "--noheader", "--array", "--me", "--states=all", "--Format=" + ",".join(f"{f}:80|" for f in FIELDS))


@dataclass(frozen=True)
class SlurmArray:
    """Arrays outlive this process. They are found again by their name, which no other work of a store has.

    A task whose node dies, or that is preempted, is queued again by Slurm itself.
    """

    settings: Settings
    name: str
    folder: Path
    argv: tuple[str, ...]
    most: int = 0  # at once; 0: as many as Slurm lets

    @property
    def poll(self) -> float:
        return self.settings.slurm.poll

    def begin(self, numbers: Sequence[int]) -> None:
        script = self.folder / "array.sh"
        script.write_text(self.script(numbers), encoding="utf-8")
        try:
            said = ask(["sbatch", "--parsable", str(script)], without_keys(self.settings))
        except Unheard as error:
            raise UsageError(f"{self.name} was not submitted: {error}; see [slurm] in komainu.toml") from None
        log.info("%s: array %s of %d tasks", self.name, said.strip().partition(";")[0], len(numbers))

    def fates(self) -> Mapping[int, Fate]:
        """Raises Unheard when Slurm gives no answer."""
        newest: dict[int, tuple[bool, int, Seen]] = {}
        for task, seen in of_squeue(ask([*SQUEUE, f"--name={self.name}"])):
            each = (not seen.ended, seen.job, seen)
            newest[task] = max(newest.get(task, each), each)
        return {task: Fate(lives, fate(seen)) for task, (lives, _, seen) in newest.items()}

    def cancel(self) -> None:
        try:
            ask(["scancel", "--me", f"--name={self.name}"])
        except Unheard as error:
            log.warning("%s", error)

    def leave(self) -> str:
        return f"its tasks go on: the same command follows them; `scancel --name={self.name}` ends them"

    def script(self, numbers: Sequence[int]) -> str:
        """The sbatch script of an array of these numbers."""
        slurm, most = self.settings.slurm, self.most
        asked = {
            "job-name": self.name,
            "array": ranges(numbers) + (f"%{most}" if most else ""),
            "partition": slurm.partition,
            "account": slurm.account,
            "qos": slurm.qos,
            "time": slurm.time,
            "ntasks": "1",
            "gpus": str(slurm.gpus or ""),
            "cpus-per-task": str(slurm.cpus or ""),
            "mem": slurm.memory,
            "output": str((self.folder / "logs").resolve()).replace("%", "%%") + "/%a.log",
        }
        return "\n".join([*options(asked, slurm), "", *self.body()]) + "\n"

    def body(self) -> Iterator[str]:
        yield "export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-1}"
        yield from self.settings.slurm.setup
        yield f'exec {shlex.join(self.argv)} "$SLURM_ARRAY_TASK_ID"'


def of_squeue(text: str) -> Iterator[tuple[int, Seen]]:
    """The tasks of arrays as `squeue --array` tells of them, each with its number in the array."""
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) > len(FIELDS) and number(cells[0]) and re.fullmatch(r"[0-9]{1,9}", cells[1]):
            job, task, state, code, nodes = cells[: len(FIELDS)]
            yield int(task), Seen(int(job), state, code=exit_of(code), nodes=nodes)


def fate(seen: Seen) -> str:
    """`failed with signal 9 on node3`."""
    how = f"failed with {told(seen.code)}" if seen.state == "FAILED" else seen.state.lower().replace("_", " ")
    return how + (f" on {seen.nodes}" if seen.nodes else "")


def ranges(numbers: Sequence[int]) -> str:
    """Numbers as Slurm writes them: `0-3,7,9-10`."""
    parts: list[list[int]] = []
    for each in sorted(numbers):
        if parts and parts[-1][1] + 1 == each:
            parts[-1][1] = each
        else:
            parts.append([each, each])
    return ",".join(f"{a}-{b}" if b > a else str(a) for a, b in parts)
