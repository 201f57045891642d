"""Everything the doctor looks at, in the order in which it is told."""

from __future__ import annotations

from collections.abc import Iterator

from komainu.doctor.base import Finding
from komainu.doctor.graphics import gpu
from komainu.doctor.machine import browser, machine, sandbox, store
from komainu.doctor.packages import packages, python
from komainu.doctor.scheduler import slurm
from komainu.doctor.served import endpoints, engines, hub, keys
from komainu.doctor.tools import folders, llama_cpp
from komainu.settings import Settings


def findings(settings: Settings) -> Iterator[Finding]:
    """It imports and installs nothing, asks no endpoint, and changes nothing but a probe file in the store."""
    yield python()
    yield from packages()
    yield from machine(settings)
    yield gpu(settings)
    yield sandbox()
    yield from endpoints(settings)
    yield from keys(settings)
    yield hub()
    yield from engines(settings)
    yield slurm(settings)
    yield from folders(settings)
    yield from llama_cpp(settings)
    yield store(settings.root)
    yield browser()
