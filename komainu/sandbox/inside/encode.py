"""Python values as JSON text; what JSON lacks is an object of one key, {"tuple": [...]}. `values.py` reads it."""

from __future__ import annotations

import marshal
import math
from _json import encode_basestring_ascii as quoted  # the module json takes longer to load than a program to start
from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


LARGE = 1 << 18  # bytes; a value that takes more is known by its digest alone


def written(value: object) -> str:
    """The value as one JSON text, or the digest of a large one: equal values, equal digests.

    Raises RecursionError for what is nested too deeply or holds itself.
    """
    try:
        size = len(packed(value))
    except ValueError:  # it holds what only `encode` knows
        return encode(value)
    if size <= LARGE:
        return encode(value)
    from hashlib import sha256  # here, as it takes long to load and few values are large

    return f'{{"large":"{sha256(packed(plain(value))).hexdigest()}"}}'


def packed(value: object) -> bytes:
    """The value as bytes: quickly, and the same for what is the same. Raises ValueError for what is no plain value."""
    return marshal.dumps(value, 2)  # type: ignore[arg-type]  # later formats write down references too


def plain(value: object) -> object:
    """A form that is the same for equal values: 1, 1.0 and True are one number, and a dict has no order."""
    if isinstance(value, (list, tuple)):
        kinds = set(map(type, value))
        if kinds.isdisjoint(CHANGED) or (kinds == {float} and not any(map(float.is_integer, value))):
            return value
        return type(value)([plain(each) if type(each) in CHANGED else each for each in value])
    if isinstance(value, (set, frozenset)):
        return "set", sorted(packed(plain(each)) for each in value)
    if isinstance(value, dict):
        return "dict", sorted(packed((plain(k), plain(v))) for k, v in value.items())
    if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()):
        return int(value)
    return value


CHANGED = frozenset((list, tuple, set, frozenset, dict, bool, float))  # what `plain` may change


def encode(value: object) -> str:
    """The value as one JSON text. A subclass is written as its base, a foreign object as its type's name.

    Raises RecursionError for what is nested too deeply or holds itself.
    """
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return quoted(str.__str__(value))
    if isinstance(value, int):
        number = int.__index__(value)
        return str(number) if -(2**63) <= number < 2**63 else f'{{"int":"{number:x}"}}'
    if isinstance(value, float):
        text = float.__repr__(value)
        return text if math.isfinite(value) else f'{{"float":"{text}"}}'
    if isinstance(value, list):
        return f"[{joined(list.__iter__(value))}]"
    return composite(value)


def composite(value: object) -> str:
    """Values for which JSON has no form of its own."""
    if isinstance(value, tuple):
        return f'{{"tuple":[{joined(tuple.__iter__(value))}]}}'
    if isinstance(value, dict):
        return f'{{"dict":[{",".join(f"[{joined(pair)}]" for pair in dict.items(value))}]}}'
    if isinstance(value, set):
        return f'{{"set":[{joined(set.__iter__(value))}]}}'
    if isinstance(value, frozenset):
        return f'{{"frozenset":[{joined(frozenset.__iter__(value))}]}}'
    if isinstance(value, deque):
        return f'{{"deque":[{joined(deque.__iter__(value))}]}}'
    if isinstance(value, complex):
        return f'{{"complex":[{joined((value.real, value.imag))}]}}'
    if isinstance(value, (bytes, bytearray)):
        return f'{{"bytes":"{bytes(value).hex()}"}}'
    return foreign(value)


def foreign(value: object) -> str:
    """Numbers of other modules by what they are worth, everything else by its type."""
    kind = type(value)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if name == "decimal.Decimal":
        return f'{{"decimal":{quoted(str(value))}}}'
    if name == "fractions.Fraction":
        return f'{{"fraction":[{joined(value.as_integer_ratio())}]}}'  # type: ignore[attr-defined]
    if kind.__module__ == "numpy" and not getattr(value, "shape", True):
        return encode(value.item())  # type: ignore[attr-defined]
    return f'{{"object":{quoted(name)}}}'


def joined(values: Iterable[object]) -> str:
    return ",".join(map(encode, values))
