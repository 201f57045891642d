"""How much of each part a mix takes: shares, caps, and a temperature over groups. Only numbers; pure."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from math import fsum
from typing import TypeVar

G = TypeVar("G", bound=Hashable)


def capped(masses: Sequence[float], caps: Sequence[float | None], *, refill: bool) -> list[float]:
    """Masses with none over its cap. With `refill` what a cap leaves is shared by the rest in proportion, so that the
    sum stays, as long as some part is under its cap."""
    total, fixed = fsum(masses), dict[int, float]()
    while True:
        left = total - fsum(fixed.values()) if refill else 1.0
        free = [i for i in range(len(masses)) if i not in fixed]
        weight = fsum(masses[i] for i in free) if refill else 1.0
        scale = left / weight if fixed and weight else 1.0
        found = [fixed[i] if i in fixed else masses[i] * scale for i in range(len(masses))]
        over = {i: cap for i in free if (cap := caps[i]) is not None and found[i] > cap}
        if not over:
            return found
        fixed |= over


def tempered(
    cells: Sequence[Mapping[G, float]], temperature: float, total: float
) -> tuple[list[float], list[Mapping[G, float]]]:
    """Masses of parts that add up to `total`, and of each the shares of its groups, after a temperature over groups.

    `cells` has for each part the mass of each of its groups. A group of mass m gets a share proportional to
    m**(1/temperature): 1 is in proportion, more makes small groups larger (Conneau et al. 2020, arXiv 1911.02116, has
    the exponent as alpha). Within a group the parts keep their proportions.
    """
    sizes: dict[G, float] = {}
    for part in cells:
        for group, mass in part.items():
            sizes[group] = sizes.get(group, 0.0) + mass
    whole = fsum(sizes.values())
    raised = {group: (mass / whole) ** (1 / temperature) for group, mass in sizes.items() if mass}
    scale = total / fsum(raised.values()) if raised else 0.0
    factor = {group: raised[group] * scale / sizes[group] for group in raised}
    made = [{group: mass * factor.get(group, 0.0) for group, mass in part.items()} for part in cells]
    masses = [fsum(part.values()) for part in made]
    shares: list[Mapping[G, float]] = [
        {group: mass / all if all else 0.0 for group, mass in part.items()}
        for part, all in zip(made, masses, strict=True)
    ]
    return masses, shares


def wholes(exact: Sequence[float], total: int) -> list[int]:
    """Whole numbers near the exact ones that add up to `total` (largest remainders)."""
    taken = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (taken[i] - exact[i], i))
    for i in by_remainder[: total - sum(taken)]:
        taken[i] += 1
    return taken
