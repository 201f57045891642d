"""Types at the edges: a text to the value an annotation asks for, and whether a value fits one."""

from __future__ import annotations

import math
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from komainu.errors import UsageError

YES, NO = ("true", "yes", "1", "on"), ("false", "no", "0", "off")
UNIONS = (Union, types.UnionType)
NONE = type(None)


def convert(text: str, hint: Any, where: str) -> Any:
    """The value of type `hint` that `text` spells. Raises UsageError starting with `where`.

    Covered: int, float, bool, str, Path, Literal, Optional and other unions, tuples and lists of these
    (commas between the elements). A parameter without annotation takes the text as it is.
    """
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return convert(text, args[0], where)
    if origin is Literal:
        by_text = {str(choice): choice for choice in args}
        if text not in by_text:
            raise UsageError(f"{where} must be one of {', '.join(by_text)}; not {text!r}")
        return by_text[text]
    if origin in UNIONS:
        return _first(text, hint, where)
    if origin in (tuple, list) or hint in (tuple, list):
        return _elements(text, hint, where)
    if hint in (Any, str):
        return text
    if hint is Path:
        return Path(text)
    if hint is bool and text.lower() in YES + NO:
        return text.lower() in YES
    if hint in (int, float):
        try:
            value = hint(text)
        except ValueError:
            value = math.nan
        if math.isfinite(value):
            return value
    elif hint is not bool:
        raise UsageError(f"{where} is a {describe(hint)}, which a setting cannot spell; set it in the recipe")
    raise UsageError(f"{where} must be {describe(hint)}, not {text!r}")


def _first(text: str, hint: Any, where: str) -> Any:
    """The first type of a union that the text spells; `none` and "" are None where None is one of them."""
    kinds = get_args(hint)
    if NONE in kinds and text.lower() in ("none", ""):
        return None
    for kind in sorted(kinds, key=lambda k: k is str):  # any text is a str: ask the others first
        if kind is not NONE:
            try:
                return convert(text, kind, where)
            except UsageError:
                continue
    raise UsageError(f"{where} must be {describe(hint)}, not {text!r}")


def _elements(text: str, hint: Any, where: str) -> Any:
    parts = [p.strip() for p in text.split(",")] if text.strip() else []
    kinds = get_args(hint)
    if get_origin(hint) is list or hint is list:
        return [convert(p, kinds[0] if kinds else str, f"{where}[{i}]") for i, p in enumerate(parts)]
    if not kinds or (len(kinds) == 2 and kinds[1] is Ellipsis):
        return tuple(convert(p, kinds[0] if kinds else str, f"{where}[{i}]") for i, p in enumerate(parts))
    if len(parts) != len(kinds):
        raise UsageError(f"{where} takes {len(kinds)} values with commas between, not {text!r}")
    return tuple(convert(p, k, f"{where}[{i}]") for i, (p, k) in enumerate(zip(parts, kinds, strict=True)))


def describe(hint: Any) -> str:
    """An annotation in words: `int`, `none or float`, `one of s, m`."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return f"one of {', '.join(map(str, args))}"
    if origin in UNIONS:
        return " or ".join(sorted(map(describe, args), key=lambda name: name != "none"))
    if hint is NONE or hint is None:
        return "none"
    if origin is not None:
        return f"{describe(origin)} of {', '.join('...' if a is ... else describe(a) for a in args)}"
    return str(getattr(hint, "__name__", hint))


def fits(value: Any, hint: Any) -> bool:
    """Whether a value is of an annotated type; True where that cannot be told. An int is fine for a float."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return fits(value, args[0])
    if origin is Literal:
        return any(value == choice and type(value) is type(choice) for choice in args)
    if origin in UNIONS:
        return any(fits(value, kind) for kind in args)
    if hint is Any:
        return True
    if hint is None or hint is NONE:
        return value is None
    if hint is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if origin is not None:
        return _holds(value, origin, args)
    return not isinstance(hint, type) or getattr(hint, "_is_protocol", False) or isinstance(value, hint)


def _holds(value: Any, origin: Any, args: tuple[Any, ...]) -> bool:
    """Whether a value is a container of the kind, its elements of theirs."""
    if not isinstance(origin, type):
        return True
    if not isinstance(value, origin):
        return False
    if isinstance(value, tuple) and origin is tuple and not (len(args) == 2 and args[1] is ...):
        return len(value) == len(args) and all(map(fits, value, args))
    if isinstance(value, Mapping) and len(args) == 2:
        return all(fits(k, args[0]) and fits(v, args[1]) for k, v in value.items())
    if isinstance(value, Sequence) and args:
        return all(fits(v, args[0]) for v in value)
    return True
