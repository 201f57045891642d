"""seccomp: a filter in the kernel that answers every system call not on the list with "not implemented"."""

from __future__ import annotations

import ctypes
import errno
import struct

from komainu.sandbox.inside import kernel
from komainu.sandbox.inside.syscalls import FORKS, LOOKED_AT, MACHINES, TABLE, numbers

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # the filter's instructions
ALLOW, KILL, REFUSE = 0x7FFF0000, 0x80000000, 0x00050000 | errno.ENOSYS
NUMBER, ARCH, ARGUMENTS = 0, 4, 16  # places in what the kernel hands to a filter
X32 = 0x40000000  # the other calling convention of x86-64
NEW_SPACES, THREAD = 0x7E020000, 0x00010000  # bits of clone
AF_UNIX = 1
IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # terminal? size, bytes waiting, non-blocking, close on exec
Instruction = tuple[int, int, int, int]


def install(machine: str, processes: int) -> None:
    """Put the filter on this process and its children, for good; no_new_privs must be set."""
    program = b"".join(struct.pack("=HBBI", *each) for each in rules(machine, processes))
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("@HP", len(program) // 8, ctypes.addressof(code))
    kernel.prctl(kernel.PR_SET_SECCOMP, 2, header)


def rules(machine: str, processes: int) -> list[Instruction]:
    """The filter: wrong architecture ends the program, the list is allowed, all else is refused."""
    looked_at = numbers(LOOKED_AT, machine)
    made: list[Instruction] = [(LOAD, 0, 0, ARCH), (EQUAL, 1, 0, MACHINES[machine][1]), (RETURN, 0, 0, KILL)]
    made += [(LOAD, 0, 0, NUMBER), (AT_LEAST, 0, 1, X32), (RETURN, 0, 0, REFUSE)]
    for number in numbers(TABLE + FORKS * (processes > 1), machine).values():
        made += [(EQUAL, 0, 1, number), (RETURN, 0, 0, ALLOW)]
    made += when(looked_at["clone"], 0, clone(processes))
    made += when(looked_at["socketpair"], 0, one_of(AF_UNIX))
    made += when(looked_at["prlimit64"], 0, one_of(0))  # only on itself
    made += when(looked_at["ioctl"], 1, one_of(*IOCTLS))
    return [*made, (RETURN, 0, 0, REFUSE)]


def when(number: int, argument: int, then: list[Instruction]) -> list[Instruction]:
    """For one call: load the lower half of an argument, and decide by it."""
    body = [(LOAD, 0, 0, ARGUMENTS + 8 * argument), *then, (RETURN, 0, 0, REFUSE)]
    return [(EQUAL, 0, len(body), number), *body]


def one_of(*values: int) -> list[Instruction]:
    return [each for value in values for each in ((EQUAL, 0, 1, value), (RETURN, 0, 0, ALLOW))]


def clone(processes: int) -> list[Instruction]:
    """Threads, and processes where more than one is allowed, but never namespaces."""
    allowed: list[Instruction] = [(RETURN, 0, 0, ALLOW)]
    if processes == 1:
        allowed = [(ANY_BIT, 0, 1, THREAD), *allowed]
    return [(ANY_BIT, len(allowed), 0, NEW_SPACES), *allowed]
