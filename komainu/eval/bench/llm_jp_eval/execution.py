"""Model-written code against a dataset's assert statements, run in the sandbox."""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from komainu.checks.text import visible
from komainu.errors import NoSandbox
from komainu.sandbox.base import Job
from komainu.sandbox.run import run

_FENCED = re.compile(r"^[ \t]*```[^\n]*\n(.*?)(?:^[ \t]*```|\Z)", re.S | re.M)


class Ran(NamedTuple):
    """Whether every assert held; None where nothing can be said. Why not: one fixed word, then what happened."""

    passed: bool | None
    why: str = ""


def code_of(answer: str) -> str:
    """The code of an answer: its first fenced block, or all of it when there is none."""
    text = visible(answer)
    fenced = _FENCED.search(text)
    return fenced[1] if fenced else text.strip()


def ran(answer: str, tests: str) -> Ran:
    """The answer's code and then the asserts, as one program. It must come to its end: leaving early is no pass."""
    code = f"{code_of(answer)}\n{tests}"
    end = hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
    try:
        outcome = run(Job(code=f"{code}\nprint({end!r})"))
    except NoSandbox as error:
        return Ran(None, f"not_available: {error}")
    if outcome.ended == "lost":
        return Ran(None, "lost: the run says nothing about the program")
    if outcome.ended == "exit" and outcome.code == 0 and outcome.output.rstrip().endswith(end.encode()):
        return Ran(True)
    last = outcome.output.decode("utf-8", "replace").strip().rpartition("\n")[2]
    return Ran(False, f"failed: {outcome.ended} {outcome.code} {last[:80]}".rstrip())
