"""The page of one artifact: its record, its neighbours, where it comes from, its curves; also of one being built."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aiohttp import web

from komainu.data.explore.made import explorable
from komainu.eval.view.boards import BOARD
from komainu.lineage import changed_since
from komainu.release.provenance import tree
from komainu.seal import RECORD
from komainu.store import Artifact
from komainu.studio import said
from komainu.studio.base import REF, Ask, Studio
from komainu.studio.curves import curves
from komainu.studio.files import files, first
from komainu.studio.graph import drawn
from komainu.studio.listing import Uses, going, rows_of
from komainu.studio.runs import progress


def routes(studio: Studio) -> list[web.RouteDef]:
    uses = Uses()

    def page(ask: Ask) -> web.Response:
        return show(ask, uses)

    return [studio.get(f"/artifact/{REF}", page), studio.get(f"/record/{REF}", record)]


def show(ask: Ask, uses: Uses) -> web.Response:
    if not (ref := ask.ref):
        return ask.missing("/".join(ask.where.values()))
    if (artifact := ask.store.at(ref)) is None:
        told = progress(ask, going(ask.store, ref))
        return ask.page("begun.html.jinja", ref=ref, going=told, curves=curves(ask, ask.store.root / ref / ".work"))
    names: dict[str, str] = {}
    for name, of in ask.store.names().items():
        names.setdefault(of, name)
    users, held = uses.of(ask.store, ref), [*files(artifact)]
    return ask.page(
        "artifact.html.jinja",
        artifact=artifact,
        board=(artifact.path / BOARD).exists() or artifact.record["makes"] == "Score",
        explorable=explorable(artifact),
        names=ask.names(ref),
        facts=[*facts(ask, artifact)],
        summary=[(key, summed(value)) for key, value in artifact.summary.items()],
        config=[(key, said.value(value)) for key, value in artifact.record["config"].items()],
        made_with=[*artifact.record.get("made_with", {}).items()],
        files=held,
        first=first(held),
        changed=changed_since(artifact.record),
        graph=drawn(ask.store, artifact, users, names, ask.words("graph.more")),
        users=users,
        groups=tree(ask.store, artifact.inputs),
        curves=curves(ask, artifact.path),
    )


def facts(ask: Ask, artifact: Artifact) -> Iterator[tuple[str, str]]:
    """What is told of an artifact first."""
    record = artifact.record
    yield ask.words("artifact.makes"), record["makes"]
    if (rows := rows_of(artifact)) is not None:
        yield ask.words("artifact.rows"), said.number(rows)
    if "started" in record:
        yield ask.words("artifact.started"), said.moment(record["started"])
        yield ask.words("artifact.took"), said.duration(ask.words, record["seconds"])
    for model, spent in record.get("spent", {}).items():
        told = [f"{said.number(spent[key])} " + ask.words(f"spent.{key}") for key in SPENT if key in spent]
        yield ask.words("artifact.spent", model=model), ", ".join(told)


WIDE = 1e6  # a float from here on keeps its digits before the point
SPENT = ("calls", "prompt_tokens", "completion_tokens", "money")


def summed(value: Any) -> str:
    """A value of a summary; a number in the six digits that are looked at, all of which the record has."""
    return f"{value:.6g}" if isinstance(value, float) and abs(value) < WIDE else said.value(value)


def record(ask: Ask) -> web.Response:
    """The record as it lies in the store, as plain text."""
    file = ask.store.root / ask.ref / RECORD
    if not ask.ref or not file.is_file():
        return ask.missing("/".join(ask.where.values()))
    return web.Response(body=file.read_bytes(), content_type="text/plain", charset="utf-8")
