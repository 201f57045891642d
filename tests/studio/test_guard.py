"""Who is let in, what every answer carries, and which writes are taken."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import web

from komainu.studio.base import Ask, Studio
from komainu.studio.guard import HEADERS, cookie, cookie_name, known
from tests.studio.world import HERE, TOKEN, Client, served, studio_of

SECRET = "never in a page"


def wrong(ask: Ask) -> web.Response:
    raise RuntimeError(f"{SECRET}: {ask.studio.token}")


def take(ask: Ask) -> web.Response:
    return ask.see(f"/?took={quote(ask.form['it'])}")


def routes(studio: Studio) -> list[web.RouteDef]:
    return [studio.get("/wrong", wrong), studio.post("/take", take)]


def style_of(page: str) -> str:
    return page.partition('rel="stylesheet" href="')[2].partition('"')[0]


def serving(root: Path, **fields: object) -> Iterator[Client]:
    studio = studio_of(root, **fields)
    with served(studio, *routes(studio)) as client:
        yield client


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    yield from serving(tmp_path)


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Client]:
    """One that needs a token."""
    yield from serving(tmp_path, token=TOKEN)


@pytest.fixture
def writing(tmp_path: Path) -> Iterator[Client]:
    yield from serving(tmp_path, write=True)


def test_every_answer_has_the_headers_an_error_and_a_file_too(client: Client) -> None:
    assert "script-src 'self'" in HEADERS["Content-Security-Policy"] and "unsafe" not in str(HEADERS)
    style = style_of(client.ask("/").text)
    asked = {"/": 200, style: 200, "/nowhere": 404, "/static/x/y": 404, "/wrong": 500, "/?lang=ja": 303}
    for path, status in asked.items():
        found = client.ask(path)
        assert found.status == status
        for name, value in HEADERS.items():
            if not (path == style and name == "Cache-Control"):
                assert found.headers[name.lower()] == value, (path, name)
        assert "frame-ancestors 'none'" in found.headers["content-security-policy"]
        assert "server" not in found.headers
    assert client.ask("/", method="HEAD").text == ""
    assert client.ask("/", {"Host": "evil.example"}).headers["x-content-type-options"] == "nosniff"
    assert client.ask("/", method="DELETE").headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::1", "a@b:x"])
def test_a_name_of_another_site_is_not_answered(client: Client, host: str) -> None:
    found = client.ask("/", {"Host": host})
    assert found.status == 421 and client.studio.store.root.name not in found.text


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:9", "127.0.0.1:8080", "[::1]:1"])
def test_a_loopback_name_is_answered_at_any_port(client: Client, host: str) -> None:
    assert client.ask("/", {"Host": host}).status == 200


def test_a_studio_for_others_answers_to_addresses_but_not_to_strange_names(tmp_path: Path) -> None:
    open_one = studio_of(tmp_path, token=TOKEN, hosts=frozenset(("localhost", "gpu1")))
    assert known(open_one, "10.1.2.3:80") and known(open_one, "gpu1:1") and not known(open_one, "evil.example")
    assert not known(studio_of(tmp_path), "10.1.2.3")


def test_without_the_token_nothing_is_told(closed: Client) -> None:
    for headers in ({}, {"Authorization": "Bearer no"}, {"Cookie": f"{cookie_name(closed.studio)}={TOKEN}"}):
        for path in ("/", "/?token=no", "/?token=", f"/?token={quote('トークン')}", "/nowhere", "/wrong"):
            found = closed.ask(path, headers)
            assert found.status == 401 and found.headers["www-authenticate"] == "Bearer"
            assert closed.studio.store.root.name not in found.text and "set-cookie" not in found.headers
    assert closed.ask(style_of(closed.ask("/").text)).status == 200  # the page that says so has its look
    assert closed.ask(style_of(closed.ask("/").text), {"Host": "evil.example"}).status == 421


def test_the_token_comes_once_then_a_cookie_stands_for_it(closed: Client) -> None:
    first = closed.ask(f"/?q=1&token={quote(TOKEN)}")
    assert (first.status, first.headers["location"]) == (303, "/?q=1")
    said = first.headers["set-cookie"]
    assert TOKEN not in said and "HttpOnly" in said and "SameSite=Lax" in said
    assert closed.ask("/", {"Cookie": said.partition(";")[0]}).status == 200
    assert closed.ask("/", {"Authorization": f"Bearer {TOKEN}"}).status == 200


def test_a_cookie_of_another_token_opens_nothing(closed: Client, tmp_path: Path) -> None:
    other = studio_of(tmp_path, token=TOKEN + "!")
    for name in {cookie_name(other), cookie_name(closed.studio)}:
        assert closed.ask("/", {"Cookie": f"{name}={cookie(other)}"}).status == 401


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "//evil.example//x"])
def test_a_cookie_is_never_followed_by_another_site(closed: Client, path: str) -> None:
    found = closed.ask(f"{path}?token={quote(TOKEN)}")
    assert found.status == 303 and re.match(r"/[^/\\]", found.headers["location"])


def test_no_secret_is_in_any_page(closed: Client) -> None:
    let_in = {"Authorization": f"Bearer {TOKEN}"}
    for path in ("/", "/nowhere", "/wrong"):
        found = closed.ask(path, let_in)
        said = found.text + str(found.headers)
        for secret in (TOKEN, SECRET, cookie(closed.studio), closed.studio.secret.hex(), closed.studio.form_key):
            assert secret not in said
    assert TOKEN not in repr(closed.studio)


def test_a_form_of_ours_is_taken(writing: Client) -> None:
    found = writing.send("/take", {"it": "はい & no"})
    assert (found.status, found.headers["location"]) == (303, f"/?took={quote('はい & no')}")


def test_a_studio_that_only_reads_takes_no_form(client: Client) -> None:
    assert client.send("/take", {"it": "x"}).status == 403
    assert client.studio.form_key not in client.ask("/").text


@pytest.mark.parametrize("origin", ["", "null", "http://evil.example", "https://127.0.0.1", "file://127.0.0.1"])
def test_a_form_of_another_site_is_not_taken(writing: Client, origin: str) -> None:
    assert writing.send("/take", {"it": "x"}, {"Origin": origin}).status == 403


@pytest.mark.parametrize("key", ["", "x", "鍵", "0" * 64])
def test_a_form_without_its_key_is_not_taken(writing: Client, key: str) -> None:
    assert writing.send("/take", {"it": "x", "form_key": key}).status == 403


def test_a_form_that_is_too_long_is_not_taken(writing: Client) -> None:
    assert writing.send("/take", {"it": "x" * 100_000}).status == 413


@pytest.mark.parametrize(
    "path",
    [
        "/static/../base.py",
        "/static/%2e%2e/base.py",
        "/static/x/..%2fbase.py",
        "/../../etc/passwd",
        "/%2e%2e/passwd",
    ],
)
def test_no_path_leads_to_a_file(client: Client, path: str) -> None:
    found = client.ask(path)
    assert found.status == 404 and "import" not in found.text and "root:" not in found.text


def test_what_is_no_http_is_no_page(client: Client) -> None:
    with socket.create_connection((HERE, client.port)) as raw:
        raw.sendall(b"GET /<script> HTTP/1.1\r\nHost: <script>\r\nA\0: b\r\n\r\n")
        told = raw.recv(1 << 16).decode()
    assert told.partition("\r\n")[0] == "HTTP/1.0 400 Bad Request" and "text/plain" in told and "<script>" not in told
