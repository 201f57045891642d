"""How well steps found the teacher's labelled faults: for the report only, no step may know the labels."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any

from komainu.data.base import Drop, word
from komainu.rows import Chat, Row


def score_faults(kept: Iterable[Row], dropped: Iterable[Drop]) -> dict[str, Any]:
    """Recall of each fault and precision of each reason, from meta["hidden"] of kept and dropped rows.

    Counted are answers: the one a row ends with, and each that Regenerate or BestOf replaced on the way.
    {"answers": n, "faulty": n,
     "faults": {fault: {"answers": n, "caught": n, "recall": r, "by": {reason: n}}},
     "reasons": {reason: {"caught": n, "faulty": n, "precision": p, "of": {fault: n, "": clean ones}}}}
    A fault of the prompt (a planted duplicate) is counted once a row, beside the fault of its answer.
    A share of nothing is None. An answer without labels is counted as clean.
    """
    seen: Counter[str] = Counter()
    table: defaultdict[str, Counter[str]] = defaultdict(Counter)  # reason -> fault -> answers
    caught: Counter[str] = Counter()
    answers = faulty = 0
    for row, reason in [*((r, "") for r in kept), *((d.row, word(d.reason)) for d in dropped)]:
        for faults, why in verdicts(row, reason):
            answers += 1
            faulty += bool(faults)
            seen.update(faults)
            if why:
                caught[why] += 1
                table[why].update(faults or [""])
    return {
        "answers": answers,
        "faulty": faulty,
        "faults": {fault: recall(fault, seen[fault], table) for fault in sorted(seen)},
        "reasons": {reason: precision(caught[reason], table[reason]) for reason in sorted(table)},
    }


def verdicts(row: Row, reason: str) -> Iterator[tuple[list[str], str]]:
    """The faults of each answer of a row, and the reason it was dropped or replaced for ("" when it was kept)."""
    if not isinstance(row, Chat):
        return
    hidden = row.meta.get("hidden", {})
    for fault, why in zip_longest(hidden.get("replaced", []), row.meta.get("replaced", []), fillvalue=""):
        yield [fault] if fault else [], word(why)
    own = [hidden.get("fault", ""), hidden.get("prompt", {}).get("fault", "")]
    yield [fault for fault in dict.fromkeys(own) if fault], reason


def recall(fault: str, answers: int, table: dict[str, Counter[str]]) -> dict[str, Any]:
    by = {reason: table[reason][fault] for reason in sorted(table) if table[reason][fault]}
    caught = sum(by.values())
    return {"answers": answers, "caught": caught, "recall": share(caught, answers), "by": by}


def precision(caught: int, of: Counter[str]) -> dict[str, Any]:
    """An answer with two faults (the prompt's and its own) stands under both in `of`."""
    return {
        "caught": caught,
        "faulty": caught - of[""],
        "precision": share(caught - of[""], caught),
        "of": dict(sorted(of.items())),
    }


def share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
