"""The pages of docs/data hold a sample and the funnel of the very runs that the tests make."""

from __future__ import annotations

from typing import Any

from komainu.rows import Pair
from tests.sets.world import ROOT, Made

SHOWN = ("unsound", "missing", "swapped")  # notes of steps that make pairs


def funnel(found: Made[Any]) -> str:
    """Rows in, what each step left out by its reason, rows out."""
    lines = [f"{found.summary['in']:>5}  in"]
    for step in found.summary["steps"]:
        gone = found.reasons.get(step["step"], {})
        notes = found.summary["notes"].get(step["step"], {})
        again = notes.get("calls", sum(notes.get("resampled", {}).values()))
        why = ", ".join(f"{reason} {count}" for reason, count in gone.items())
        more = f"{step['out'] + sum(gone.values())} made; " if step["out"] + sum(gone.values()) > step["in"] else ""
        lines.append(f"{step['out']:>5}  {step['step']}" + (f"  ({more}{why})" if why else ""))
        lines[-1] += f"  asked again {again} times" if again else ""
        if asked := notes.get("answers"):
            lines[-1] += f"  {asked} answers asked for" + "".join(
                f", {count} {name}" for name, count in notes.items() if name in SHOWN and count
            )
        lines += [f"         {count} {name}" for name, count in notes.get("pairs", {}).items()]
    return "\n".join(lines)


def sample(found: Made[Any]) -> str:
    """The first row that was kept, turn by turn."""
    row = found.rows[0]
    if isinstance(row, Pair):
        turns = [*((m.role, m.content) for m in row.prompt), ("chosen", row.chosen), ("rejected", row.rejected)]
    else:
        turns = [(m.role, m.content) for m in row.messages]
    return "\n".join(f"{name}: {text}" for name, text in turns)


def asks(found: Made[Any]) -> str:
    """What the plan said before, and what was asked then."""
    lines = []
    for asked in found.planned:
        (low, high), model = asked["requests"], asked["model"]
        lines.append(f"{model}: {low:g}-{high:g} calls planned, {found.calls[model]} made")
    return "\n".join(lines)


def documented(found: Made[Any], page: str) -> None:
    """The page tells this run; what it should say is shown where it does not."""
    text = (ROOT / "docs" / "data" / f"{page}.md").read_text(encoding="utf-8")
    for part in (funnel(found), sample(found), asks(found)):
        assert f"```text\n{part}\n```" in text, f"docs/data/{page}.md should have:\n{part}"
