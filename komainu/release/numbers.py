"""How numbers are written on cards and reports: one decimal on 0-100, intervals in brackets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

UNITS = ((1e9, "B"), (1e6, "M"), (1e3, "k"))
NOTHING = "–"


def one(value: float) -> str:
    """One decimal, never a negative zero."""
    text = f"{value:.1f}"
    return "0.0" if text == "-0.0" else text


def signed(value: float) -> str:
    """One decimal with its sign; a zero has none."""
    text = f"{value:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text


def p_value(p: float | None) -> str:
    if p is None:
        return NOTHING
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def whole(value: int | None) -> str:
    """1234 as `1,234`."""
    return NOTHING if value is None else f"{value:,}"


def plain(value: Any) -> str:
    """0.7; of several 0/0.7, and by name writing 0.7/coding 0."""
    if isinstance(value, dict):
        return "/".join(f"{name} {plain(each)}" for name, each in value.items())
    return "/".join(map(plain, value)) if isinstance(value, list) else f"{value:g}"


def short(value: float) -> str:
    """1234567 as `1.2M`."""
    for size, unit in UNITS:
        if abs(value) >= size:
            text = f"{value / size:.1f}"
            return text.removesuffix(".0") + unit
    return f"{value:g}"


def setting(value: Any, term: Callable[[str], str] = str) -> str:
    """A value of a config in a table; `term` gives the words for yes, no and none."""
    if isinstance(value, bool) or value is None:
        return term({True: "yes", False: "no", None: "none"}[value])
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(setting(each, term) for each in value) or term("none")
    return str(value)


def bounded(known: Sequence[str]) -> str:
    """How a number that is withheld is shown, with the ends it lies between where they are known."""
    return f"withheld ({' to '.join(known)})" if known else "withheld"


def estimate(
    found: dict[str, Any] | None, scale: float = 1.0, bounded: Callable[[Sequence[str]], str] = bounded
) -> str:
    """`84.0 [80.1, 87.3]`: a mean and its interval times `scale`; what is withheld is said to be, with its bounds."""
    if found is None:
        return NOTHING
    if found["mean"] is None:
        bounds = [found.get(end) for end in ("worst", "best")]
        return bounded([one(scale * bound) for bound in bounds if bound is not None])
    mean, low, high = (one(scale * found[k]) for k in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]"
