"""The way into the jail: namespaces, a root of its own, a watcher, and in the end the program with no privileges."""

from __future__ import annotations

import marshal
import mmap
import os
import sys

from komainu.sandbox.inside import driver, kernel, landlock, privileges, root, seccomp, watch

TYPE_CHECKING = False  # the module typing takes longer to load than all of this
if TYPE_CHECKING:
    from typing import Any

    Job = dict[str, Any]

SIGKILL = 9


def main(status: int, channel: int) -> None:
    """Read the job from standard input and run it. Values of the calls go to `channel`, what it prints to 1 and 2.

    Lines on `status` tell when the program starts, and how it ended or why it was not run.
    """
    try:
        with open(0, "rb", closefd=False) as source:
            job: Job = marshal.load(source)
        if job["see"]:
            die_with_parent()
            root.enter()
            if inner := os.fork():
                os._exit(os.waitstatus_to_exitcode(os.waitpid(inner, 0)[1]) != 0)
            proc = root.build(os.uname().machine, job["see"], job["hide"], job["links"], job["limits"]["disk"])
        else:
            proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY)
        privileges.drop(proc)
        die_with_parent()
        how, code, cpu = run(job, status, channel, proc)
        os.write(status, f"{how} {code} {cpu:.6f}\n".encode())
        os._exit(0)
    except BaseException as error:
        refuse(status, error)


def run(job: Job, status: int, channel: int, proc: int) -> tuple[str, int, float]:
    """Start the program in a process of its own, and watch it."""
    memory = mmap.mmap(-1, mmap.PAGESIZE)
    beats = memoryview(memory).cast("q")
    child = os.fork()
    if child == 0:
        try:
            confine(job)
            os.write(status, b"ready\n")
        except BaseException as error:
            refuse(status, error)
        os.close(status)
        os.close(proc)
        try:
            program(job, channel, beats)
        finally:  # whatever the program has done to this interpreter, it ends here
            os._exit(1)
    os.close(channel)
    return watch.watch(child, proc, job["limits"], job["steps"], lambda: beats[0])


def confine(job: Job) -> None:
    """Take from this process what the program must not have. Raises when it still has any of it."""
    os.setsid()
    die_with_parent()
    os.chdir(root.WORK)
    null = os.open("/dev/null", os.O_RDWR)
    for handle in (0, 1, 2) if job["entry"] else (0,):
        os.dup2(null, handle)
    os.close(null)
    shown, held, limits = set(os.listdir("/")), privileges.capabilities(), job["limits"]
    privileges.limit(limits["cpu"], limits["memory"], limits["disk"], limits["processes"])
    devices = [f"/dev/{name}" for name in root.DEVICES]
    landlock.restrict(job["read"], [root.WORK, *devices])
    seccomp.install(os.uname().machine, limits["processes"])
    wrong = [
        what
        for what, found in {
            "is root": 0 in (os.getuid(), os.geteuid(), os.getgid(), os.getegid()),
            "has capabilities": held,
            "has no system call filter": kernel.prctl(kernel.PR_GET_SECCOMP, 0) != 2,
            "sees the host's processes": os.getppid() != 1,
            "sees other files": shown - set(job["top"]),
        }.items()
        if found
    ]
    if wrong:
        raise RuntimeError(f"the program {', '.join(wrong)}")


def program(job: Job, channel: int, beats: memoryview) -> None:
    """Run the program; nothing after it is run, not even what it has registered for its end."""

    def beat() -> None:
        beats[0] += 1

    code, entry, sets = job["code"], job["entry"], job["sets"]
    os.environ.clear()
    os.environ.update(job["environment"])
    sys.path[:] = job["path"]
    sys.argv[:] = [""]
    sys.orig_argv.clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "komainu"]:
        del sys.modules[name]
    job.clear()
    if entry:
        driver.calls(code, entry, sets, channel, beat)
        os._exit(0)
    ended = driver.script(code)
    sys.stdout.flush()
    os._exit(ended & 255)


def die_with_parent() -> None:
    """End when the parent ends. A change of user takes this back, so it is asked for after each."""
    kernel.prctl(kernel.PR_SET_PDEATHSIG, SIGKILL)


def refuse(status: int, error: BaseException) -> None:
    os.write(status, f"refused {type(error).__name__}: {error}\n".encode())
    os._exit(1)
