"""Runs a command and ends its whole process group when standard input closes: when whoever started it is gone.

Started as a script by `local.py`, in a session of its own. A pipe tells of the starter's death however it died, and
unlike PR_SET_PDEATHSIG it does not fire when only the thread that started the server ends.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

GRACE = 3.0  # seconds between asking the command to end and killing it


def main(command: list[str]) -> None:
    """Ends with the command's exit code, or by SIGKILL with the whole group."""
    signal.signal(signal.SIGTERM, lambda *_: None)  # the group's TERM below reaches this process too
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=leave_with, args=(child,), daemon=True).start()
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE)  # `leave_with` ends this process first when the command ends in time
    os.killpg(0, signal.SIGKILL)


def leave_with(child: subprocess.Popen[bytes]) -> None:
    code = child.wait()
    os.killpg(0, signal.SIGTERM)  # what the command started and left behind
    os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main(sys.argv[1:])
