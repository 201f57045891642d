"""The tables of a model card, in the words of its language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from komainu.licences import UNKNOWN
from komainu.release import judges
from komainu.release.datasets import Origin, read_set
from komainu.release.family import Member
from komainu.release.markdown import escape, table
from komainu.release.numbers import NOTHING, estimate, p_value, short, whole
from komainu.release.results import PARTS, Line, Results
from komainu.release.training import settings_table
from komainu.release.words.base import Words
from komainu.store import Artifact

COUNTS = {"items": "Items", "n": "n", "missing": "Missing"}


def withheld(results: Results, words: Words) -> Iterator[tuple[str, str]]:
    """Each entry with an average that is withheld, or not whole and accepted, and why."""
    for entry, parts in results.headline.items():
        told = {p: found["withheld"] or found.get("accepted") for p, found in parts.items() if found}
        why = [f"{words.term(PARTS[part])}{words.COLON}{words.said(text)}" for part, text in told.items() if text]
        if why:
            yield entry, "; ".join(why)


def training_table(trained: Sequence[Artifact], words: Words) -> str:
    """The settings of each training stage; "" when the model was not trained here."""
    header, rows = settings_table(trained, words.term)
    return table(header, rows) if rows else ""


def sizes(members: Sequence[Member], results: Results, words: Words) -> str:
    """The family's table: licence, model, parameters, context, averages; the smallest model first."""
    header = ["Licence", "Model", "Parameters", "Context (tokens)", *(PARTS[part] for part in results.parts)]
    rows = [
        [
            each.licence,
            each.title,
            short(each.parameters),
            whole(each.context),
            *(estimate(each.averages[part], bounded=words.bounded) for part in results.parts),
        ]
        for each in sorted(members, key=lambda m: m.parameters)
    ]
    return table([*map(words.term, header)], rows, left=2)


def headline(results: Results, words: Words) -> str:
    level = words.level(results.level)
    header = [words.term("Model"), *(f"{words.term(PARTS[part])} [{level}]" for part in results.parts)]
    rows = [
        [e, *(estimate(results.headline[e][p], bounded=words.bounded) for p in results.parts)] for e in results.entries
    ]
    return table(header, rows)


def lines_table(results: Results, lines: Sequence[Line], words: Words) -> str:
    """One row a bench or task, one column an entry; "" when there are none. How many items, and who judged, is told of
    whole benches."""
    if not lines:
        return ""
    of_bench = not lines[0].task
    by = [judges.by(results, line, words) for line in lines] if of_bench else []
    what = ["Benchmark", "Language"] if of_bench else ["Task", "Benchmark", "Language"]
    counts = ["items", "n", "missing"] if of_bench else ["n", "missing"]
    header = [*map(words.term, what), *results.entries, *(words.term(COUNTS[key]) for key in counts)]
    rows = []
    for line in lines:
        names = [line.name] if of_bench else [line.task, line.name]
        cells = [line.shown(entry, words) for entry in results.entries]
        rows.append([*names, line.language, *cells, *map(line.counts, counts)])
    if any(by):
        header.append(words.term("Judged by"))
        rows = [[*row, who or words.term("a rule")] for row, who in zip(rows, by, strict=True)]
    return table(header, rows, left=len(what))


def judges_table(results: Results, words: Words) -> str:
    """What each judge said; "" where none was asked."""
    rows = judges.rows(results)
    return table([*map(words.term, judges.HEADER)], rows, left=3) if rows else ""


def decisions(results: Results, pair: tuple[str, str], words: Words) -> str:
    """What was decided between two entries: averages first."""
    names = ["Score", "Decision", "Difference", "p (Holm)", "Smallest detectable", "n"]
    header = [*map(words.term, names)]
    header.insert(3, words.level(results.level))
    rows = []
    for d in (*results.headline_decisions, *results.decisions):
        if (d.first, d.second) == pair:
            what = words.term(d.what) if d in results.headline_decisions else d.what
            word = words.because(d.withheld) if d.withheld else words.term(d.shown)
            change, interval = (words.term(x) if x == "withheld" else x for x in (d.change, d.interval))
            detectable = NOTHING if d.detectable is None else f"{d.detectable:.1f}"
            rows.append([what, word, change, interval, p_value(d.p), detectable, d.n])
    return table(header, rows, left=2)


def standings_table(found: dict[str, Any], words: Words) -> str:
    """The family's table over the models of other boards, with what is to be told of it under it."""
    left = 2 if found["header"][1:2] == ["Group"] else 1
    header = [*map(words.term, found["header"][:left]), *found["header"][left:]]
    rows = [[*cells[:left], *map(words.said, cells[left:])] for cells in found["rows"]]
    notes = [f"- {escape(words.said(note))}" for note in found["notes"]]
    return "\n".join([table(header, rows, left=left), *(["", *notes] if notes else [])])


def counted(found: dict[str, list[Origin]]) -> bool:
    """Whether the tokens of the sets are known."""
    return any(o.tokens is not None for some in found.values() for o in some)


def sets_table(sets: Sequence[Artifact], found: dict[str, list[Origin]], words: Words) -> str:
    """Rows, and tokens where the model's tokenizer has counted them."""
    tokens = counted(found)
    header = ["Set", "Source", "Licence", "Language", "Rows", *(["Tokens"] if tokens else [])]
    rows = []
    for artifact in sets:
        for o in found[artifact.ref]:
            names = [words.term(x) if x == UNKNOWN else x for x in (o.source, o.licence, o.language)]
            rows.append([artifact.ref, *names, whole(o.rows), *([whole(o.tokens)] if tokens else [])])
    return table([*map(words.term, header)], rows, left=4)


def dropped_table(made: Sequence[Artifact], words: Words) -> str:
    """Every row that was left out between the sources and the sets, counted; "" when none was."""
    rows = [[a.ref, d.step, d.reason, whole(d.rows)] for a in made for d in read_set(a).drops]
    return table([*map(words.term, ("Set", "Step", "Reason", "Rows"))], rows, left=3) if rows else ""


def points_table(points: Sequence[dict[str, Any]], words: Words) -> str:
    """What the sweep measured, a setting a row."""
    header = ("Sampling", "Quality", "Leakage, %", "Leakage against the lowest")
    rows = []
    for p in points:
        numbers = [estimate(p[key], bounded=words.bounded) for key in ("quality", "leakage")]
        rows.append([p["point"], *numbers, words.term(p["leakage"]["word"])])
    return table([*map(words.term, header)], rows)
