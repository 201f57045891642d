"""What the program may no longer do: no user but nobody, no capabilities, and limits on what it uses up."""

from __future__ import annotations

import ctypes
import os
import resource

from komainu.sandbox.inside import kernel, root

CAPABILITY_VERSION = 0x20080522


def drop(proc: int) -> None:
    """Become nobody, in a user namespace of its own where the caller is root, without any capability.

    The namespace counts processes for itself: other sandboxes are not counted with this one.
    """
    if os.getuid() == 0:
        os.setgroups([])
        os.setresgid(root.NOBODY, root.NOBODY, root.NOBODY)
        os.setresuid(root.NOBODY, root.NOBODY, root.NOBODY)
        kernel.unshare(kernel.CLONE_NEWUSER)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)  # the files of /proc/self belong to root otherwise
        root.be_nobody(proc, root.NOBODY, root.NOBODY)
    header = CAPABILITY_VERSION.to_bytes(4, "little") + bytes(4)
    kernel.call("capset", header, bytes(24))
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)


def capabilities() -> int:
    """The effective, permitted and inheritable capabilities of this process, all in one number; 0 is none."""
    found = ctypes.create_string_buffer(24)
    kernel.call("capget", CAPABILITY_VERSION.to_bytes(4, "little") + bytes(4), found)
    return int.from_bytes(found.raw, "little")


def limit(cpu: float, memory: int, disk: int, processes: int, handles: int = 64) -> None:
    """Limits of the kernel on this process; `cpu` is a backstop, as the kernel counts whole seconds a process."""
    seconds = int(cpu) + 2
    for kind, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_FSIZE, disk),
        (resource.RLIMIT_NPROC, processes + 2),  # this one and the ones that watch
        (resource.RLIMIT_NOFILE, handles),
        (resource.RLIMIT_STACK, 8 << 20),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_SIGPENDING, 64),
    ):
        _, hard = resource.getrlimit(kind)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (most, most))
