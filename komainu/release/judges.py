"""What the judges of a board said: each one's mean and missing verdicts, and how they were asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from komainu.release.numbers import NOTHING, one
from komainu.release.results import Line, Results
from komainu.release.words import en
from komainu.release.words.base import Words

HEADER = ("Benchmark", "Language", "Model", "All verdicts", "Mean of judges", "Each judge", "Missing of each")
ASKED = ("judges", "judged with", "read by", "prompt")  # words of how a bench was measured


def rows(results: Results) -> list[list[str]]:
    """One a judged metric and entry, on 0 to 100; none where no judge was asked."""
    return [
        [line.name, line.language, entry, *numbers(line, cell)]
        for line in results.lines
        for entry, cell in line.cells.items()
        if cell.get("judges")
    ]


def numbers(line: Line, cell: dict[str, Any]) -> tuple[str, str, str, str]:
    def scaled(value: float | None) -> str:
        return NOTHING if value is None else one(line.scale * value)

    judges: dict[str, dict[str, Any]] = cell["judges"]
    each = ", ".join(f"{name} {scaled(found['mean'])}" for name, found in judges.items())
    missing = ", ".join(f"{name} {found['missing']}" for name, found in judges.items())
    return scaled(cell["mean"]), scaled(cell["balanced"]), each, missing


def places(results: Results, words: Words = en) -> Iterator[str]:
    """How much each judge of two answers likes the one shown first, over all models, in words."""
    for line in results.lines:
        for name in dict.fromkeys(name for cell in line.cells.values() for name in cell.get("judges") or ()):
            found = [cell["judges"][name] for cell in line.cells.values()]
            if all("first_place" in each for each in found):
                won, flipped = (one(100 * sum(e[k] for e in found) / len(found)) for k in ("first_place", "flipped"))
                yield words.place(f"{line.name} ({line.language})", name, won, flipped)


def by(results: Results, line: Line, words: Words = en) -> str:
    """Who judged a bench, and with which prompt: `athene, llama; prompt 3f9a2c71d04e`; "" where a rule did."""
    way = results.found.get("measured", {}).get(f"{line.bench} ({line.language})", {})
    prompt = [f"{words.term('prompt')} {way['prompt']}"] if "prompt" in way else []
    return "; ".join([way["judges"], *prompt]) if "judges" in way else ""


def asked(results: Results, words: Words = en) -> Iterator[str]:
    """How each judged bench was judged: `marks (ja): judges grader; judged with temperature 0; prompt 3f9a2c71d04e`."""
    for name, way in results.found.get("measured", {}).items():
        if "judges" in way:
            told = "; ".join(f"{words.term(word)} {way[word]}" for word in ASKED if word in way)
            yield f"{name}{words.COLON}{told}"
