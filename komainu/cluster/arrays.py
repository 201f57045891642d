"""Arrays of tasks on Slurm or Ray, as komainu.toml says."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Literal

import msgspec

from komainu.cluster.base import Array
from komainu.cluster.replicas import Replicas
from komainu.cluster.slurm_array import SlurmArray
from komainu.errors import UsageError
from komainu.settings import Endpoint, Settings

SERVERS = ".servers"  # in the store's root


def shards(settings: Settings, folder: Path, name: str, argv: Sequence[str]) -> Array:
    """Tasks that need a CPU each."""
    slurm = settings.data.slurm or msgspec.structs.replace(settings.slurm, gpus=0)
    here = msgspec.structs.replace(settings, slurm=slurm)
    assert settings.data.on != "processes"
    return array(settings.data.on, here, folder, f"komainu-shards-{name}", argv)


def replicas(settings: Settings, endpoint: Endpoint, name: str) -> Replicas:
    """The servers of an endpoint that are started on other machines."""
    if not any("{port}" in part for part in endpoint.start):
        raise UsageError(f"endpoint {name!r}: `start` must hold {{port}}, the port the server is to answer at")
    mark = sha256(f"{name} {platform.node()} {os.getpid()}".encode()).hexdigest()[:8]
    folder = settings.root.resolve() / SERVERS / mark
    here = msgspec.structs.replace(settings, slurm=msgspec.structs.replace(settings.slurm, gpus=endpoint.gpus))
    argv = (sys.executable, "-m", "komainu.cluster.replica", str(folder), *endpoint.start)
    assert endpoint.on != "here"
    made = array(endpoint.on, here, folder, f"komainu-servers-{mark}", argv, most=0)
    return Replicas(made, folder, endpoint.replicas, endpoint.timeout, name)


def array(
    on: Literal["slurm", "ray"],
    settings: Settings,
    folder: Path,
    name: str,
    argv: Sequence[str],
    most: int | None = None,
) -> Array:
    if on == "ray":
        from komainu.cluster.ray_array import RayArray

        return RayArray(settings, folder, tuple(argv))
    return SlurmArray(settings, name, folder, tuple(argv), settings.data.at_once if most is None else most)
