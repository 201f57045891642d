"""From some rows to all of them, with 95 % intervals.

Of a share that stays Wilson's; rows that steps have made of one row count as one. Of the number of calls the normal
one, its variance bounded by that of any number between the plan's least and most calls of a row (Bhatia and Davis
2000). Of tokens and money that together with the spread between calls.
"""

from __future__ import annotations

from math import hypot, sqrt

from komainu.cost import number
from komainu.eval.stats.intervals import Estimate, normal_quantile, wilson
from komainu.models.tally import Total


def scaled(total: Total, calls: int, requests: Estimate) -> Estimate:
    """A sum over `requests` calls from that over `calls`; the errors of both are added as independent ones are."""
    mean, own = total.sum / calls, normal_quantile() * total.spread(calls)
    below, above = ((abs(end - requests.mean) / requests.mean) for end in requests[1:])
    low, high = max(0.0, 1 - hypot(below, own)), 1 + hypot(above, own)
    return Estimate(1.0, low, high).times(mean * requests.mean)


def whole(calls: int, came: int, least: float, most: float, of: float) -> Estimate:
    """The calls about `of` rows, from those about `came`: between the `least` and the `most` a row, where known."""
    mean = calls / came
    least, most = min(least, mean), max(most, mean)
    error = normal_quantile() * sqrt((most - mean) * (mean - least) / came)
    return Estimate(mean, max(least, mean - error), min(most, mean + error)).times(of)


def stay(went: int, of: int, made: int) -> Estimate:
    """The share that went on; `made` rows of one count as one."""
    return wilson(went / made, of / made) if of else Estimate(0.0, 0.0, 1.0)


def shown(found: Estimate) -> str:
    """`1.2k (1.1k-1.3k)`, or the mean alone where it is certain."""
    mean, low, high = map(number, found)
    return mean if low == high else f"{mean} ({low}-{high})"
