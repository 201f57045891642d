"""The text of a model card: what each part shows, from records and board.json."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from komainu.errors import UsageError
from komainu.licences import UNKNOWN, terms
from komainu.release import hub, judges, licences
from komainu.release.datasets import Origin, origins, read_set
from komainu.release.files import measured
from komainu.release.inherited import GENERATION, generation, sampling
from komainu.release.markdown import metadata, table
from komainu.release.numbers import NOTHING, estimate, p_value, short, whole
from komainu.release.provenance import chain, upstream
from komainu.release.results import LANGUAGES, PARTS, WHOLE, Line, Results
from komainu.release.templates import render
from komainu.release.tokens import counter
from komainu.release.training import name_of, settings_table
from komainu.rows import Chat
from komainu.store import Artifact, reference

if TYPE_CHECKING:
    from komainu.context import Context
    from komainu.release.card import Card

HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


class Facts(NamedTuple):
    """What a card is written from beside records: numbers, the sets' rows by origin (by `stage/id`), the measured
    files, the sources of the items that the entry answered, and the sets of the hub that the items of a board are."""

    results: Results
    sweep: dict[str, Any] | None
    origins: dict[str, list[Origin]]
    files: dict[str, Any]
    items: set[str]
    sets: dict[str, hub.Published]


def facts(card: Card, results: Results, ctx: Context, folder: Path) -> Facts:
    """The facts as the artifacts have them; `folder` has the model's files."""
    sets = [ctx.open(stage) for stage in card.data]
    sweep = read_sweep(ctx.open(card.sweep)) if card.sweep else None
    items = item_sources(results.answers(card.entry), ctx)
    published = hub.published(results, ctx.store)
    count = counter(folder)
    return Facts(results, sweep, {a.ref: origins(a, count) for a in sets}, measured(folder), items, published)


def beside(card: Card, facts: Facts, folder: Path) -> dict[str, str]:
    """The files that a card writes for machines beside its README, name to text; `folder` has the model's files."""
    found = hub.eval_results(facts.results, card.entry, facts.sets)
    sampled = generation(folder, (facts.sweep or {}).get("advice"))
    return found if sampled is None else {**found, GENERATION: sampled}


def readme(card: Card, facts: Facts, ctx: Context) -> str:
    """README.md of a released model."""
    results, advice, found = facts.results, facts.sweep, facts.origins
    trained = [*chain(ctx.store, reference(card.model))]
    sets = [ctx.open(stage) for stage in card.data]
    made = [a for a in upstream(ctx.store, [a.ref for a in sets]) if a.record["makes"] in ("Chat", "Pair")]
    values = head(card, ctx.open(card.base), trained, facts)
    return render(
        "card.md.jinja",
        card=card,
        notices=[*licences.notices(card.base.config())],
        metadata=metadata(values),
        results=results,
        level=results.level,
        lead=WHOLE[results.lead],
        size=sizes(card, results, facts.files),
        headline=headline(results),
        withheld=[*withheld(results)],
        benches=lines_table(results, results.lines),
        tasks=lines_table(results, results.tasks),
        judges=judges_table(results),
        asked=[*judges.asked(results), *judges.places(results)],
        decisions=[(pair, decisions(results, *pair)) for pair in results.pairs],
        base=ctx.open(card.base).ref,
        repo=values["base_model"],
        trained=[a.ref for a in trained],
        settings=training_table(trained),
        sets=sets_table(sets, found),
        steps=[s for a in made if (s := read_set(a)).steps],
        dropped=dropped_table(made),
        sweep=advice,
        points=points_table(advice["points"]) if advice else "",
        limits=[*limits(card, facts)],
        **usage(card, results, (advice or {}).get("advice")),
    )


def withheld(results: Results) -> Iterator[tuple[str, str]]:
    """Each entry with an average that is withheld, or not whole and accepted, and why."""
    for entry, parts in results.headline.items():
        told = {p: found["withheld"] or found.get("accepted") for p, found in parts.items() if found}
        why = [f"{PARTS[part]}: {text}" for part, text in told.items() if text]
        if why:
            yield entry, "; ".join(why)


def usage(card: Card, results: Results, advice: dict[str, Any] | None) -> dict[str, Any]:
    """How to sample in the examples: as the sweep advises, else as the scores were measured."""
    ways = (row["sampling"] for row in results.found["rows"] if row["entry"] == card.entry)
    single = (way for way in ways if isinstance(way.get("temperature"), (int, float)))
    given = advice or next(single, {"temperature": 0, "top_p": 1, "min_p": 0})
    kept = sampling(given)
    sampled = ", ".join(f"{k}={v:g}" for k, v in kept.items())
    return {
        "advice": advice,
        "measured": " and with ".join(results.sampling(card.entry)),
        "call": f"max_new_tokens=512, do_sample=True, {sampled}" if kept["temperature"] else "max_new_tokens=512",
        "body": ", ".join(f'"{k}": {v:g}' for k, v in kept.items()),
    }


def training_table(trained: Sequence[Artifact]) -> str:
    """The settings of each training stage; "" when the model was not trained here."""
    header, rows = settings_table(trained)
    return table(header, rows) if rows else ""


def head(card: Card, base: Artifact, trained: list[Artifact], facts: Facts) -> dict[str, Any]:
    """The metadata the hub reads. Base and data sets are named only where they have a name on the hub."""
    repo = str(base.record["config"].get("repo", ""))
    sources = {origin.source for some in facts.origins.values() for origin in some}
    methods = [name_of(a).lower() for a in trained if "fit" in a.record["config"]]
    return {
        "license": card.licence,
        "language": card.languages,
        "base_model": repo if HUB_NAME.fullmatch(repo) else "",
        "datasets": sorted(s for s in sources if s != UNKNOWN and re.fullmatch(r"[\w.-]+(/[\w.-]+)?", s)),
        "pipeline_tag": "text-generation",
        "library_name": "transformers",
        "tags": list(dict.fromkeys(["komainu", "conversational", *methods])),
        "model-index": hub.index(card.title, facts.results, card.entry, facts.sets),
    }


def sizes(card: Card, results: Results, files: dict[str, Any]) -> str:
    """The family's table: licence, model, parameters, context, averages."""
    averages = [results.headline[card.entry][part] for part in results.parts]
    row = [card.licence, card.title, short(files["parameters"]), whole(files.get("context"))]
    header = ["Licence", "Model", "Parameters", "Context (tokens)", *(PARTS[part] for part in results.parts)]
    return table(header, [[*row, *map(estimate, averages)]], left=2)


def headline(results: Results) -> str:
    header = ["Model", *(f"{PARTS[part]} [{results.level}]" for part in results.parts)]
    rows = [[e, *(estimate(results.headline[e][p]) for p in results.parts)] for e in results.entries]
    return table(header, rows)


def lines_table(results: Results, lines: Sequence[Line]) -> str:
    """One row a bench or task, one column an entry; "" when there are none. How many items, and who judged, is told of
    whole benches."""
    if not lines:
        return ""
    whole_bench = not lines[0].task
    by = [judges.by(results, line) for line in lines]
    what = ["Benchmark"] if whole_bench else ["Task", "Benchmark"]
    header = [*what, "Language", *results.entries, *(["Items"] if whole_bench else []), "n", "Missing"]
    rows = []
    for line in lines:
        names = [line.name] if whole_bench else [line.task, line.name]
        counts = [line.counts(key) for key in (*(["items"] if whole_bench else []), "n", "missing")]
        rows.append([*names, line.language, *(line.shown(entry) for entry in results.entries), *counts])
    if whole_bench and any(by):
        header.append("Judged by")
        rows = [[*row, who or "a rule"] for row, who in zip(rows, by, strict=True)]
    return table(header, rows, left=len(what) + 1)


def judges_table(results: Results) -> str:
    """What each judge said; "" where none was asked."""
    rows = judges.rows(results)
    return table(judges.HEADER, rows, left=3) if rows else ""


def decisions(results: Results, first: str, second: str) -> str:
    """What was decided between two entries: averages first."""
    header = ["Score", "Decision", "Difference", results.level, "p (Holm)", "Smallest detectable", "n"]
    rows = []
    for d in (*results.headline_decisions, *results.decisions):
        if (d.first, d.second) == (first, second):
            word = f"withheld: {d.withheld}" if d.withheld else d.word
            detectable = NOTHING if d.detectable is None else f"{d.detectable:.1f}"
            rows.append([d.what, word, d.change, d.interval, p_value(d.p), detectable, d.n])
    return table(header, rows, left=2)


def sets_table(sets: Sequence[Artifact], found: dict[str, list[Origin]]) -> str:
    """Rows, and tokens where the model's tokenizer has counted them."""
    counted = any(o.tokens is not None for some in found.values() for o in some)
    header = ["Set", "Source", "Licence", "Language", "Rows", *(["Tokens"] if counted else [])]
    rows = [
        [a.ref, o.source, o.licence, o.language, whole(o.rows), *([whole(o.tokens)] if counted else [])]
        for a in sets
        for o in found[a.ref]
    ]
    return table(header, rows, left=4)


def dropped_table(made: Sequence[Artifact]) -> str:
    """Every row that was left out between the sources and the sets, counted; "" when none was."""
    rows = [[a.ref, d.step, d.reason, whole(d.rows)] for a in made for d in read_set(a).drops]
    return table(["Set", "Step", "Reason", "Rows"], rows, left=3) if rows else ""


def read_sweep(sweep: Artifact) -> dict[str, Any]:
    """What sweep.json holds; raises UsageError when there is none."""
    file = sweep.path / "sweep.json"
    if not file.exists():
        raise UsageError(f"{sweep.ref} has no sweep.json; give the stage of a sampler sweep")
    found: dict[str, Any] = json.loads(file.read_bytes())
    return found


def points_table(points: Sequence[dict[str, Any]]) -> str:
    rows = [[p["point"], estimate(p["quality"]), estimate(p["leakage"]), p["leakage"]["word"]] for p in points]
    return table(["Sampling", "Quality", "Leakage, %", "Leakage against the lowest"], rows)


def limits(card: Card, facts: Facts) -> Iterator[str]:
    """What the numbers do not cover, as far as the records tell."""
    results = facts.results
    fewest, most = results.sizes(card.entry)
    items = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    yield (
        f"Each benchmark has {items} items. The intervals say how far the scores would move with other items of the "
        "same kind; they do not say how far another training run, with another seed, would move them."
    )
    shared = sorted(facts.items & {o.source for some in facts.origins.values() for o in some} - {UNKNOWN})
    if shared:
        yield (
            f"Items and training rows come from the same source ({', '.join(shared)}). The scores show what was learnt "
            "of it, not how the model does on other text."
        )
    shown = sorted({line.language for line in results.lines}, key=list(LANGUAGES).index)
    names = " and ".join(LANGUAGES[language] for language in shown)
    yield f"Only the benchmarks above were measured, in {names}: nothing is known of other tasks and languages."
    if not judges.rows(results):
        yield "Every answer was scored by a rule. A right answer that the rule does not know counts as wrong."
    else:
        yield "Where no judge is named, answers were scored by rules. What a rule does not know counts as wrong."
        yield "The judges' marks are theirs: another panel would give others."
    for licence in sorted({o.licence for some in facts.origins.values() for o in some}):
        if told := terms(licence).told:
            yield f"Licences: {told}."
    yield from (f"Released with {each} data, cleared by those who release it." for each in card.allowed)
    yield from card.notes
    yield '"Not distinguishable" does not mean equal: a difference below the smallest detectable one would not be seen.'
    yield "Safety was neither trained for nor measured."


def item_sources(answers: Sequence[str], ctx: Context) -> set[str]:
    """Where the items of a board came from, as their rows say."""
    opened = [found for ref in answers if (found := ctx.store.at(ref))]
    return {str(row.meta.get("source") or UNKNOWN) for a in opened for row in a.rows() if isinstance(row, Chat)}
