"""Cells of a table of many models: a number in its column's unit, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any, Literal

import msgspec

from komainu.eval.columns import LIMIT
from komainu.eval.family import Shown
from komainu.eval.league.found import Number
from komainu.eval.stats.combined import independent_mean
from komainu.eval.stats.intervals import Estimate

State = Literal["whole", "withheld", "partial"]
ENDS = ("value", "low", "high", "worst", "best")


class Cell(msgspec.Struct, frozen=True):
    """One model in one column.

    withheld: verdicts are missing, `why` says how many, and `worst` and `best` bound the value. partial: it is an
    average and a part is not there, `why` says which. A whole one may lack some verdicts too: `why` then says what was
    accepted.
    """

    state: State
    value: float | None = None
    low: float | None = None
    high: float | None = None
    worst: float | None = None
    best: float | None = None
    why: str = ""
    more: dict[str, Any] = {}  # n, missing, judges and the like, for --json

    def json(self) -> dict[str, Any]:
        ends = {end: None if (x := getattr(self, end)) is None else round(x, 6) for end in ENDS}
        return {"state": self.state, **ends, "why": self.why, **self.more}


def cell(number: Number, shown: Shown, accept: float) -> Cell:
    """A number as its column shows it; withheld when more of it is missing than is accepted."""
    row, own = number.row, number.row.get("own") or number.row
    every = row["n"] + row["missing"]
    share, scale = row["missing"] / every if every else 1.0, shown.unit / row["top"]

    def scaled(value: float | None) -> float | None:
        return None if value is None else scale * value

    more = {"n": row["n"], "missing": row["missing"], **judged(row, scaled), "scores": row["scores"]}
    bounds = (scaled(row["worst"]), scaled(row["best"])) if own is row else (None, None)
    missing = f"{100 * share:.1f} % of its verdicts"
    if lacking := "without its own average" if shown.own and own is row else own.get("lacking"):
        return Cell("partial", why=lacking, more=more)
    if share > max(number.accept, accept) or own["mean"] is None:
        return Cell("withheld", None, None, None, *bounds, why=f"lacks {missing}", more=more)
    told = f"accepted without {missing}" if share > LIMIT else ""
    return Cell("whole", scaled(own["mean"]), scaled(own["low"]), scaled(own["high"]), *bounds, why=told, more=more)


def judged(row: dict[str, Any], scaled: Callable[[float | None], float | None]) -> dict[str, Any]:
    """What the judges said, in the column's unit; {} where none did."""
    if "judges" not in row:
        return {}
    by = {name: {**found, "mean": scaled(found["mean"])} for name, found in row["judges"].items()}
    return {"balanced": scaled(row["balanced"]), "judges": by}


def mean(parts: Sequence[tuple[str, float, Cell]], unit: float) -> Cell:
    """The average of named cells of given units, shown from 0 to `unit`: withheld or partial when one of them is.

    The interval takes the parts as independent: they are of different items. Where panels judged, `balanced` is the
    average with each judge's verdicts weighing alike.
    """
    scaled = [(name, unit / of, found) for name, of, found in parts]
    bounds = average([(s, c.worst) for _, s, c in scaled]), average([(s, c.best) for _, s, c in scaled])
    for state in ("withheld", "partial"):
        if why := [f"{name} {c.why}" for name, _, c in scaled if c.state == state]:
            ends = bounds if state == "withheld" else (None, None)
            return Cell(state, None, None, None, *ends, why="; ".join(why))
    value = average([(s, c.value) for _, s, c in scaled])
    told = "; ".join(f"{name} {c.why}" for name, _, c in scaled if c.why)
    more = {}
    if any(len(c.more.get("judges", ())) > 1 for _, _, c in scaled):
        more = {"balanced": average([(s, c.more.get("balanced", c.value)) for _, s, c in scaled])}
    if any(c.low is None or c.high is None for _, _, c in scaled):
        return Cell("whole", value, None, None, *bounds, why=told, more=more)
    estimates = [Estimate(*(s * getattr(c, end) for end in ("value", "low", "high"))) for _, s, c in scaled]
    return Cell("whole", *independent_mean(estimates), *bounds, why=told, more=more)


def average(parts: Sequence[tuple[float, float | None]]) -> float | None:
    """The mean of scaled values; None when one is not known."""
    there = [scale * value for scale, value in parts if value is not None]
    return fmean(there) if len(there) == len(parts) else None
