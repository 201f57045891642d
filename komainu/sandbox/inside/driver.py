"""Runs the program: by itself, or as a function that is called with one set of arguments after the other."""

from __future__ import annotations

import os
import sys
import time

from komainu.sandbox.inside.encode import encode, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

FULL = 1 << 16


def script(code: str) -> int:
    """Run the program as the main module, and return its exit code: 1 after an exception, which is printed."""
    module = type(sys)("__main__")
    sys.modules["__main__"] = module
    try:
        exec(compile(code, "<program>", "exec"), module.__dict__)
    except SystemExit as end:
        return int(end.code or 0) if isinstance(end.code, (int, type(None))) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def calls(code: str, entry: str, sets: list[list[list[Any]]], channel: int, beat: Callable[[], None]) -> None:
    """Load the program once for each set of calls. A line for each call has its CPU seconds and its value.

    The seconds are those of writing the value too. The first exception is written in place of a value and ends
    everything. `beat` is called before every step.
    """
    lines: list[str] = []
    try:
        for members in sets:
            beat()
            module = type(sys)("program")
            sys.modules["program"] = module
            exec(compile(code, "<program>", "exec"), module.__dict__)
            function = module.__dict__[entry]
            for arguments in members:
                beat()
                start = time.process_time()
                value = written(function(*arguments))
                lines.append(f"[{time.process_time() - start:.6f},{value}]\n")
                if sum(map(len, lines[-64:])) > FULL or len(lines) > 1000:
                    flush(lines, channel)
            flush(lines, channel)
    except BaseException as error:  # SystemExit and KeyboardInterrupt are answers like any other
        lines.append(f'{{"raised":{encode(described(error))}}}\n')
        flush(lines, channel)


def described(error: BaseException) -> str:
    """The type of an exception and the beginning of its text."""
    try:
        return f"{type(error).__name__}: {error}"[:200]
    except BaseException:
        return type(error).__name__


def flush(lines: list[str], channel: int) -> None:
    data = "".join(lines).encode()
    lines.clear()
    while data:
        data = data[os.write(channel, data) :]
