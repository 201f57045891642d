"""The content of a report, section by section, and the page around it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from komainu.errors import UsageError
from komainu.pages.page import clean, policy
from komainu.release import judges
from komainu.release.datasets import DataSet, Example, examples, read_set
from komainu.release.numbers import estimate, one, p_value
from komainu.release.plots import Dot, around_zero, axis, curve, dots, funnel_bar, sweep_plot
from komainu.release.provenance import tree
from komainu.release.readme import read_json
from komainu.release.results import PARTS, WHOLE, Decision, Line, Results
from komainu.release.samples import side_by_side
from komainu.release.svg import SERIES, drawing, marker
from komainu.release.templates import look, render, source
from komainu.release.training import described, read_run, settings_table
from komainu.store import Artifact, reference

if TYPE_CHECKING:
    from komainu.context import Context
    from komainu.release.report import Report

Object = dict[str, Any]
WORDS = {"better": "▲", "worse": "▼", "not distinguishable": "≈", "withheld": "–"}


def page(report: Report, results: Results, ctx: Context) -> str:
    """report.html."""
    style, script = look(), source("report.js")
    card = ctx.open(report.card).record["config"]
    board = ctx.open(report.board)
    asked = [*judges.asked(results), *judges.places(results)]
    return render(
        "report.html.jinja",
        name=card.get("name", report.card.label),
        licence=card.get("licence", ""),
        notes=card.get("notes", []),
        results=results,
        board=board.ref,
        lead=WHOLE[results.lead],
        style=Markup(style),
        script=Markup(script),
        policy=policy(style, script),
        legend=[(entry, key(i)) for i, entry in enumerate(results.entries)],
        headline=headline(results),
        hundred=axis((0, 25, 50, 75, 100)),
        benches=[bench(results, line) for line in results.lines],
        tasks=[bench(results, line) for line in results.tasks],
        judges={"header": judges.HEADER, "rows": judges.rows(results), "asked": asked},
        decisions=decisions(results),
        training=training(report, ctx),
        datasets=[dataset(ctx.open(stage)) for stage in report.datasets],
        samples=samples(report, results, ctx),
        sweep=sweep(ctx.open(report.sweep)) if report.sweep else None,
        faults=faults(ctx.open(report.faults)) if report.faults else [],
        provenance=tree(ctx.store, {field: reference(stage) for field, stage in report.inputs.items()}),
        words=WORDS,
    )


def key(series: int) -> Markup:
    """The mark of an entry, for the legend."""
    return drawing("", 12, [marker(50, 6, series)], "key")


def headline(results: Results) -> list[Object]:
    """One row an average."""
    return [row(results, PARTS[p], {e: results.headline[e][p] for e in results.entries}, 1.0) for p in results.parts]


def bench(results: Results, line: Line) -> Object:
    """One row a bench or task; `cells` are the full numbers."""
    numbers = [(e, line.shown(e), line.cells[e]) for e in results.entries if e in line.cells]
    found = row(results, line.task or line.name, {e: line.cells.get(e) for e in results.entries}, line.scale)
    return {**found, "bench": line.name, "language": line.language, "better_up": line.better_up, "cells": numbers}


def row(results: Results, name: str, cells: dict[str, Object | None], scale: float) -> Object:
    """Dots with intervals for every entry, in words too, and the numbers beside them."""
    words = "; ".join(f"{entry} {estimate(found, scale)}" for entry, found in cells.items())
    plot = dots(f"{name}: {words}", [dot(i, found, scale) for i, found in enumerate(cells.values())])
    return {"name": name, "language": "", "plot": plot, "values": [value(found, scale) for found in cells.values()]}


def dot(series: int, found: Object | None, scale: float) -> Dot:
    """An estimate as a mark; of a withheld one the bounds only."""
    if found is None:
        return Dot(series, None, None, None)
    ends = ("low", "high") if found["mean"] is not None else ("worst", "best")
    numbers = [None if found.get(k) is None else scale * found[k] for k in ("mean", *ends)]
    return Dot(series % SERIES, *numbers)


def value(found: Object | None, scale: float) -> str:
    if found is None:
        return "–"
    return "withheld" if found["mean"] is None else one(scale * found["mean"])


def decisions(results: Results) -> list[Object]:
    """One block a pair: its averages, then its benches, each a difference around zero."""
    both = [*results.headline_decisions, *results.decisions]
    scale, marks = around_zero([v for d in both for v in (d.low, d.high) if v is not None])
    found = []
    for first, second in results.pairs:
        some = [d for d in both if (d.first, d.second) == (first, second)]
        series = results.entries.index(second) % SERIES
        rows = [difference(d, series, scale, marks) for d in some]
        counts = {word: sum(r["word"] == word for r in rows) for word in WORDS}
        found.append(
            {
                "first": first,
                "second": second,
                "counts": [(word, n) for word, n in counts.items() if n],
                "rows": rows,
                "axis": axis(marks, scale, sign=True),
            }
        )
    return found


def difference(d: Decision, series: int, scale: Any, marks: Sequence[float]) -> Object:
    plot = dots(f"{d.what}: {d.change} {d.interval}", [Dot(series, d.difference, d.low, d.high)], scale, marks)
    return {"what": d.what, "word": d.shown, "why": d.withheld, "plot": plot, "p": p_value(d.p), "d": d}


def training(report: Report, ctx: Context) -> Object:
    """The curves of each run, losses first, and the table of settings."""
    artifacts = [ctx.open(stage) for stage in report.training]
    runs = []
    for i, artifact in enumerate(artifacts):
        if run := read_run(artifact):
            drawn = [{"key": c.key, "caption": c.caption, "plot": curve(run, c, i % SERIES)} for c in run.curves]
            runs.append({"name": run.name, "ref": run.ref, "what": described(run), "curves": drawn})
    header, rows = settings_table(artifacts)
    return {"runs": runs, "header": header, "rows": rows}


def dataset(artifact: Artifact) -> Object:
    """The row flow of a set as bars, its drops by reason with a few of the rows."""
    found: DataSet = read_set(artifact)
    most = max([flow.rows for flow in found.flow] or [0])
    seen: dict[tuple[str, str], list[Example]] = {}
    for each in examples(artifact):
        seen.setdefault((each.step, each.reason), []).append(each)
    return {
        "set": found,
        "bars": [(flow.step, flow.rows, funnel_bar(flow.rows, most)) for flow in found.flow],
        "drops": [(d, [cleaned(e) for e in seen.get((d.step, d.reason), [])]) for d in found.drops],
    }


def cleaned(example: Example) -> Example:
    answers = tuple((name, clean(text)) for name, text in example.answers)
    return example._replace(why=clean(example.why), question=clean(example.question), answers=answers)


def samples(report: Report, results: Results, ctx: Context) -> list[Any]:
    """The answers side by side, under the board's names where these are its answers."""
    artifacts = [ctx.open(stage) for stage in report.samples]
    names = {ref: entry for entry in results.entries for ref in results.answers(entry)}
    return side_by_side(artifacts, [names.get(a.ref) or str(a.summary.get("model", a.ref)) for a in artifacts])


def sweep(artifact: Artifact) -> Object:
    found = read_json(artifact, "sweep.json", "a sampler sweep")
    advice = found["advice"]
    return {
        "ref": artifact.ref,
        "advice": advice,
        "plot": sweep_plot(found["points"], advice["point"] if advice else ""),
        "points": [(p["point"], estimate(p["quality"]), estimate(p["leakage"]), p) for p in found["points"]],
    }


def faults(artifact: Artifact) -> list[Object]:
    """How well each check finds each fault; raises UsageError when the stage has no faults.json."""
    file = artifact.path / "faults.json"
    if not file.exists():
        raise UsageError(f"{artifact.ref} has no faults.json; Report.faults needs a stage that writes it")
    rows: list[Object] = json.loads(file.read_bytes())["rows"]
    return rows
