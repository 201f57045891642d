"""Landlock (kernel 5.13 and later): no file outside the few folders, no TCP, no signals or sockets to others."""

from __future__ import annotations

import os

from komainu.sandbox.inside import kernel

CREATE, ADD_RULE, RESTRICT = 444, 445, 446
ABI, PATH_BENEATH = 1, 1
READ = 1 << 2 | 1 << 3  # files and folders
WRITE_FILE = 1 << 1
RIGHTS = (13, 14, 15, 15, 16)  # how many rights on files each version of the interface knows
EXECUTE, MAKE_CHAR, MAKE_SOCK, MAKE_BLOCK = 1 << 0, 1 << 6, 1 << 9, 1 << 11
NET_BIND_AND_CONNECT, SCOPE_SOCKETS_AND_SIGNALS = 3, 3


def version() -> int:
    """The interface that this kernel has; 0 where there is none."""
    try:
        return kernel.syscall("landlock", CREATE, 0, 0, ABI)
    except OSError:
        return 0


def restrict(read: list[str], write: list[str]) -> None:
    """From here on only `read` may be read, and only `write` be changed. Nothing happens where there is no Landlock."""
    abi = version()
    if not abi:
        return
    rights = (1 << RIGHTS[min(abi, len(RIGHTS)) - 1]) - 1
    handled = (rights, NET_BIND_AND_CONNECT if abi >= 4 else 0, SCOPE_SOCKETS_AND_SIGNALS if abi >= 6 else 0)
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    rules = kernel.syscall("landlock", CREATE, b"".join(n.to_bytes(8, "little") for n in handled), size, 0)
    inner = rights & ~(EXECUTE | MAKE_CHAR | MAKE_SOCK | MAKE_BLOCK)
    for allowed, paths in ((READ, read), (inner, write)):
        for path in paths:
            beneath(rules, path, allowed)
    kernel.syscall("landlock", RESTRICT, rules, 0)
    os.close(rules)


def beneath(rules: int, path: str, allowed: int) -> None:
    """Allow something in a folder, or on a file: then reading and writing is all there is to allow."""
    handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    if not os.path.isdir(path):
        allowed &= READ & ~(1 << 3) | WRITE_FILE
    rule = allowed.to_bytes(8, "little") + handle.to_bytes(4, "little")
    kernel.syscall("landlock", ADD_RULE, rules, PATH_BENEATH, rule, 0)
    os.close(handle)
