"""What `komainu eval compare` does; nothing here prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from komainu import settings
from komainu.cli_verbs import Outcome
from komainu.errors import Incomplete
from komainu.store import Store

HEAD = ("A", "B", "bench", "B minus A", "95 % interval", "p (Holm)", "B is", "what would decide it")


def compare(targets: Sequence[str], accept: float) -> Outcome:
    """All pairs of the models of some results; code 4 when verdicts are missing and a pair is withheld."""
    from komainu.eval.versus import versus

    found = versus(Store(settings.load().root), targets, accept=accept)
    code = Incomplete.code if any(line["withheld"] for line in found["pairs"]) else 0
    return Outcome(found, compare_lines(found), code)


def compare_lines(found: Mapping[str, Any]) -> Iterator[str]:
    pairs = found["pairs"]
    often = Counter((line["a"], line["b"], title(line)) for line in pairs)
    rows = [HEAD, *(cells(line, judged=often[line["a"], line["b"], title(line)] > 1) for line in pairs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""
    for group in found["groups"]:
        yield (
            f"not distinguishable ({found['grouped_by']}): {', '.join(group)}"
            if len(group) > 1
            else f"alone: {group[0]}"
        )
    yield from (f"not compared, as it is no mean over items: {what}" for what in found["not_compared"])


def title(line: Mapping[str, Any]) -> str:
    return f"{line['bench']} ({line['language']}) {line['metric']}"


def cells(line: Mapping[str, Any], *, judged: bool) -> tuple[str, ...]:
    """A pair as a line; with its judges where the same bench was judged by several panels."""
    what = (line["a"], line["b"], f"{title(line)} by {line['judges']}" if judged else title(line))
    if line["withheld"]:
        return (*what, "withheld", "-", "-", "-", line["withheld"])
    digits = 1 if line["bench"] == "average" else 3
    change = f"{line['difference']:+.{digits}f}"
    interval = f"[{line['low']:+.{digits}f}, {line['high']:+.{digits}f}]"
    return (*what, change, interval, f"{line['p_adjusted']:.3g}", line["word"], decided(line["decide"]))


def decided(more: Mapping[str, Any] | None) -> str:
    """`3,120 more items, or 2 more judges`; why nothing would."""
    if more is None:
        return ""
    said = [f"{n:,} more {what}" for what in ("items", "judges", "samples", "runs") if (n := more[what]) is not None]
    return ", or ".join(said) or more["why"]
