"""The first page: what is being built now, and every artifact of the store, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from aiohttp import web

from komainu.errors import UsageError
from komainu.studio.base import Ask, Studio
from komainu.studio.curves import SPEED
from komainu.studio.listing import STATES, Listed, Listing, listed, rows_of, stages
from komainu.studio.said import duration, number

PAGE = 100  # artifacts on one page
SHOWN = (*STATES, "named")  # what the list can be narrowed to


def routes(studio: Studio) -> list[web.RouteDef]:
    return [studio.get("/", show)]


def show(ask: Ask) -> web.Response:
    found = listed(ask.store)
    words, stage, state = (ask.query.get(key, "") for key in ("q", "stage", "state"))
    chosen = found.chosen(words, stage, state)
    last = max(0, -(-len(chosen) // PAGE) - 1)
    page = min(ask.number("page"), last)
    return ask.page(
        "runs.html.jinja",
        found=found,
        chosen=len(chosen),
        rows=[*told(ask, chosen[page * PAGE : (page + 1) * PAGE])],
        page=page,
        last=last,
        stages=stages(found.every),
        states=SHOWN,
        going=[progress(ask, each) for each in building(found)],
    )


class Line(NamedTuple):
    """A line of the list; the record of an artifact that is not finished is not damaged, it is not there."""

    each: Listed
    rows: int | None = None
    damaged: bool = False


def told(ask: Ask, some: Sequence[Listed]) -> Iterator[Line]:
    for each in some:
        try:
            artifact = ask.store.at(each.ref) if each.state == "built" else None
        except UsageError:
            yield Line(each, damaged=True)
        else:
            yield Line(each, rows_of(artifact) if artifact else None)


def building(found: Listing) -> list[dict[str, Any]]:
    return [each for each in found.going if each["building"]]


def progress(ask: Ask, begun: dict[str, Any]) -> dict[str, Any]:
    """How far a build is: its share, and each number it tells in words of the interface."""
    line = begun["progress"] or {}
    facts = [(ask.words(f"metric.{key}"), number(line[key])) for key in ("loss", *SPEED) if key in line]
    if line.get("seconds_left") is not None:
        facts.append((ask.words("metric.left"), duration(ask.words, line["seconds_left"])))
    done = line["step"] + 1 if "step" in line else line.get("done")
    return {"begun": begun, "done": done, "steps": line.get("steps") or line.get("total"), "facts": facts}
