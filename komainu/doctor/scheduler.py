"""Slurm: whether its commands are here and answer, and whether it has the partition of komainu.toml."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from komainu.cluster.queue import Unheard, ask
from komainu.doctor.base import Finding, State
from komainu.errors import nearest
from komainu.settings import Settings, without_keys

COMMANDS = ("sbatch", "squeue", "sinfo")


def slurm(settings: Settings) -> Finding:
    """It must be mended where komainu.toml sends something to Slurm."""
    users = [*uses(settings)]
    state: State = "bad" if users else "lacks"
    why = f"{', '.join(users)} needs it" if users else "only jobs on a cluster need it"
    if missing := [name for name in COMMANDS if not shutil.which(name)]:
        how = "run komainu on a machine that jobs are submitted from, or apt-get install slurm-client there"
        return Finding("slurm", state, f"there is no {', '.join(missing)}", f"{why}: {how}")
    try:
        said = ask(["sinfo", "--noheader", "--format=%R|%D|%a"], without_keys(settings))
    except Unheard as error:
        how = "`sinfo` must work in this shell: slurmctld must run, and /etc/slurm/slurm.conf be the cluster's"
        return Finding("slurm", state, f"it does not answer: {str(error).splitlines()[0]}", f"{why}: {how}")
    rows = [line.split("|") for line in said.splitlines() if line.count("|") == 2]
    partitions = {name: nodes for name, nodes, _ in rows}
    for section, named in (("slurm", settings.slurm), ("data.slurm", settings.data.slurm)):
        if named and named.partition and not {*named.partition.split(",")} & partitions.keys():
            there = f"set it to one that `sinfo` shows{nearest(named.partition, partitions)}"
            return Finding("slurm", state, f"there is no partition {named.partition!r}, as [{section}] says", there)
    return Finding("slurm", "ok", ", ".join(f"{name} ({nodes} nodes)" for name, nodes in partitions.items()))


def uses(settings: Settings) -> Iterator[str]:
    """The settings that send something to Slurm."""
    if settings.train.where == "slurm":
        yield "`where` of [train]"
    if settings.data.on == "slurm":
        yield "`on` of [data]"
    yield from (f"`on` of [endpoints.{name}]" for name, e in settings.endpoints.items() if e.on == "slurm")
