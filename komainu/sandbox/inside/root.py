"""A root directory of its own: an empty, read-only tree in memory with the few files that a program needs."""

from __future__ import annotations

import os

from komainu.sandbox.inside import kernel

HERE = "/tmp"  # covered by the new root; on the host nothing changes
DEVICES = ("null", "zero", "urandom", "random")
WORK = "/work"
SPACES = (
    kernel.CLONE_NEWNS
    | kernel.CLONE_NEWPID
    | kernel.CLONE_NEWNET
    | kernel.CLONE_NEWIPC
    | kernel.CLONE_NEWUTS
    | kernel.CLONE_NEWCGROUP
)
NOBODY = 65534


def enter() -> None:
    """New namespaces for this process and, of processes, for its children.

    Root makes them as root, so that its own unreadable folders can be shown; anyone else through a user namespace.
    """
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        kernel.unshare(SPACES)
        return
    kernel.unshare(SPACES | kernel.CLONE_NEWUSER)
    proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
    be_nobody(proc, uid, gid)
    os.close(proc)


def be_nobody(proc: int, uid: int, gid: int) -> None:
    """In a new user namespace: the one user there is, nobody, stands for `uid` outside."""
    for name, text in (("setgroups", "deny"), ("gid_map", f"{NOBODY} {gid} 1"), ("uid_map", f"{NOBODY} {uid} 1")):
        handle = os.open(f"self/{name}", os.O_WRONLY, dir_fd=proc)
        os.write(handle, text.encode())
        os.close(handle)


def build(machine: str, see: list[tuple[str, str]], hide: list[str], links: list[tuple[str, str]], disk: int) -> int:
    """Make the tree and move into it; returns a handle of /proc, which itself is not in the tree.

    `see` are (host path, place), `hide` folders inside them that are covered, `links` are (target, place).
    """
    kernel.mount("none", "/", "", kernel.MS_REC | kernel.MS_PRIVATE)
    trees = [(kernel.tree(source, kernel.ATTR_NODEV), place, os.path.isdir(source)) for source, place in see]
    trees += [(kernel.tree(f"/dev/{name}", kernel.ATTR_NOEXEC), f"/dev/{name}", False) for name in DEVICES]
    memory("/tmp", "mode=755,size=1m,nr_inodes=1k")
    os.chdir(HERE)
    for handle, place, folder in trees:
        make(place, folder)
        kernel.attach(handle, f".{place}")
    for place in (WORK, "/proc"):
        make(place, True)
    for target, place in [*links, ("work", "/tmp"), ("/work", "/dev/shm")]:
        if not os.path.lexists(f".{place}"):
            os.makedirs(os.path.dirname(f".{place}"), exist_ok=True)
            os.symlink(target, f".{place}")
    for place in hide:
        memory(f".{place}", "mode=755,size=4k,nr_inodes=1")
    memory(f".{WORK}", f"mode=700,uid={NOBODY},gid={NOBODY},size={disk},nr_inodes=4k")
    kernel.mount("proc", "./proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
    kernel.pivot_root(machine)
    proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
    kernel.umount("/proc")
    root = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    kernel.restrict(root, kernel.ATTR_RDONLY)
    os.close(root)
    return proc


def memory(place: str, options: str) -> None:
    kernel.mount("tmpfs", place, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)


def make(place: str, folder: bool) -> None:
    """An empty folder or file below the working directory, with the folders above it."""
    if folder:
        os.makedirs(f".{place}", exist_ok=True)
    else:
        os.makedirs(os.path.dirname(f".{place}"), exist_ok=True)
        open(f".{place}", "x").close()
