"""Running a program of others: in a process group of its own, without keys, its last words told when it fails."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from komainu.environment import bare
from komainu.errors import UsageError
from komainu.models import guard

LOG = "log.txt"  # in its folder: what a program said
LINES = 15  # of it shown when the program fails


def run(
    command: Sequence[str],
    folder: Path,
    variables: Mapping[str, str],
    failure: Callable[[], BaseException | None] = lambda: None,
    called: str = "",
) -> None:
    """Run a command in a folder until it ends; what it says goes to `LOG` there.

    It gets `variables` and those of `komainu.environment.bare`: no keys, nothing of our Python. It ends with this
    process. Raises what `failure` returns as soon as that is not None, and UsageError when the program fails,
    which it calls by its command or as it is `called`.
    """
    said, error = folder / LOG, None
    with open(said, "wb") as out, guarded(command, folder, out.fileno(), variables) as process:
        while process.poll() is None and (error := failure()) is None:
            time.sleep(0.05)
    if (error := error or failure()) is not None:
        raise error
    if process.returncode:
        last = "\n".join(f"  {line}" for line in said.read_text(errors="replace").splitlines()[-LINES:])
        ended = f"{called or ' '.join(command)} ended with {process.returncode}"
        raise UsageError(f"{ended}. Its last words:\n{last}\nMend what they name and run again")


@contextmanager
def guarded(
    command: Sequence[str], folder: Path, out: int, variables: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, which ends with the block or with this process, whichever is first."""
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", guard.__file__, *command],
        cwd=folder,
        env=bare(**variables),
        stdin=subprocess.PIPE,
        stdout=out,
        stderr=out,
        start_new_session=True,
    )
    assert process.stdin is not None
    try:
        yield process
    finally:
        process.stdin.close()
        process.wait()
