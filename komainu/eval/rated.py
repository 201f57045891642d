"""The content of a sweep over learning rates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from komainu.errors import UsageError
from komainu.eval.stats.bootstrap import Floats, bca_mean
from komainu.eval.stats.family import holm, word
from komainu.eval.stats.flips import sign_flip
from komainu.eval.stats.intervals import Estimate
from komainu.rows import Score
from komainu.stage import Stage

if TYPE_CHECKING:
    from komainu.context import Context
    from komainu.eval.rates import RateSweep


def sweep(stage: RateSweep, ctx: Context) -> dict[str, Any]:
    """Each rate's loss and word, the rate to take, and a sentence; see RateSweep."""
    ids, tokens, first = read(stage.losses[0], ctx)
    columns = [first]
    for each in stage.losses[1:]:
        others, counted, column = read(each, ctx)
        if others != ids or not np.array_equal(counted, tokens):
            raise UsageError(f"{each.label} is of other rows than {stage.losses[0].label}: hold the same data out")
        columns.append(column)
    share = len(ids) / tokens.sum()
    losses = [float(column.sum() / tokens.sum()) for column in columns]
    best = min(range(len(losses)), key=losses.__getitem__)
    gaps = [(column - columns[best]) * share for column in columns]
    worse = [i for i in range(len(losses)) if i != best]
    ps = dict(zip(worse, holm([sign_flip(gaps[i]) for i in worse]), strict=True))
    rows: list[dict[str, Any]] = []
    for i, (rate, loss, column) in enumerate(zip(stage.rates, losses, columns, strict=True)):
        own = ratio(column, tokens, f"{stage.seed}:{rate}")
        gap = ratio(column - columns[best], tokens, f"{stage.seed}:{rate}:gap")
        said = "best" if i == best else word(gap.mean, ps[i], better_up=False)
        above = {"above": gap.mean, "above_low": gap.low, "above_high": gap.high, "p": ps.get(i)}
        rows.append({"lr": rate, "lr0": stage.anchors[i], "loss": loss, "low": own.low, "high": own.high, **above})
        rows[-1]["word"] = said
    alike = [row for row in rows if row["word"] == "not distinguishable"]
    picked = {k: rows[best][k] for k in ("lr", "lr0", "loss")}
    return {"rows": len(ids), "rates": rows, "picked": picked, "advice": advice(rows, best, len(alike))}


def ratio(sums: Floats, tokens: Floats, seed: str) -> Estimate:
    """The mean of a token, with its interval over rows: rows are drawn, and how long they are with them."""
    mean = float(sums.sum() / tokens.sum())
    return bca_mean(mean + (sums - mean * tokens) / tokens.mean(), seed)


def advice(rows: list[dict[str, Any]], best: int, alike: int) -> str:
    """What the table comes to, in a sentence or two."""
    said = f"lr {rows[best]['lr']:.3g} has the lowest loss, {rows[best]['loss']:.4f}"
    if alike:
        others = ", ".join(f"{row['lr']:.3g}" for row in rows if row["word"] == "not distinguishable")
        said += f"; not distinguishable from it on these rows: {others}"
    if best in (0, len(rows) - 1):
        said += f"; it is the {'lowest' if best == 0 else 'highest'} of the grid, so try further out"
    return said + "."


def read(stage: Stage, ctx: Context) -> tuple[list[str], Floats, Floats]:
    """Row ids, tokens and negative log-likelihoods of a HeldOut stage."""
    found: dict[str, dict[str, float]] = {}
    for score in ctx.open(stage).rows():
        assert isinstance(score, Score) and score.value is not None
        found.setdefault(score.id, {})[score.metric] = score.value
    table = np.array([[each["tokens"], each["nll"]] for each in found.values()], dtype=np.float64)
    return [*found], table[:, 0], table[:, 1]
