"""The first page: what is in the store."""

from __future__ import annotations

from aiohttp import web

from komainu.studio.base import Ask, Studio


def routes(studio: Studio) -> list[web.RouteDef]:
    return [studio.get("/", show)]


def show(ask: Ask) -> web.Response:
    refs = [f"{path.parent.name}/{path.name}" for path in ask.store.folders()]
    return ask.page("runs.html.jinja", refs=refs)
