"""EvalPlus' rules of what a right value is."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import pytest

from komainu.eval.bench.programs.compare import asked, distance, pyramid, right
from komainu.eval.bench.programs.problems import Problem
from komainu.sandbox.values import Foreign, Large


def problem(task: str = "Mbpp/1", atol: float = 0.0) -> Problem:
    return Problem(task, "mbpp", "", "f", "", [[1]], [], atol)


@pytest.mark.parametrize(
    ("out", "expected", "atol", "fine"),
    [
        (1, 1, 0, True),
        (True, 1, 0, True),
        (1.0, 1, 0, True),
        (Fraction(1, 2), 0.5, 0, True),
        ([1], (1,), 0, False),
        ({1: [2]}, {1: [2]}, 0, True),
        (0.1 + 0.2, 0.3, 0, True),
        (0.30001, 0.3, 0, False),
        (0.30001, 0.3, 1e-4, True),
        (1, 2, 1e-4, False),
        ([0.1 + 0.2, 1.0], [0.3, 1.0], 0, True),
        ((0.1 + 0.2,), [0.3], 0, False),
        ([0.1 + 0.2], [0.3, 1.0], 0, False),
        ([0.1 + 0.2, 1], [0.3, 1], 0, False),  # one of the expected is no float: exact
        ([0.1 + 0.2, 1], [0.3, 1], 1e-4, True),
        ([[1.00001]], [[1.0]], 1e-4, True),
        ([["a"]], [["b"]], 1e-4, False),
        (None, 0.5, 1e-4, False),
        (3, 3.0000001, 0, False),  # close, but an int
        (1e9 + 1, 1e9, 0, True),  # within 1e-7 of it
        (math.nan, math.nan, 1e-4, False),
        (math.inf, math.inf, 0, True),
        (math.inf, 1.0, 1e-4, False),
        (1.0, math.inf, 1e-4, False),
        (1 + 1j, 1.00001 + 1j, 1e-4, True),
        (Foreign("x"), Foreign("x"), 0, False),
        (Large("ab"), Large("ab"), 0, True),
        (Large("ab"), Large("cd"), 1e-4, False),
        ([], 0.5, 0, False),
        ("0.5", 0.5, 1e-4, False),
    ],
)
def test_equal_or_within_the_tolerance(out: Any, expected: Any, atol: float, fine: bool) -> None:
    assert right(problem(atol=atol), [], out, expected) is fine


def test_deep_values_are_wrong_and_break_nothing() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert right(problem(atol=1e-4), [], deep, [0.5]) is False
    while deep:  # taken apart by hand: the interpreter would recurse
        deep = deep.pop()


@pytest.mark.parametrize(
    ("task", "arguments", "out", "expected", "fine"),
    [
        ("HumanEval/32", [[1, 2]], -0.5, 99.0, True),
        ("HumanEval/32", [[-6, 11, -6, 1]], 3.0, 1.0, True),  # any root
        ("HumanEval/32", [[1, 2]], -0.4, -0.5, False),
        ("HumanEval/32", [[1, 2]], None, -0.5, False),
        ("HumanEval/32", [[1, 2, 3, 4]], 1e200, -0.6, False),
        ("Mbpp/164", [36, 57], "anything", False, True),
        ("Mbpp/295", [8], 0, 7, True),
        ("Mbpp/295", [8], 1, 7, False),
        ("Mbpp/558", [1, 256], 12, 13, True),
        ("Mbpp/581", [3, 4], 36, 33, False),
        ("Mbpp/581", [3, 4], pyramid(3, 4), 33, True),
        ("Mbpp/737", ["a"], Foreign("re.Match"), Foreign("re.Match"), True),
        ("Mbpp/737", ["a"], True, Foreign("re.Match"), True),
        ("Mbpp/737", ["a"], False, Foreign("re.Match"), False),
        ("Mbpp/737", ["a"], None, Foreign("re.Match"), False),
        ("Mbpp/737", ["a"], None, None, True),
        ("Mbpp/737", ["a"], "no", None, False),
    ],
)
def test_the_special_cases(task: str, arguments: list[Any], out: Any, expected: Any, fine: bool) -> None:
    assert right(problem(task, 1e-4 if task == "HumanEval/32" else 0.0), arguments, out, expected) is fine


def test_the_other_readings() -> None:
    assert distance(1, 256) == 2 + 5 + 5 and distance(23, 56) == 6
    assert pyramid(3, 4) == round(9 + 4 * 3 * math.sqrt(1.5**2 + 16) / 2)


def test_eight_tasks_compare_sets() -> None:
    after, name = asked(problem("Mbpp/2"))
    space: dict[str, Any] = {}
    exec("def f(x):\n    return (y for y in x)" + after, space)
    assert space[name]([1, 2, 1]) == {1, 2}
    assert asked(problem("Mbpp/1")) == ("", "f")
