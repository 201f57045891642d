"""How well checks find a teacher's labelled faults: for the report only, nothing else may read the labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from komainu.checks.base import Check
from komainu.context import Context
from komainu.data.base import drops
from komainu.data.score_faults import score_faults, share
from komainu.files import write_json
from komainu.rows import Chat
from komainu.stage import Stage, Table, needs

FINDS = {  # the fault each check is there to find
    "leakage": "leak",
    "register": "register",
    "extra_text": "extra_text",
    "truncation": "truncated",
    "Exact": "duplicate",
    "Near": "duplicate",
}


@dataclass(frozen=True, kw_only=True)
class CheckAccuracy(Stage):
    """Writes `faults.json`: precision and recall of every check on `answers`, and of every step of `datasets`.

    A check's true positives are flagged answers that carry the fault it is there to find; any other fault in a
    flagged answer is no error; a flagged answer without a fault is a false positive. `any` is what all find together.
    """

    makes: ClassVar[type] = Table
    answers: Stage
    checks: tuple[Check, ...]
    datasets: tuple[Stage, ...] = ()

    def check(self) -> Iterator[str]:
        yield from needs(self, "answers", self.answers, Chat)

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        rows = [row for row in ctx.open(self.answers).rows() if isinstance(row, Chat)]
        labels = [str(row.meta.get("hidden", {}).get("fault", "")) for row in rows]
        flagged = {check.name: [bool(check(row)) for row in rows] for check in self.checks}
        table = [line(name, FINDS.get(name, ""), labels, marks) for name, marks in flagged.items()]
        together = [any(marks) for marks in zip(*flagged.values(), strict=True)]
        table += [line("any", fault, labels, together) for fault in sorted(set(labels) - {""})]
        table += [row for stage in self.datasets for row in steps(stage, ctx)]
        write_json(out / "faults.json", {"rows": table, "answers": len(rows), "labels": dict(Counter(labels))})
        return {"rows": len(table), "answers": len(rows)}


def line(name: str, fault: str, labels: list[str], flagged: list[bool]) -> dict[str, Any]:
    """One check against one fault (any fault, where it has none of its own)."""
    hit = sum(mark and (label == fault if fault else bool(label)) for mark, label in zip(flagged, labels, strict=True))
    false = sum(mark and not label for mark, label in zip(flagged, labels, strict=True))
    there = sum(label == fault if fault else bool(label) for label in labels)
    found = sum(flagged)
    return {
        "check": name,
        "fault": fault or "any",
        "precision": share(found - false, found),
        "recall": share(hit, there) if fault else None,
        "tp": hit,
        "fp": false,
        "fn": there - hit,
    }


def steps(stage: Stage, ctx: Context) -> Iterator[dict[str, Any]]:
    """The deduplicating steps of a dataset against the planted duplicates."""
    artifact = ctx.open(stage)
    dropped = [*drops(artifact)]
    found = score_faults(artifact.rows(), dropped)["faults"].get("duplicate")
    caught = [d for d in dropped if FINDS.get(d.step.split("#")[0]) == "duplicate"]
    if found is None and not caught:
        return
    planted = found["answers"] if found else 0
    hit = sum(duplicate(d.row) for d in caught)
    yield {
        "check": " + ".join(sorted({d.step for d in caught})) or "dedup",
        "fault": "duplicate",
        "precision": share(hit, len(caught)),
        "recall": share(hit, planted),
        "tp": hit,
        "fp": len(caught) - hit,
        "fn": planted - hit,
    }


def duplicate(row: Any) -> bool:
    hidden = row.meta.get("hidden", {})
    return "duplicate" in (hidden.get("fault"), hidden.get("prompt", {}).get("fault"))
