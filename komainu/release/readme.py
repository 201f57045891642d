"""The text of a model card: what each part shows, from records and board.json."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from komainu.errors import UsageError
from komainu.licences import UNKNOWN, terms
from komainu.release import hub, judges, licences, sections
from komainu.release.datasets import Origin, origins, read_set
from komainu.release.family import Member, itself, others
from komainu.release.files import measured
from komainu.release.inherited import GENERATION, generation, sampling
from komainu.release.markdown import metadata
from komainu.release.provenance import chain, upstream
from komainu.release.results import WHOLE, Results, read_results
from komainu.release.templates import render
from komainu.release.tokens import counter
from komainu.release.training import name_of
from komainu.release.words.base import Covered, Words
from komainu.release.words.choice import WORDS
from komainu.rows import Chat
from komainu.store import Artifact, Store, reference

if TYPE_CHECKING:
    from komainu.context import Context
    from komainu.release.card import Card

HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")


class Facts(NamedTuple):
    """What a card is written from beside records: numbers, the sweep and the standings, the other models of the family,
    the sets' rows by origin (by `stage/id`), the measured files, the sources of the items that the entry answered, and
    the sets of the hub that the items of a board are."""

    results: Results
    sweep: dict[str, Any] | None
    standings: dict[str, Any] | None
    family: list[Member]
    origins: dict[str, list[Origin]]
    files: dict[str, Any]
    items: set[str]
    sets: dict[str, hub.Published]


def facts(card: Card, results: Results, ctx: Context, folder: Path) -> Facts:
    """The facts as the artifacts have them; `folder` has the model's files."""
    sets = [ctx.open(stage) for stage in card.data]
    count = counter(folder)
    return Facts(
        results,
        read_json(ctx.open(card.sweep), "sweep.json", "a sampler sweep") if card.sweep else None,
        read_json(ctx.open(card.standings), "standings.json", "standings") if card.standings else None,
        [*others(map(ctx.open, card.family), results, ctx, lambda board: read_results(opened(ctx.store, board)))],
        {a.ref: origins(a, count) for a in sets},
        measured(folder),
        item_sources(results.answers(card.entry), ctx),
        hub.published(results, ctx.store),
    )


def beside(card: Card, facts: Facts, folder: Path) -> dict[str, str]:
    """The files that a card writes for machines beside its README, name to text; `folder` has the model's files."""
    found = hub.eval_results(facts.results, card.entry, facts.sets)
    sampled = generation(folder, (facts.sweep or {}).get("advice"))
    return found if sampled is None else {**found, GENERATION: sampled}


def readme(card: Card, facts: Facts, ctx: Context) -> str:
    """README.md of a released model, in the card's language."""
    words, results, advice, found = WORDS[card.readme], facts.results, facts.sweep, facts.origins
    trained = [*chain(ctx.store, reference(card.model))]
    sets = [ctx.open(stage) for stage in card.data]
    made = [a for a in upstream(ctx.store, [a.ref for a in sets]) if a.record["makes"] in ("Chat", "Pair")]
    values = head(card, ctx.open(card.base), trained, facts)
    return render(
        words.TEMPLATE,
        card=card,
        notices=[*licences.notices(card.base.config())],
        metadata=metadata(values),
        means=results.means(words),
        verdicts=results.verdicts(words),
        level=words.level(results.level),
        lead=words.term(WHOLE[results.lead]),
        size=sections.sizes([itself(card, results, facts.files), *facts.family], results, words),
        headline=sections.headline(results, words),
        withheld=[*sections.withheld(results, words)],
        benches=sections.lines_table(results, results.lines, words),
        beside=results.beside,
        tasks=sections.lines_table(results, results.tasks, words),
        standings=sections.standings_table(facts.standings, words) if facts.standings else "",
        judges=sections.judges_table(results, words),
        asked=[*judges.asked(results, words), *judges.places(results, words)],
        decisions=[(pair, sections.decisions(results, pair, words)) for pair in results.pairs],
        base=ctx.open(card.base).ref,
        repo=values["base_model"],
        trained=[a.ref for a in trained],
        settings=sections.training_table(trained, words),
        sets=sections.sets_table(sets, found, words),
        counted=sections.counted(found),
        steps=[s for a in made if (s := read_set(a)).steps],
        dropped=sections.dropped_table(made, words),
        sweep=advice,
        points=sections.points_table(advice["points"], words) if advice else "",
        limits=[*words.limits(covered(card, facts))],
        **usage(card, results, (advice or {}).get("advice"), words),
    )


def covered(card: Card, facts: Facts) -> Covered:
    """What the limits of the numbers are told from, as far as the records tell."""
    results, rows = facts.results, [o for some in facts.origins.values() for o in some]
    return Covered(
        items=results.sizes(card.entry),
        shared=sorted(facts.items & {o.source for o in rows} - {UNKNOWN}),
        languages=results.languages,
        judged=bool(judges.rows(results)),
        told=[told for licence in sorted({o.licence for o in rows}) if (told := terms(licence).told)],
        cleared=card.allowed,
        notes=card.notes,
    )


def usage(card: Card, results: Results, advice: dict[str, Any] | None, words: Words) -> dict[str, Any]:
    """How to sample in the examples: as the sweep advises, else as the scores were measured."""
    ways = (row["sampling"] for row in results.found["rows"] if row["entry"] == card.entry)
    single = (way for way in ways if isinstance(way.get("temperature"), (int, float)))
    given = advice or next(single, {"temperature": 0, "top_p": 1, "min_p": 0})
    kept = sampling(given)
    sampled = ", ".join(f"{k}={v:g}" for k, v in kept.items())
    return {
        "advice": advice and {**advice, "why": words.said(advice["why"])},
        "measured": results.sampling(card.entry),
        "call": f"max_new_tokens=512, do_sample=True, {sampled}" if kept["temperature"] else "max_new_tokens=512",
        "body": ", ".join(f'"{k}": {v:g}' for k, v in kept.items()),
    }


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


def read_json(artifact: Artifact, name: str, what: str) -> dict[str, Any]:
    """The table that a stage wrote; raises UsageError when there is none."""
    file = artifact.path / name
    if not file.exists():
        raise UsageError(f"{artifact.ref} has no {name}; give the stage of {what}")
    found: dict[str, Any] = json.loads(file.read_bytes())
    return found


def opened(store: Store, ref: str) -> Artifact:
    """An artifact of the store; raises UsageError when it is not there."""
    if (found := store.at(ref)) is None:
        raise UsageError(f"{ref} is not in the store; build it again")
    return found


def item_sources(answers: Sequence[str], ctx: Context) -> set[str]:
    """Where the items of a board came from, as their rows say."""
    opened = [found for ref in answers if (found := ctx.store.at(ref))]
    return {str(row.meta.get("source") or UNKNOWN) for a in opened for row in a.rows() if isinstance(row, Chat)}
