"""Serving a studio: which addresses it may be bound to, the token, and the loop until Ctrl-C."""

from __future__ import annotations

import ipaddress
import logging
import os
import secrets
import socket
from contextlib import suppress

from aiohttp import web

from komainu.errors import UsageError
from komainu.settings import Settings
from komainu.store import Store
from komainu.studio.app import application
from komainu.studio.base import LOOPBACK, Studio

SHORTEST = 16  # characters of a token
SEVERAL = ("0.0.0.0", "::", "")  # addresses that stand for all of this machine's


def prepared(settings: Settings, host: str, variable: str, write: bool) -> tuple[Studio, str]:
    """The studio for a host, and its token where one was made: one that others can reach has one.

    `variable` names the environment variable that holds the token. Raises UsageError where it is not set or too short.
    """
    token, made = "", ""
    if variable:
        token = os.environ.get(variable, "")
        if len(token) < SHORTEST:
            raise UsageError(f"the environment variable {variable} must hold a token of {SHORTEST} characters or more")
    elif not is_loopback(host):
        token = made = secrets.token_urlsafe(32)
    return studio_for(settings, host, token, write), made


def studio_for(settings: Settings, host: str, token: str, write: bool) -> Studio:
    """Raises UsageError for a host that others can reach, without a token."""
    hosts = LOOPBACK
    if not is_loopback(host):
        if not token:
            raise UsageError(f"{host} can be reached from other machines, so a token is needed: --token VARIABLE")
        hosts |= {host.lower(), socket.gethostname().lower(), socket.getfqdn().lower()}
    return Studio(Store(settings.root), settings, write, token, hosts)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what is bound to a host."""
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def listening(host: str, port: int) -> socket.socket:
    """A socket bound to a host. Raises UsageError with the reason where that cannot be."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise UsageError(f"{host}:{port} cannot be listened at: {error.strerror}; --port takes another") from None


def address(host: str, port: int, token: str = "") -> str:
    """What to open in a browser."""
    name = socket.gethostname() if host in SEVERAL else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/" + (f"?token={token}" if token else "")


def serve(studio: Studio, sock: socket.socket) -> None:
    """Answer until Ctrl-C. No request is logged, not even one that is no HTTP: an address may hold a token."""
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
    web.run_app(application(studio), sock=sock, access_log=None, print=None, shutdown_timeout=1.0)
