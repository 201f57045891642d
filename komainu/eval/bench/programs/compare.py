"""Whether a value is the one expected: EvalPlus' rules, with its special cases. Values come from untrusted programs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from komainu.eval.bench.programs.problems import Problem

FLOATS, RELATIVE = 1e-6, 1e-7
SETS = {f"Mbpp/{n}" for n in (2, 7, 111, 140, 232, 249, 579, 769)}  # the order of the members is not asked for
ANYTHING = {f"Mbpp/{n}" for n in (737, 787, 794)}  # a match object: only whether there is one can be compared


def right(problem: Problem, arguments: list[Any], out: Any, expected: Any) -> bool:
    """Whether `out` is a right value of the call, `expected` being what the canonical program returns.

    Equal is right. Numbers are right within the problem's absolute tolerance, floats within 1e-6 at least, and within
    1e-7 of the expected value. Special cases are HumanEval/32 (any root), Mbpp/164 (anything), Mbpp/295 (0), Mbpp/558
    and Mbpp/581 (another reading of the task), eight tasks that compare sets, and three with match objects.
    """
    try:
        if problem.id == "HumanEval/32":
            return type(out) in (int, float) and abs(polynomial(arguments[0], out)) <= problem.atol
        if problem.id in ANYTHING:
            return (out if isinstance(out, bool) else out is not None) == (expected is not None)
        if problem.id == "Mbpp/164" or bool(out == expected):
            return True
        if problem.id in OTHER:
            return bool(out == OTHER[problem.id](*arguments))
        atol = problem.atol or (FLOATS if floats(expected) else 0.0)
        return atol > 0 and type(out) is type(expected) and close(out, expected, atol)
    except (ArithmeticError, TypeError, ValueError, RecursionError):
        return False


def polynomial(coefficients: list[float], x: float) -> float:
    return sum(c * math.pow(x, n) for n, c in enumerate(coefficients))


def floats(value: Any) -> bool:
    """A float, or a list or tuple of nothing but floats."""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(isinstance(each, float) for each in value)
    return isinstance(value, float)


def close(out: Any, expected: Any, atol: float) -> bool:
    """Numbers within the tolerance of each other, and lists of the same lengths of such numbers."""
    if isinstance(expected, (list, tuple)):
        same = isinstance(out, (list, tuple)) and len(out) == len(expected)
        return same and all(close(a, b, atol) for a, b in zip(out, expected, strict=True))
    if not all(isinstance(each, (int, float, complex)) for each in (out, expected)):
        return False
    return bool(out == expected or abs(out - expected) <= atol + RELATIVE * abs(expected) < math.inf)


def pyramid(edge: float, height: float) -> int:
    """Mbpp/581: the surface of a square pyramid whose second measure is its height, not its slant."""
    slant = math.hypot(edge / 2, height)
    return round(edge**2 + 2 * edge * slant)


def distance(one: int, other: int) -> int:
    """Mbpp/558: the sum of the differences of the digits at each place, the shorter number filled with zeros."""
    width = max(len(str(one)), len(str(other)))
    return sum(abs(int(a) - int(b)) for a, b in zip(str(one).zfill(width), str(other).zfill(width), strict=True))


OTHER: dict[str, Callable[..., int]] = {"Mbpp/295": lambda _: 0, "Mbpp/558": distance, "Mbpp/581": pyramid}


def asked(problem: Problem) -> tuple[str, str]:
    """What is put after a program, and the function to call: where sets are compared, its value as a set."""
    if problem.id not in SETS:
        return "", problem.entry
    name = f"{problem.entry}_as_a_set"
    return f"\n\n\ndef {name}(*arguments):\n    return set({problem.entry}(*arguments))\n", name
