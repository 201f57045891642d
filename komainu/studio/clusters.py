"""Clusters of rows that say the same: the row that stays beside those that were dropped for it."""

from __future__ import annotations

from typing import Any, NamedTuple

from aiohttp import web

from komainu.data.look.entry import excerpt_of
from komainu.studio.explored import Dataset
from komainu.studio.row import Two, twins

CLUSTERS = 50  # on one page
MEMBERS = 10  # of a cluster, on one page


class Listed(NamedTuple):
    """A cluster in the list; `about` is the beginning of the row that stays."""

    number: int
    id: str
    about: str
    step: str
    n: int


class Member(NamedTuple):
    """A row that was dropped for another one, beside it where that is there, and how alike they are (1 when equal)."""

    number: int
    alike: float
    two: Two | None
    about: str


def show(data: Dataset) -> web.Response:
    total = int(data.rows.about["clusters"])
    last = max(0, -(-total // CLUSTERS) - 1)
    page = min(data.ask.number("page"), last)
    numbers = range(page * CLUSTERS, min(total, (page + 1) * CLUSTERS))
    some = [listed(data, number, data.rows.cluster(number)) for number in numbers]
    return data.ask.page("clusters.html.jinja", data=data, clusters=some, total=total, page=page, last=last)


def listed(data: Dataset, number: int, cluster: dict[str, Any]) -> Listed:
    row = cluster["row"] if cluster["row"] is not None else cluster["of"][0][0]
    about = excerpt_of(data.rows.held(row).row)
    return Listed(number, cluster["id"], about, cluster["step"], len(cluster["of"]) + 1)


def one(data: Dataset) -> web.Response:
    number = int(data.ask.where["number"])
    cluster = data.rows.cluster(number)
    last = max(0, -(-len(cluster["of"]) // MEMBERS) - 1)
    page = min(data.ask.number("page"), last)
    kept = data.stays(data.rows.held(cluster["of"][0][0]))
    members = []
    for row, alike in cluster["of"][page * MEMBERS : (page + 1) * MEMBERS]:
        held = data.rows.held(row)
        beside = twins(data.ask.words, kept, held) if kept else None
        members.append(Member(row, alike, beside, excerpt_of(held.row)))
    return data.ask.page(
        "cluster.html.jinja", data=data, cluster=cluster, kept=kept, members=members, page=page, last=last
    )
