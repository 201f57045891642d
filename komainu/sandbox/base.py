"""What is asked of the sandbox, and what comes back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

Ended = Literal["exit", "signal", "cpu", "asleep", "memory", "output", "lost"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a program may use. CPU time is counted, not the clock: a busy machine makes no program fail.

    `asleep` is for a program that neither works nor waits for a processor. `memory` is that of all processes
    together, and the address space of each; `processes` counts threads too, and with 1 there is no fork.
    """

    cpu: float = 10.0  # seconds of all processes
    asleep: float = 10.0  # seconds in a row
    memory: int = 1 << 30  # bytes
    processes: int = 1
    disk: int = 64 << 20  # bytes in its folder, and of each file
    output: int = 1 << 20  # bytes it prints, and bytes of values it returns, each


@dataclass(frozen=True, kw_only=True)
class Job:
    """A Python program. With `entry` it is loaded once for each set of `sets`, and the function called on each member.

    Members are lists of arguments: None, bool, int, float, complex, str, bytes, and tuples, lists, sets and dicts of
    them. `steps` are CPU seconds for each step of such a job: a step is the loading of the program, or one call.
    `packages` are installed packages that the program may import beside the standard library.
    """

    code: str
    entry: str = ""
    sets: tuple[list[list[Any]], ...] = ()
    steps: tuple[float, ...] = ()
    packages: tuple[str, ...] = ()
    limits: Limits = Limits()


class Outcome(NamedTuple):
    """How a program ended: by itself (exit, signal), over a limit (cpu, asleep, memory, output), or lost.

    Lost is what says nothing about the program: the watcher was killed, or the machine stood still.
    """

    ended: Ended
    code: int  # exit code or signal
    cpu: float  # seconds
    output: bytes  # what it printed, standard output and error
    values: bytes  # what the calls returned, for `values.read`
