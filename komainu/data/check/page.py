"""The page of a check: what a file holds as bars, and each problem with samples. Static, without a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from komainu.data.check.survey import Survey, histogram
from komainu.pages.page import BASE, environment, policy

FEW = 20  # of the kinds of a count that get a bar; the others are summed
Bar = tuple[str, int, float]  # what, how many, how long in per cent


def page(title: str, survey: Survey, found: Mapping[str, Any]) -> str:
    """The page of a survey; `found` is the verb's JSON about it."""
    style = BASE.read_text(encoding="utf-8") + (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
    template = environment("komainu.data", "check").get_template("page.html.jinja")
    return template.render(
        title=title,
        found=found,
        counts={what: bars(shortened(counts.most_common())) for what, counts in survey.counts.items()},
        lengths={
            what: bars([(span(low, high), n) for low, high, n in histogram(numbers)])
            for what, numbers in survey.lengths.items()
        },
        style=Markup(style),
        policy=policy(style, ""),
    )


def shortened(counts: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    rest = counts[FEW:]
    return [*counts[:FEW], *([(f"{len(rest)} others", sum(n for _, n in rest))] if rest else [])]


def bars(counts: Sequence[tuple[str, int]]) -> list[Bar]:
    most = max((n for _, n in counts), default=1) or 1
    return [(what, n, round(100 * n / most, 2)) for what, n in counts]


def span(low: int, high: int) -> str:
    return str(low) if high - low <= 1 else f"{low} to {high - 1}"
