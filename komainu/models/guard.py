"""Runs a command and ends its whole process group when standard input closes: when whoever started it is gone.

Started as a script by `local.py`, in a session of its own. A pipe tells of the starter's death however it died, and
unlike PR_SET_PDEATHSIG it does not fire when only the thread that started the server ends. The command's group is not
this process's own, so that what the command leaves behind can be killed and the command's exit code still be told.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

GRACE = 3.0  # seconds between asking the group to end and killing it
PR_SET_CHILD_SUBREAPER = 36


def main(command: list[str]) -> None:
    """Ends with the command's exit code, when nothing of its group is left."""
    adopt()
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, process_group=0)
    watcher = threading.Thread(target=leave_with, args=(child,))
    watcher.start()
    sys.stdin.buffer.read()
    tell(child.pid, signal.SIGTERM)
    time.sleep(GRACE)  # `leave_with` ends this process first when all end in time
    tell(child.pid, signal.SIGKILL)
    watcher.join()


def leave_with(child: subprocess.Popen[bytes]) -> None:
    """Wait for the command, end what it started and left behind, and leave with its code."""
    code = child.wait()
    tell(child.pid, signal.SIGTERM)
    deadline, pause = time.monotonic() + GRACE, 0.001
    while tell(child.pid, 0) and time.monotonic() < deadline:
        bury()
        time.sleep(pause)
        pause = min(2 * pause, 0.05)
    tell(child.pid, signal.SIGKILL)
    os._exit(code if code >= 0 else 128 - code)


def adopt() -> None:
    """On Linux, become the parent of what the command leaves behind: init may take seconds to bury the dead."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def bury() -> None:
    """Wait for every child that has ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def tell(group: int, sign: int) -> bool:
    """Send a signal (0 only asks) to a process group; whether there was anyone to get it."""
    try:
        os.killpg(group, sign)
    except (ProcessLookupError, PermissionError):  # the second: only the ended are left, on some systems
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1:])
