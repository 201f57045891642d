"""How well checks find a teacher's labelled faults: for the report only, nothing else may read the labels."""

from __future__ import annotations

import json
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
    "boilerplate": "boilerplate",
    "markup": "markup",
    "encoding": "encoding",
    "private": "private",
    "repetition": "loop",
    "refusal": "refusal",
    "empty": "empty",
    "error_text": "error_text",
    "language": "language",
    "shape": "shape",
    "Exact": "duplicate",
    "Near": "duplicate",
    "Decontaminate": "contamination",
}

ENOUGH = 0.95  # of precision and recall; what is below needs a reason
WHY = {
    "leakage": "In an answer of a few words: one that is a foreign word as a whole is in another language, which the "
    "check of that name finds; names, and words that the question brings along, are no leaks.",
    "shape": "An answer that begins as data, with { or [, is not looked at.",
    "truncation": "A short answer that is cut behind a word or a phrase looks whole. Calls to a model tell how they "
    "ended; the textbook's do not say that they were cut.",
}


@dataclass(frozen=True, kw_only=True)
class CheckAccuracy(Stage):
    """Writes `faults.json`: precision and recall of every check on `answers`, and of every step of `datasets`.

    A check's true positives are flagged answers that carry the fault it is there to find, or any fault where no
    answer carries its own; any other fault in a flagged answer is no error; a flagged answer without a fault is a false
    positive. `any` is what all find together. The rows of `more`, other such tables, follow. A row below ENOUGH says
    `why`.
    """

    makes: ClassVar[type] = Table
    answers: Stage
    checks: tuple[Check, ...]
    datasets: tuple[Stage, ...] = ()
    more: tuple[Stage, ...] = ()

    def check(self) -> Iterator[str]:
        yield from needs(self, "answers", self.answers, Chat)
        for i, each in enumerate(self.more):
            if not isinstance(each, CheckAccuracy):
                yield f"CheckAccuracy.more[{i}] must be a CheckAccuracy, not {each.label}"

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        rows = [row for row in ctx.open(self.answers).rows() if isinstance(row, Chat)]
        labels = [str(row.meta.get("hidden", {}).get("fault", "")) for row in rows]
        flagged = {check.name: [bool(check(row)) for row in rows] for check in self.checks}
        table = [line(name, found(name, labels), labels, marks) for name, marks in flagged.items()]
        together = [any(marks) for marks in zip(*flagged.values(), strict=True)]
        table += [line("any", fault, labels, together) for fault in sorted(set(labels) - {""})]
        table += [row for stage in self.datasets for row in steps(stage, ctx)]
        for each in self.more:
            table += json.loads((ctx.open(each).path / "faults.json").read_bytes())["rows"]
        table = [explained(row) for row in table]
        write_json(out / "faults.json", {"rows": table, "answers": len(rows), "labels": dict(Counter(labels))})
        return {"rows": len(table), "answers": len(rows)}


def line(name: str, fault: str, labels: list[str], flagged: list[bool]) -> dict[str, Any]:
    """One check against one fault (any fault, where it has none of its own)."""
    hit = sum(mark and (label == fault if fault else bool(label)) for mark, label in zip(flagged, labels, strict=True))
    false = sum(mark and not label for mark, label in zip(flagged, labels, strict=True))
    there = sum(label == fault if fault else bool(label) for label in labels)
    marked = sum(flagged)
    return {
        "check": name,
        "fault": fault or "any",
        "precision": share(marked - false, marked),
        "recall": share(hit, there) if fault else None,
        "tp": hit,
        "fp": false,
        "fn": there - hit,
    }


def explained(row: dict[str, Any]) -> dict[str, Any]:
    """The row with why it is below what is enough."""
    short = any(row[part] is not None and row[part] < ENOUGH for part in ("precision", "recall"))
    return row | {"why": WHY.get(row["check"], "No reason is known.")} if short and row["check"] != "any" else row


def found(name: str, labels: list[str]) -> str:
    """The fault that a check is there to find; "" where no answer has it."""
    fault = FINDS.get(name, "")
    return fault if fault in labels else ""


def steps(stage: Stage, ctx: Context) -> Iterator[dict[str, Any]]:
    """The steps of a dataset that drop copies, against those that were planted."""
    artifact = ctx.open(stage)
    dropped = [*drops(artifact)]
    rows = [*artifact.rows()]
    for fault in dict.fromkeys(FINDS[step] for step in ("Near", "Decontaminate")):
        there = score_faults(rows, dropped)["faults"].get(fault)
        caught = [d for d in dropped if FINDS.get(d.step.split("#")[0]) == fault]
        if there is None and not caught:
            continue
        planted = there["answers"] if there else 0
        hit = sum(carries(d.row, fault) for d in caught)
        yield {
            "check": " + ".join(sorted({d.step for d in caught})) or {"duplicate": "dedup"}.get(fault, fault),
            "fault": fault,
            "precision": share(hit, len(caught)),
            "recall": share(hit, planted),
            "tp": hit,
            "fp": len(caught) - hit,
            "fn": planted - hit,
        }


def carries(row: Any, fault: str) -> bool:
    hidden = row.meta.get("hidden", {})
    return fault in (hidden.get("fault"), hidden.get("prompt", {}).get("fault"))
