"""Hand-made answers of each check: the ones that follow the instruction, and the ones that do not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from komainu.checks.instructions.base import Instruction, followed, problem
from komainu.eval.bench.jp_ifeval.checks import CHECKS, FAMILIES

LEAST = 6  # of each kind


class Case(NamedTuple):
    """One check with its arguments, and answers that are right and wrong."""

    check: str
    kwargs: dict[str, Any]
    right: list[str]
    wrong: list[str]


def each(cases: Iterable[Case]) -> list[tuple[str, dict[str, Any], str, bool]]:
    return [(c.check, c.kwargs, a, right) for c in cases for right in (True, False) for a in (c.wrong, c.right)[right]]


def verdict(check: str, kwargs: dict[str, Any], answer: str) -> bool:
    """Whether an answer follows the instruction, read strictly."""
    instruction = Instruction(check, kwargs)
    assert not problem(CHECKS, instruction)
    return followed(CHECKS, answer, instruction)


def few(cases: Iterable[Case], family: str) -> dict[str, tuple[int, int]]:
    """The checks of a family with too few right or wrong answers."""
    found = {check.__name__: [0, 0] for check in FAMILIES[family]}
    for case in cases:
        found[case.check][0] += len(case.right)
        found[case.check][1] += len(case.wrong)
    return {name: (a, b) for name, (a, b) in found.items() if min(a, b) < LEAST}
