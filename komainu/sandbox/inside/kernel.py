"""Kernel calls that the standard library does not have; every one that fails raises OSError with its name."""

from __future__ import annotations

import ctypes
import os

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 2, 4, 8, 0x4000, 1 << 18
MNT_DETACH = 2
AT_FDCWD, AT_EMPTY_PATH, AT_RECURSIVE = -100, 0x1000, 0x8000
ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV, ATTR_NOEXEC = 1, 2, 4, 8
OPEN_TREE_CLONE, MOVE_MOUNT_F_EMPTY_PATH = 1, 4
OPEN_TREE, MOVE_MOUNT, MOUNT_SETATTR = 428, 429, 442  # these numbers are the same on every architecture
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS, PR_GET_SECCOMP, PR_SET_SECCOMP = 1, 4, 38, 21, 22

_libc = ctypes.CDLL(None, use_errno=True)


def call(name: str, *args: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    """A function of the C library; numbers are passed as long."""
    passed = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    result = int(getattr(_libc, name)(*passed))
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def syscall(name: str, number: int, *args: int | bytes | ctypes.Array[ctypes.c_char]) -> int:
    """A system call by its number."""
    try:
        return call("syscall", number, *args)
    except OSError as error:
        raise OSError(error.errno, f"{name}: {os.strerror(error.errno or 0)}") from None


def unshare(flags: int) -> None:
    call("unshare", flags)


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    call("mount", source.encode(), target.encode(), kind.encode() or None, flags, data.encode() or None)


def umount(target: str) -> None:
    call("umount2", target.encode(), MNT_DETACH)


def pivot_root(machine: str) -> None:
    """Make the working directory the root of this mount namespace; the old root is let go."""
    syscall("pivot_root", PIVOT_ROOT[machine], b".", b".")
    umount(".")
    os.chdir("/")


def tree(path: str, flags: int) -> int:
    """A detached copy of the mounts at `path`, nothing in it writable, with more attributes in `flags`; its handle."""
    handle = syscall("open_tree", OPEN_TREE, AT_FDCWD, path.encode(), OPEN_TREE_CLONE | AT_RECURSIVE | os.O_CLOEXEC)
    restrict(handle, ATTR_RDONLY | ATTR_NOSUID | flags, AT_RECURSIVE)
    return handle


def restrict(handle: int, flags: int, below: int = 0) -> None:
    """Set attributes on the mount of a handle; with `below` AT_RECURSIVE on those in it too."""
    wanted = ctypes.create_string_buffer(flags.to_bytes(8, "little") + bytes(24), 32)
    syscall("mount_setattr", MOUNT_SETATTR, handle, b"", AT_EMPTY_PATH | below, wanted, 32)


def attach(handle: int, target: str) -> None:
    """Put a detached mount at its place."""
    syscall("move_mount", MOVE_MOUNT, handle, b"", AT_FDCWD, target.encode(), MOVE_MOUNT_F_EMPTY_PATH)
    os.close(handle)


def prctl(option: int, value: int, pointer: bytes = b"") -> int:
    return call("prctl", option, value, pointer or 0, 0, 0)
