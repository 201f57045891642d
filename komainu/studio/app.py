"""The application: the guard, then every page kind's routes in one list."""

from __future__ import annotations

import asyncio

from aiohttp import web

from komainu.data.explore.helpers import Helpers
from komainu.studio import artifact, board, explorer, files, items, runs, static, votes
from komainu.studio.base import Studio
from komainu.studio.guard import guard, marked

FORM = 64 * 1024  # bytes of a form


def application(studio: Studio) -> web.Application:
    """What serves a studio; nothing of it is open that is not in a list here."""
    app = web.Application(middlewares=[guard(studio)], client_max_size=FORM)
    app.on_response_prepare.append(marked)
    app.add_routes(static.routes())
    for kind in (runs, artifact, files, board, items, votes):
        app.add_routes(kind.routes(studio))
    helpers = Helpers(studio.store, studio.settings)
    app.add_routes(explorer.routes(studio, helpers))

    async def end(app: web.Application) -> None:
        await asyncio.to_thread(helpers.close)

    app.on_cleanup.append(end)
    return app
