"""CPU, memory, disk, store, sandbox and browser of this machine."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir

from komainu.doctor.base import Finding
from komainu.sandbox.bubblewrap import bubblewrap
from komainu.sandbox.run import problem
from komainu.settings import Settings

GIB = 2**30
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def machine(settings: Settings) -> Iterator[Finding]:
    """CPU, threads, memory and disk, as this process may use them."""
    cores = len(os.sched_getaffinity(0))
    threads = settings.threads or cores
    text = f"{cores} cores for this process ({platform.machine()}), {threads} threads for training and generation"
    many = threads > cores
    yield Finding("cpu", "bad" if many else "ok", text, f"set threads to {cores} or less, or 0" if many else "")
    limit, free = memory()
    low = limit < 3 * GIB
    advice = "a small model takes about 2 GiB; a larger one more" if low else ""
    yield Finding("memory", "lacks" if low else "ok", f"{free / GIB:.1f} of {limit / GIB:.1f} GiB free", advice)
    yield from disks(settings)


def disks(settings: Settings) -> Iterator[Finding]:
    """Room for the store, and where they lie on other disks for environments and for temporary files."""
    places = {
        "disk": (settings.root, "`komainu ls --unnamed --remove` collects what no name reaches"),
        "disk of environments": (Path(settings.environments), "set `environments` in komainu.toml to a larger disk"),
        "disk of temporary files": (Path(gettempdir()), "set TMPDIR to a folder on a larger disk"),
    }
    seen = set()
    for name, (place, advice) in places.items():
        folder = existing(place)
        if folder.stat().st_dev in seen:
            continue
        seen.add(folder.stat().st_dev)
        disk = shutil.disk_usage(folder)
        full = disk.free < 2 * GIB
        text = f"{disk.free / GIB:.0f} of {disk.total / GIB:.0f} GiB free"
        yield Finding(name, "lacks" if full else "ok", text, advice if full else "")


def memory() -> tuple[int, int]:
    """Bytes this process may use, and how many are free: the machine's, or its control group's where that is less."""
    lines = Path("/proc/meminfo").read_text().splitlines() if Path("/proc/meminfo").exists() else []
    known = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if len(line.split()) > 1}
    total, free = known.get("MemTotal", 0), known.get("MemAvailable", 0)
    try:
        group = int(Path("/sys/fs/cgroup/memory.max").read_text())
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
    except (OSError, ValueError):  # no control group, or one without a limit
        return total, free
    return (group, min(free, max(0, group - used))) if group < total else (total, free)


def sandbox() -> Finding:
    """Whether model-written code can be run here, tried with a program of one line."""
    if found := problem():
        reason, _, advice = found.rpartition("; ")
        return Finding("sandbox", "lacks", reason, f"only benchmarks that run code need it: {advice}")
    return Finding("sandbox", "ok", f"made with {bubblewrap() or 'namespaces (there is no bubblewrap)'}")


def browser() -> Finding:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found:
        return Finding("browser", "ok", found)
    how = "only tests that look at pages need it: apt-get install chromium fonts-noto-cjk"
    return Finding("browser", "lacks", "no Chromium", how)


def store(root: Path) -> Finding:
    """Whether the store can be written and locked, tried in the nearest folder that exists."""
    folder = existing(root)
    probe = folder / f".komainu-{os.getpid()}"
    try:
        with open(probe, "w") as file:
            probe.unlink()
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        advice = "set `store` in komainu.toml or KOMAINU_STORE to a folder you may write, whose disk has file locks"
        return Finding("store", "bad", f"{root}: {error.strerror}", advice)
    return Finding("store", "ok", f"{root} can be written" + ("" if root.exists() else " (it will be made)"))


def existing(path: Path) -> Path:
    """The path, or the nearest folder above it that exists."""
    return next(p for p in (path.absolute(), *path.absolute().parents) if p.is_dir())
