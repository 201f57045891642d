"""The files that pages load: a style sheet, an icon, scripts; their address changes with their content."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from komainu.pages.page import BASE
from komainu.pages.sites import SHARED

FOLDER = Path(__file__).with_name("static")
KINDS = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
YEAR = 365 * 24 * 3600


class Static(NamedTuple):
    body: bytes
    kind: str
    mark: str  # the beginning of its hash


@cache
def files() -> dict[str, Static]:
    """Every file by its name; `studio.css` follows the look that all our pages share."""
    found = {}
    for path in sorted(FOLDER.iterdir()):
        if path.suffix in KINDS:
            before = (BASE, SHARED / "site.css") if path.name == "studio.css" else ()
            body = b"".join(file.read_bytes() for file in (*before, path))
            found[path.name] = Static(body, KINDS[path.suffix], hashlib.sha256(body).hexdigest()[:12])
    return found


def address(name: str) -> str:
    return f"/static/{files()[name].mark}/{name}"


async def show(request: web.Request) -> web.Response:
    """A file by its name: it is looked up, so no path leads out of the folder."""
    found = files().get(request.match_info["name"])
    if found is None or found.mark != request.match_info["mark"]:
        raise web.HTTPNotFound
    headers = {"Cache-Control": f"private, max-age={YEAR}, immutable"}
    return web.Response(body=found.body, content_type=found.kind, charset="utf-8", headers=headers)


def routes() -> list[web.RouteDef]:
    return [web.get("/static/{mark}/{name}", show)]
