"""The sbatch script of some work, from the settings."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping

from komainu.cluster.base import Work
from komainu.errors import UsageError
from komainu.settings import Slurm

WAIT = 3600  # seconds for Slurm to end a job that has saved its state; its grace time is shorter
PORTS = 20_000  # a job takes the port 20000 + its number mod this


def render(work: Work, slurm: Slurm) -> str:
    """The script: one srun task a rank, requeued when the tasks ask for it.

    Raises UsageError when the tasks do not divide evenly among the nodes.
    """
    return "\n".join([*head(work, slurm), "", *body(work, slurm)]) + "\n"


def head(work: Work, slurm: Slurm) -> Iterator[str]:
    if work.tasks % slurm.nodes:
        raise UsageError(
            f"[train] {work.tasks} ranks do not divide into the {slurm.nodes} nodes of [slurm]"
            "; make `ranks` a multiple of `nodes`"
        )
    a_node = work.tasks // slurm.nodes
    asked = {
        "job-name": work.name,
        "partition": slurm.partition,
        "account": slurm.account,
        "qos": slurm.qos,
        "time": slurm.time,
        "nodes": str(slurm.nodes),
        "ntasks-per-node": str(a_node),
        "gpus-per-node": str(slurm.gpus or ""),
        "cpus-per-task": str(slurm.cpus or ""),
        "mem": slurm.memory,
        "output": str(work.log.resolve()).replace("%", "%%"),
        "open-mode": "append",
        "signal": f"USR1@{slurm.warn}" if slurm.warn and slurm.time else "",
    }
    yield from options(asked, slurm)


def options(asked: Mapping[str, str], slurm: Slurm) -> Iterator[str]:
    """The head of a script: what is asked for, where it is anything, and the lines of the settings."""
    yield "#!/bin/bash"
    yield from (f"#SBATCH --{name}={shlex.quote(value)}" for name, value in asked.items() if value)
    yield f"#SBATCH --{'requeue' if slurm.requeue else 'no-requeue'}"
    yield from slurm.lines


def body(work: Work, slurm: Slurm) -> Iterator[str]:
    again, stopped = (shlex.quote(str(path.resolve())) for path in (work.again, work.stopped))
    yield 'echo "job $SLURM_JOB_ID on $SLURM_JOB_NODELIST, restart ${SLURM_RESTART_COUNT:-0}"'
    yield 'export MASTER_ADDR=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)'
    yield f"export MASTER_PORT=$((20000 + SLURM_JOB_ID % {PORTS}))"
    yield "export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}"
    yield from slurm.setup
    yield f"rm -f {again} {stopped}"
    yield f"srun --kill-on-bad-exit=1 {shlex.join(work.argv)}"
    yield "code=$?"
    if slurm.requeue:
        yield f'if [ -e {again} ]; then scontrol requeue "$SLURM_JOB_ID"; sleep {WAIT}; fi'
    yield f"if [ -e {stopped} ]; then sleep {WAIT}; fi  # a preempted job that ends by itself is not requeued"
    yield "exit $code"
