"""Putting a context together: the store, the models behind the call cache, the settings."""

from __future__ import annotations

from pathlib import Path

from komainu.context import Context
from komainu.models.base import Client
from komainu.models.cache import Cached
from komainu.models.route import Router
from komainu.settings import Settings
from komainu.spec import Spec
from komainu.store import Store

CALLS = "calls.sqlite"  # in the store's root


def open_context(settings: Settings, client: Client | None = None) -> Context:
    """A context on this machine. `client` answers instead of the settings' endpoints, through the same call cache."""

    def locate(weights: Spec) -> Path:
        return ctx.locate(weights)

    asked = Router(settings, locate) if client is None else client
    ctx = Context(Store(settings.root), Cached(asked, settings.root / CALLS, settings.batch), settings)
    return ctx
