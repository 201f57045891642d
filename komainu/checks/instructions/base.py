"""What a check of one instruction is, how its arguments are validated, and strict and loose verdicts."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from komainu.errors import nearest

Check = Callable[..., bool]  # (response, *, arguments by name) -> is the instruction followed
RELATIONS = {"less than": False, "at least": True, "未満": False, "以上": True}


class Instruction(NamedTuple):
    """One instruction of a prompt: its id in the table of checks, and the arguments of the check."""

    id: str
    kwargs: Mapping[str, Any]


class Relation(str):
    """A type of argument: how a count is compared, one of RELATIONS."""


def holds(count: int, relation: str, limit: int) -> bool:
    """`count` is at least `limit`, or below it; at the limit itself "less than" does not hold."""
    return count >= limit if RELATIONS[relation] else count < limit


def problem(checks: Mapping[str, Check], instruction: Instruction) -> str:
    """What is wrong with an instruction before any response is seen, in a sentence; "" when nothing is."""
    if instruction.id not in checks:
        return f"there is no instruction {instruction.id!r}{nearest(instruction.id, checks)}"
    wanted = arguments(checks[instruction.id])
    given = instruction.kwargs
    if lacking := sorted(wanted.keys() - given.keys()):
        return f"{instruction.id} needs {', '.join(lacking)} in its kwargs"
    if unknown := sorted(given.keys() - wanted.keys()):
        return f"{instruction.id} takes no {unknown[0]!r}{nearest(unknown[0], wanted)}"
    for name, kind in wanted.items():
        if not KINDS[kind][0](given[name]):
            return f"{instruction.id}: {name} is {given[name]!r}; it must be {KINDS[kind][1]}"
    return ""


@cache
def arguments(check: Check) -> dict[str, str]:
    """The keyword arguments of a check with the names of their types."""
    parameters = inspect.signature(check).parameters.values()
    return {p.name: str(p.annotation) for p in parameters if p.kind is p.KEYWORD_ONLY}


def is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "int": (is_count, "a whole number from 0 up"),
    "str": (is_text, "a text that is not blank"),
    "list[str]": (lambda v: isinstance(v, list) and bool(v) and all(map(is_text, v)), "a list of texts, none blank"),
    "Relation": (lambda v: isinstance(v, str) and v in RELATIONS, f"one of {', '.join(RELATIONS)}"),
}


def followed(checks: Mapping[str, Check], response: str, instruction: Instruction) -> bool:
    """Whether a response follows an instruction; a blank response follows none."""
    return bool(response.strip()) and checks[instruction.id](response, **instruction.kwargs)


def variants(response: str) -> Iterator[str]:
    """The eight readings of the loose verdict: without the first line, the last or both, with or without asterisks.

    A reading that leaves a line out is stripped. Source: Zhou et al. 2023, arXiv 2311.07911, section 2.2.
    """
    lines = response.split("\n")
    readings = [response, *("\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1]))]
    for reading in readings:
        yield reading
        yield reading.replace("*", "")


def verdicts(checks: Mapping[str, Check], response: str, asked: Sequence[Instruction]) -> dict[str, list[bool]]:
    """`strict` and `loose`, one verdict an instruction in the order asked; loose holds where any reading does."""
    strict = [followed(checks, response, one) for one in asked]
    loose = [
        right or any(followed(checks, reading, one) for reading in variants(response))
        for one, right in zip(asked, strict, strict=True)
    ]
    return {"strict": strict, "loose": loose}
