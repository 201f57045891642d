"""The data explorer: rows of a dataset, one row and where it comes from, what was dropped, what repeats what."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web

from komainu.data.explore.helpers import Helpers
from komainu.studio import clusters, drops, row, rows
from komainu.studio.base import REF, Studio
from komainu.studio.explored import Dataset, explored

NUMBER = "{number:[0-9]{1,12}}"


def routes(studio: Studio, helpers: Helpers) -> list[web.RouteDef]:
    def get(path: str, show: Callable[[Dataset], web.Response]) -> web.RouteDef:
        return studio.get(path, explored(helpers, show))

    return [
        get(f"/rows/{REF}", rows.show),
        get(f"/rows/{REF}/{NUMBER}", row.show),
        get(f"/rows/{REF}/{NUMBER}/trace", row.trace),
        get(f"/drops/{REF}", drops.show),
        get(f"/clusters/{REF}", clusters.show),
        get(f"/clusters/{REF}/{NUMBER}", clusters.one),
    ]
