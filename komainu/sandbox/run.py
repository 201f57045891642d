"""Runs a job: starts the jail, gathers what comes out of it, and leaves nothing behind."""

from __future__ import annotations

import marshal
import os
import selectors
import subprocess
import time
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import Any, Literal, get_args

from komainu.errors import NoSandbox
from komainu.sandbox.advice import advice
from komainu.sandbox.base import Ended, Job, Outcome
from komainu.sandbox.bubblewrap import bubblewrap, wrapped
from komainu.sandbox.shown import OWN, PACKAGES, Shown, interpreter, shown

Means = Literal["bubblewrap", "namespaces"]
SLOW, WAIT = 50.0, 60.0  # seconds by the clock for each of CPU time, and beyond that: then the run is lost
START = "import sys; sys.path.insert(0, {!r}); from komainu.sandbox.inside.main import main; main({}, {})"
SOURCE = str(Path(__file__).parents[2])
ENVIRONMENT = {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8"}  # all that Python itself is started with
PROGRAM = {"HOME": "/work", "TMPDIR": "/work", "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1"}


def run(job: Job, means: Means | None = None, stop: Event | None = None) -> Outcome:
    """Run a program in a jail of its own. Raises NoSandbox when the jail cannot be made: then nothing was run.

    `means` makes the jail: bubblewrap where it is installed, namespaces made here where it is not. When `stop` is
    set, the program is ended within a second and its outcome is lost.
    """
    means = means or ("bubblewrap" if bubblewrap() else "namespaces")
    seen, most = shown(job.packages), job.limits.output
    with ExitStack() as stack:
        try:
            process, (output, status, values) = start(job, seen, means, stack)
        except OSError as error:
            raise refusal(str(error)) from None
        stack.callback(process.wait)
        stack.callback(process.kill)  # and with it all that is left inside
        until = time.monotonic() + SLOW * job.limits.cpu + WAIT

        def going_on() -> bool:
            return time.monotonic() < until and not (stop and stop.is_set())

        found = gathered({output: most, status: 1 << 12, values: most}, going_on)
    return outcome(found[status].decode("utf-8", "replace"), bytes(found[output]), bytes(found[values]), most)


def start(job: Job, seen: Shown, means: Means, stack: ExitStack) -> tuple[subprocess.Popen[bytes], list[int]]:
    """The process of the jail, and what to read: what is printed, how it ends, and what the calls return."""
    pipes = [os.pipe() for _ in range(3)]
    try:
        source = stack.enter_context(os.fdopen(os.memfd_create("job"), "wb+"))
        marshal.dump(described(job, seen, means), source)
        source.seek(0)
        output, status, values = (end for _, end in pipes)
        code = START.format(OWN if means == "bubblewrap" else SOURCE, status, values)
        command = [interpreter(), "-S", "-s", "-P", "-c", code]
        if means == "bubblewrap":
            command = wrapped(command, seen, SOURCE, job.limits.disk)
        return subprocess.Popen(
            command, stdin=source, stdout=output, stderr=output, env=ENVIRONMENT, cwd="/", pass_fds=(status, values)
        ), [end for end, _ in pipes]  # fmt: skip
    finally:
        for end, other in pipes:
            stack.callback(os.close, end)
            os.close(other)


def run_all(jobs: Iterable[Job], workers: int = 0) -> Generator[Outcome, None, None]:
    """The outcomes of jobs in their order, `workers` at a time; 0: as many as there are processors for this one."""
    stop, pool = Event(), ThreadPoolExecutor(workers or len(os.sched_getaffinity(0)))
    try:
        yield from pool.map(lambda job: run(job, stop=stop), jobs)
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def described(job: Job, seen: Shown, means: Means) -> dict[str, Any]:
    """The job as the process inside reads it."""
    own = means == "namespaces"
    limits = job.limits
    places = [place for _, place in seen.see]
    top = {place.split("/")[1] for place in (*places, *(p for _, p in seen.links), OWN, interpreter())}
    return {
        "code": job.code,
        "entry": job.entry,
        "sets": list(job.sets),
        "steps": list(job.steps),
        "limits": asdict(limits),
        "see": list(seen.see) if own else [],
        "hide": list(seen.hide),
        "links": list(seen.links),
        "read": places + [PACKAGES] * bool(job.packages),
        "top": [*top, "dev", "proc", "tmp", "work"],
        "path": list(seen.path),
        "environment": PROGRAM,
    }


def gathered(most: dict[int, int], going_on: Callable[[], bool]) -> dict[int, bytearray]:
    """What comes out of pipes until all are closed; ends early when one gives more than its most, or when told."""
    found = {pipe: bytearray() for pipe in most}
    with selectors.DefaultSelector() as waiting:
        for pipe in most:
            waiting.register(pipe, selectors.EVENT_READ)
        while waiting.get_map() and going_on():
            for key, _ in waiting.select(1.0):
                data = os.read(key.fd, 1 << 20)
                found[key.fd] += data
                if not data:
                    waiting.unregister(key.fd)
                elif len(found[key.fd]) > most[key.fd]:
                    return found
    return found


def outcome(status: str, output: bytes, values: bytes, most: int) -> Outcome:
    """What the lines of the watcher say. Raises NoSandbox when the program was never started."""
    ready, _, rest = status.partition("\n")
    if ready != "ready":
        raise refusal(ready.removeprefix("refused ") or output.decode("utf-8", "replace").strip())
    if len(output) > most or len(values) > most:
        return Outcome("output", 0, 0.0, output[:most], values[:most])
    ended, code, cpu = rest.split() if rest.endswith("\n") else ("lost", "0", "0")
    assert ended in get_args(Ended), f"the watcher says {rest!r}"
    return Outcome(ended, int(code), float(cpu), output, values)  # type: ignore[arg-type]


def refusal(reason: str) -> NoSandbox:
    """The error that says why there is no sandbox on this machine, and how to get one."""
    return NoSandbox(f"model-written code is not run, as it cannot be cut off from this machine: {reason}; {advice()}")


def problem() -> str:
    """Why no sandbox can be made here, and what to do about it; "" when one can."""
    try:
        ended = run(Job(code="print(6 * 7)"))
    except NoSandbox as error:
        return str(error)
    return "" if ended.output == b"42\n" else f"a program of one line ends with {ended.ended} {ended.code}"
