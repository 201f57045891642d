"""Reads what calls returned. It was written by an untrusted program: it can be any bytes, and is only ever data."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple


@dataclass(frozen=True, eq=False)
class Foreign:
    """A value that has no form outside its program: only the name of its type is known. It is equal to no other."""

    type: str


@dataclass(frozen=True)
class Large:
    """A value of more than a quarter of a megabyte, known by its digest; equal to an equal value's."""

    digest: str


class Returned(NamedTuple):
    """What a call returned; `cpu` are the seconds that the program says it took."""

    value: Any
    cpu: float


class Raised(NamedTuple):
    """The exception that ended the calls, or what is wrong with what the program wrote."""

    why: str


MAKE: dict[str, Callable[[Any], Any]] = {
    "int": lambda text: int(text, 16),
    "float": float,
    "complex": lambda parts: complex(*parts),
    "tuple": tuple,
    "dict": dict,
    "set": set,
    "frozenset": frozenset,
    "deque": deque,
    "bytes": bytes.fromhex,
    "decimal": Decimal,
    "fraction": lambda parts: Fraction(*parts),
    "object": Foreign,
    "large": Large,
}


def read(values: bytes) -> Iterator[Returned | Raised]:
    """One entry a call, in their order; a `Raised` is the last. Nothing follows a line that is not as it should be."""
    for line in values.split(b"\n")[:-1]:
        found = entry(line)
        yield found
        if isinstance(found, Raised):
            return


def entry(line: bytes) -> Returned | Raised:
    """One line of the program's: what a call returned, or the exception it ended with."""
    try:
        found = json.loads(line.decode(), object_hook=made, parse_constant=refused)
        if isinstance(found, list):
            cpu, value = found
            return Returned(value, float(cpu))
        return Raised(str(found))
    except (ValueError, TypeError, ArithmeticError, RecursionError, MemoryError) as error:
        return Raised(f"unreadable: {type(error).__name__}")


def made(found: dict[str, Any]) -> Any:
    """The value that an object of one key stands for; "raised" stands for its text."""
    ((kind, value),) = found.items()
    if kind == "raised":
        return str(value)
    if kind not in MAKE:
        raise ValueError(f"no such kind of value: {kind}")
    return MAKE[kind](value)


def refused(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
