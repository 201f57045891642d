"""The files of an artifact: which there are, and those that can be read: texts as they are, pages without scripts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from aiohttp import web

from komainu.pages.page import directives
from komainu.store import Artifact
from komainu.studio import said
from komainu.studio.base import REF, Ask, Studio

PAGE = ".html"
TEXTS = ("", ".md", ".txt", ".json", ".jsonl", ".jinja", ".yaml", ".toml")  # how names end; LICENSE has no end
FIRST = (PAGE, ".md")  # what an artifact was made for, where it has one: a report, a card
MOST = 4_000_000  # bytes of a file that is shown
# A page is what someone wrote to the store: it may be looked at, and do, load and ask nothing.
SANDBOX = directives(
    {
        "style-src": "'unsafe-inline'",
        "script-src": "'none'",
        "img-src": "data:",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "sandbox": "",
    }
)


class File(NamedTuple):
    """One that has gone has no size; `address` is empty where it cannot be shown."""

    name: str
    size: str
    hash: str
    address: str


def routes(studio: Studio) -> list[web.RouteDef]:
    return [studio.get(f"/file/{REF}/{{name:.+}}", show)]


def files(artifact: Artifact) -> Iterator[File]:
    """Every file that the record names."""
    for name, sealed in artifact.record["files"].items():
        bytes = size(artifact, name)
        address = f"/file/{artifact.ref}/{quote(name)}" if shown(artifact, name) else ""
        yield File(name, "–" if bytes is None else said.size(bytes), str(sealed), address)


def first(some: list[File]) -> File | None:
    """The file to open first."""
    fit = [each for end in FIRST for each in some if each.address and each.name.endswith(end)]
    return next(iter(fit), None)


def size(artifact: Artifact, name: str) -> int | None:
    try:
        return (artifact.path / name).stat().st_size
    except (OSError, ValueError):
        return None


def shown(artifact: Artifact, name: str) -> bool:
    """Whether a file can be shown. A record is only a file too: a name in it that leads out of the folder is not."""
    bytes, path = size(artifact, name), artifact.path / name
    if bytes is None or bytes > MOST or path.suffix not in (PAGE, *TEXTS):
        return False
    return path.is_file() and path.resolve().is_relative_to(artifact.path.resolve())


def show(ask: Ask) -> web.Response:
    artifact, name = ask.store.at(ask.ref) if ask.ref else None, ask.where["name"]
    if artifact is None or name not in artifact.record["files"] or not shown(artifact, name):
        return ask.missing("/".join(ask.where.values()))
    body = (artifact.path / name).read_bytes()
    if name.endswith(PAGE):
        headers = {"Content-Security-Policy": SANDBOX}
        return web.Response(body=body, content_type="text/html", charset="utf-8", headers=headers)
    return web.Response(body=body, content_type="text/plain", charset="utf-8")
