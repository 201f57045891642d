"""Runs programs in the sandbox against a problem's inputs, and compares what they return out here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from komainu.errors import UsageError
from komainu.eval.bench.programs.compare import asked, right
from komainu.eval.bench.programs.problems import Problem
from komainu.sandbox.base import Job, Limits, Outcome
from komainu.sandbox.run import run_all
from komainu.sandbox.values import Raised, Returned, read

MEMORY = 4 << 30  # bytes, as upstream has it
LOADING, SHORTEST, FACTOR = 10.0, 1.0, 4.0  # CPU seconds to load; for a call, at least and times the canonical one's
TOTAL = 60.0  # CPU seconds for all calls, at least
CANONICAL = Limits(cpu=600.0, asleep=60.0, memory=MEMORY, output=64 << 20)
SHORT = 1 << 16  # bytes; what is no longer costs little, whatever it is
UNORDERED = (b'{"set":', b'{"dict":', b'{"frozenset":')


@dataclass(frozen=True)
class Truth:
    """What the canonical program returns, and its CPU seconds, for every input, base ones first."""

    lines: tuple[bytes, ...]
    cpu: tuple[float, ...]


class Verdict(NamedTuple):
    """Whether a program is right on the base inputs, and on all; `why` not. Lost: nothing can be said."""

    base: bool
    plus: bool
    why: str = ""
    lost: bool = False


def truths(problems: Iterable[Problem]) -> Iterator[Truth]:
    """The truth of each problem, by its canonical program. Raises UsageError for one that does not run."""
    there = [*problems]
    jobs = (job(problem, problem.solution, CANONICAL) for problem in there)
    for problem, found in zip(there, run_all(jobs), strict=True):
        answers = [*read(found.values)]
        cpu = tuple(a.cpu for a in answers if isinstance(a, Returned))
        if len(cpu) != len(problem.base) + len(problem.plus):
            said = answers[-1].why if answers and isinstance(answers[-1], Raised) else f"{found.ended} {found.code}"
            raise UsageError(
                f"{problem.id}: the canonical program fails at call {len(cpu) + 1}: {said}"
                "; `komainu doctor` tells whether the sandbox works. If it does, give the file as EvalPlus releases it"
            )
        yield Truth(tuple(found.values.split(b"\n")[:-1]), cpu)


def verdicts(tries: Sequence[tuple[Problem, Truth, str]]) -> Iterator[Verdict]:
    """The verdict on each program, in order; "" is no program."""
    runs = run_all(job(problem, code, limits(truth), steps(problem, truth)) for problem, truth, code in tries if code)
    for problem, truth, code in tries:
        yield verdict(problem, truth, next(runs)) if code else Verdict(False, False, "no program")


def job(problem: Problem, code: str, limits: Limits, steps: tuple[float, ...] = ()) -> Job:
    """Both sets of inputs, each with the program loaded afresh. No expected value is in it."""
    after, entry = asked(problem)
    sets = (problem.base, problem.plus) if problem.plus else (problem.base,)
    return Job(code=code + after, entry=entry, sets=sets, steps=steps, packages=packages(code), limits=limits)


def packages(code: str) -> tuple[str, ...]:
    """Packages that a program is given; upstream's has numpy too."""
    return ("numpy",) if "numpy" in code else ()


def steps(problem: Problem, truth: Truth) -> tuple[float, ...]:
    """CPU seconds for each step: loading and the base calls, loading and the others."""
    calls = [max(SHORTEST, FACTOR * seconds) for seconds in truth.cpu]
    n = len(problem.base)
    return (LOADING, *calls[:n], LOADING, *calls[n:])


def limits(truth: Truth) -> Limits:
    """Limits by what the canonical program takes; what it returns is about as long as a right answer is."""
    length = 2 * sum(map(len, truth.lines)) + SHORT
    return Limits(cpu=max(TOTAL, FACTOR * sum(truth.cpu)) + 2 * LOADING, memory=MEMORY, output=length)


def verdict(problem: Problem, truth: Truth, found: Outcome) -> Verdict:
    """Compare what a program returned with the truth, up to the first difference."""
    if found.ended == "lost":
        return Verdict(False, False, "lost: the sandbox ended before the program", lost=True)
    inputs: list[list[Any]] = problem.base + problem.plus
    lines = found.values.split(b"\n")[:-1]
    for n, (arguments, expected) in enumerate(zip(inputs, truth.lines, strict=True)):
        base = n >= len(problem.base)
        if n >= len(lines):
            return Verdict(base, False, f"{ended(found)}: at call {n + 1}")
        if wrong := difference(problem, arguments, lines[n], expected):
            return Verdict(base, False, f"{wrong} (call {n + 1})")
    return Verdict(True, True)


def difference(problem: Problem, arguments: list[Any], line: bytes, expected: bytes) -> str:
    """What is wrong with a line of values; "" when nothing is.

    A line that cannot be right is not read: one that is far longer than the expected one, and a long one with sets or
    dicts where none are expected, whose members could be chosen to take hours to compare.
    """
    if len(line) > 2 * len(expected) + SHORT:
        return "wrong: too long"
    if len(line) > SHORT and any(mark in line and mark not in expected for mark in UNORDERED):
        return "wrong: of another type"
    (out,), (truth,) = read(line + b"\n"), read(expected + b"\n")
    assert isinstance(truth, Returned)
    if isinstance(out, Raised):
        return f"raised: {out.why}"
    return "" if right(problem, arguments, out.value, truth.value) else "wrong: another value"


def ended(found: Outcome) -> str:
    """Why a program gave no more values."""
    return found.ended if found.ended in ("cpu", "asleep", "memory", "output") else f"ended: {found.ended} {found.code}"
