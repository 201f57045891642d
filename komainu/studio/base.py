"""What every page has: the studio it belongs to, what is asked for, and how a template becomes an answer."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from aiohttp import web

from komainu.pages.page import clean, environment
from komainu.settings import Settings
from komainu.store import Store
from komainu.studio.said import cut, moment, number
from komainu.studio.static import address
from komainu.studio.words import Words

REF = "{stage}/{id}"  # of a path that is about an artifact; `Ask.ref` looks it up
LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
TEMPLATES = environment("komainu.studio", "templates")
TEMPLATES.finalize = lambda value: clean(value) if type(value) is str else value  # Markup has been cleaned
TEMPLATES.filters |= {"number": number, "moment": moment}
TEMPLATES.globals |= {
    "static": address,
    "cut": cut,
    "NAVIGATION": (("/", "nav.runs"), ("/boards", "nav.boards")),
}  # pages, and what they are called


@dataclass(frozen=True)
class Studio:
    """One store as pages. `token` is empty where only this machine can ask, `hosts` are the names it may be asked by,
    `votes` is where votes are kept.

    `secret` lives as long as the process; it makes the value that a form must send back.
    """

    store: Store
    settings: Settings
    write: bool = False
    token: str = field(default="", repr=False)
    hosts: frozenset[str] = LOOPBACK
    votes: Path = Path("votes.jsonl")
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    @cached_property
    def form_key(self) -> str:
        """What the forms of this process send back, so that a form of another site is known for one."""
        return hmac.new(self.secret, b"form", hashlib.sha256).hexdigest()

    def get(self, path: str, show: Show) -> web.RouteDef:
        """A page at a path, `{name}` in it is a part of its own; shown by a plain function, in a thread."""
        return web.get(path, self._threaded(show))

    def post(self, path: str, do: Show) -> web.RouteDef:
        """A form's target. The guard has let only forms of our own pages through, and only with --write."""
        return web.post(path, self._threaded(do))

    def _threaded(self, show: Show) -> Callable[[web.Request], Any]:
        async def handler(request: web.Request) -> web.StreamResponse:
            form = await request.post()
            texts = {key: value for key, value in form.items() if isinstance(value, str)}
            ask = Ask(self, request.path, request.match_info, request.query, texts, request[WORDS])
            return await asyncio.to_thread(show, ask)

        return handler


WORDS = web.RequestKey("words", Words)


@dataclass(frozen=True)
class Ask:
    """What a page is asked for: the parts of its path, what stands behind `?`, the fields of a form, the language."""

    studio: Studio
    path: str
    where: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, str]
    words: Words

    @property
    def store(self) -> Store:
        return self.studio.store

    @property
    def ref(self) -> str:
        """`stage/id` of a path made with REF, where the store has such a folder, else ""."""
        stage, id = self.where["stage"], self.where["id"]
        plain = re.fullmatch(r"\w+", stage) and re.fullmatch("[0-9a-f]+", id) and stage != "names"
        return f"{stage}/{id}" if plain and (self.store.root / stage / id).is_dir() else ""

    def names(self, ref: str) -> list[str]:
        """The names of an artifact."""
        return [name for name, of in self.store.names().items() if of == ref]

    def number(self, name: str, default: int = 0) -> int:
        """A whole number behind `?`, 0 or more; the default where it is none."""
        text = self.query.get(name, "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else default

    def again(self, **changed: object) -> str:
        """This page's address with other values behind `?`; a value that is None or empty is left out."""
        values = {**self.query, **changed}
        said = urlencode({key: value for key, value in values.items() if value not in (None, "")})
        return f"{self.path}?{said}" if said else self.path

    def page(self, template: str, status: int = 200, /, **values: Any) -> web.Response:
        """A template of the studio, filled in. It has `t` (words), `ask` and `form_key` (empty when read-only)."""
        form_key = self.studio.form_key if self.studio.write else ""
        text = TEMPLATES.get_template(template).render(ask=self, t=self.words, form_key=form_key, **values)
        return web.Response(body=text.encode(), content_type="text/html", charset="utf-8", status=status)

    def missing(self, what: str) -> web.Response:
        """The page that says what is not there."""
        return self.told(404, "error.missing", what)

    def told(self, status: int, key: str, what: str, *, english: bool = False) -> web.Response:
        """The page of an error: its words of a key, and more; `english` where that is komainu's own message."""
        return self.page("told.html.jinja", status, title=self.words(key), told=what, english=english)

    def see(self, address: str) -> web.Response:
        """To another page of ours, after a form was taken."""
        assert local(address), f"{address} leads elsewhere"
        return web.Response(status=303, headers={"Location": address})


Show = Callable[[Ask], web.Response]


def local(address: str) -> bool:
    """Whether an address is one of our own pages."""
    return address.startswith("/") and not address.startswith(("//", "/\\"))
