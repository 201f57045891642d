"""Who may ask, and what every answer carries. It stands before all pages, so no page kind can forget it.

- `Host` must be a name of ours: a page of another site whose name was turned to this machine (DNS rebinding) is not.
- With a token: it comes once behind `?token=`, or with each request as `Authorization: Bearer`; then a cookie stands
  for it, made from the token and worth nothing elsewhere. Compared in constant time.
- What is not GET or HEAD is a write: only with --write, only from a page of the same origin, only with the form's key.
- Every answer says by its policy that nothing runs, loads or frames but files of ours.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import logging
from collections.abc import Awaitable, Callable
from typing import cast
from urllib.parse import urlencode, urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from komainu.errors import Error
from komainu.pages.page import directives
from komainu.studio import static
from komainu.studio.base import LOOPBACK, WORDS, Ask, Studio, local
from komainu.studio.words import CODES, Language, Words, wanted

log = logging.getLogger("komainu")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SAID = "komainu-language"  # the cookie with the chosen language
YEAR = 365 * 24 * 3600
POLICY = directives(
    {
        "style-src": "'self'",
        "script-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


async def marked(request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on an answer; what a handler has said itself stays."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.pop("Server", None)


def guard(studio: Studio) -> Middleware:
    """The middleware of a studio."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[WORDS] = Words(language_of(request))
        try:
            return refused(studio, request) or moved(studio, request) or await admitted(studio, request, handler)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return told(studio, request, error.status, f"error.{error.status}")
        except Error as error:
            return told(studio, request, 400, "error.cannot", str(error))
        except Exception:
            log.exception("%s %s", request.method, request.path)
            return told(studio, request, 500, "error.500")

    return guarded


def told(studio: Studio, request: web.Request, status: int, key: str, what: str = "") -> web.Response:
    """The page of an error; `what` komainu says of it is in English."""
    ask = Ask(studio, request.path, {}, {}, {}, request[WORDS])
    key = key if key in ask.words.catalogue else "error.cannot"
    return ask.told(status, key, what or f"{status}", english=bool(what))


def refused(studio: Studio, request: web.Request) -> web.Response | None:
    """Why a request is not let in, or None when it is. Nothing of the store is told before."""
    if not known(studio, request.headers.get("Host", "")):
        return told(studio, request, 421, "error.host")
    ours = request.match_info.handler is static.show  # the look of a page that asks for the token
    if studio.token and not ours and not shown_token(studio, request):
        response = told(studio, request, 401, "error.token")
        response.headers["WWW-Authenticate"] = "Bearer"
        return response
    return None


def moved(studio: Studio, request: web.Request) -> web.Response | None:
    """What `?token=` and `?lang=` say becomes a cookie, and the address is as it was without them."""
    chosen = {key: request.query[key] for key in ("token", "lang") if key in request.query}
    if not chosen or request.method not in ("GET", "HEAD"):
        return None
    rest = urlencode([(key, value) for key, value in request.query.items() if key not in chosen])
    place = "/" + request.rel_url.raw_path.lstrip("/\\")
    assert local(place), place
    response = web.Response(status=303, headers={"Location": f"{place}?{rest}" if rest else place})
    if "token" in chosen and studio.token:
        response.set_cookie(cookie_name(studio), cookie(studio), httponly=True, samesite="Lax", path="/")
    if chosen.get("lang") in CODES:
        response.set_cookie(SAID, chosen["lang"], max_age=YEAR, httponly=True, samesite="Lax", path="/")
    return response


async def admitted(studio: Studio, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request through; one that writes only from a form of ours."""
    if request.method not in ("GET", "HEAD"):
        if not studio.write:
            return told(studio, request, 403, "error.read_only")
        if not same_origin(request):
            return told(studio, request, 403, "error.origin")
        form = await request.post()
        if not same(str(form.get("form_key", "")), studio.form_key):
            return told(studio, request, 403, "error.form")
    return await handler(request)


def known(studio: Studio, host: str) -> bool:
    """Whether a Host header names this machine, at any port: a tunnel may end at another one.

    Where others may ask at all, any address will do: rebinding needs a name.
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
        _ = urlsplit(f"//{host}").port
    except ValueError:
        return False
    return name in studio.hosts or (studio.hosts != LOOPBACK and is_address(name))


def is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def shown_token(studio: Studio, request: web.Request) -> bool:
    """Whether a request has the token, or the cookie that stands for it."""
    kind, _, bearer = request.headers.get("Authorization", "").partition(" ")
    given = (bearer if kind.lower() == "bearer" else "", request.query.get("token", ""))
    found = [same(each, studio.token) for each in given]
    return any([*found, same(request.cookies.get(cookie_name(studio), ""), cookie(studio))])


def same(a: str, b: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell how much of them is."""
    return hmac.compare_digest(a.encode("utf-8", "surrogatepass"), b.encode())


def cookie(studio: Studio) -> str:
    return hmac.new(studio.token.encode(), b"komainu studio", hashlib.sha256).hexdigest()


def cookie_name(studio: Studio) -> str:
    """Of a token: cookies are shared by all ports of a host, and two studios must not take each other's."""
    return f"komainu-{hashlib.sha256(cookie(studio).encode()).hexdigest()[:8]}"


def same_origin(request: web.Request) -> bool:
    """Whether a request comes from a page of this very address; browsers say where every write comes from."""
    origin = urlsplit(request.headers.get("Origin", ""))
    return origin.scheme in ("http", "https") and origin.netloc == request.headers.get("Host", "")


def language_of(request: web.Request) -> Language:
    """The chosen language, else the browser's."""
    chosen = request.cookies.get(SAID, "")
    return cast(Language, chosen) if chosen in CODES else wanted(request.headers.get("Accept-Language", ""))
