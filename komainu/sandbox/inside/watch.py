"""The first process of the jail: it waits for the program, counts what it uses, and ends everything with itself."""

from __future__ import annotations

import os
import select
import time

from komainu.sandbox.inside import root

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

INTERVAL = 20  # milliseconds between two looks
TICK = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGESIZE")
INODE = 1024  # bytes that the kernel keeps for an empty file, about


def watch(
    child: int, proc: int, limits: dict[str, float], steps: list[float], beats: Callable[[], int]
) -> tuple[str, int, float]:
    """Wait for the program's end, or for the moment at which it has used too much.

    `steps` are CPU seconds for each step; `beats` tells which step it is in, from 1; 0 is before the first.
    Returns how it ended (exit, signal, cpu, asleep, memory), the exit code or signal, and the CPU seconds of all.
    """
    wake = select.poll()
    wake.register(os.pidfd_open(child), select.POLLIN)
    step, since, asleep, orphans = 0, 0.0, 0.0, 0.0
    before, looked = 0.0, time.monotonic()
    while True:
        ready = wake.poll(INTERVAL)
        for pid, status, cpu in reaped():
            if pid == child:
                code = os.waitstatus_to_exitcode(status)
                return "exit" if code >= 0 else "signal", abs(code), cpu + orphans
            orphans += cpu
        if ready:
            continue
        living, memory, runs = use(proc)
        moment, cpu = time.monotonic(), living + orphans
        asleep = asleep + moment - looked if not runs and cpu == before else 0.0
        before, looked = cpu, moment
        if beats() != step:
            step, since = beats(), cpu
        if cpu > limits["cpu"] or (0 < step <= len(steps) and cpu - since > steps[step - 1]):
            return "cpu", 0, cpu
        if asleep > limits["asleep"]:
            return "asleep", 0, cpu
        if memory > limits["memory"]:
            return "memory", 0, cpu


def reaped() -> Iterator[tuple[int, int, float]]:
    """Processes that have ended: id, status and CPU seconds."""
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not pid:
            return
        yield pid, status, usage.ru_utime + usage.ru_stime


def use(proc: int) -> tuple[float, int, bool]:
    """What all processes but this one use: CPU seconds, bytes that are nobody else's, and whether any works.

    One that waits for a processor works. One that ends meanwhile is left out. Files are in memory, and count.
    """
    work = os.statvfs(root.WORK)
    files = (work.f_blocks - work.f_bfree) * work.f_frsize + (work.f_files - work.f_ffree) * INODE
    cpu, pages, runs = 0, 0, False
    for name in os.listdir(proc):
        if not name.isdigit() or name == "1":
            continue
        try:
            fields = read(proc, f"{name}/stat").rpartition(")")[2].split()
            held = read(proc, f"{name}/statm").split()
        except OSError:
            continue
        runs |= fields[0] in "RD"
        cpu += sum(map(int, fields[11:15]))  # its own, and that of children it has waited for
        pages += int(held[1]) - int(held[2])
    return cpu * TICK, pages * PAGE + files, runs


def read(folder: int, name: str) -> str:
    handle = os.open(name, os.O_RDONLY, dir_fd=folder)
    try:
        return os.read(handle, 4096).decode("ascii", "replace")
    finally:
        os.close(handle)
