"""Putting a context together: the store, the models behind the call cache, the settings."""

from __future__ import annotations

from pathlib import Path

from komainu.cluster.arrays import replicas
from komainu.context import Context
from komainu.models.base import Client
from komainu.models.cache import Cached
from komainu.models.purse import Purse
from komainu.models.route import Router
from komainu.settings import Settings
from komainu.spec import Spec
from komainu.store import Store

CALLS = "calls.sqlite"  # in the store's root


def open_context(settings: Settings, client: Client | None = None) -> Context:
    """A context on this machine. `client` answers instead of the settings' endpoints, through the same call cache."""

    def locate(weights: Spec) -> Path:
        return ctx.locate(weights)

    purse = Purse(settings)
    asked = Router(settings, locate, purse, replicas) if client is None else client
    ctx = Context(Store(settings.root), Cached(asked, settings.root / CALLS, settings.batch, purse), settings)
    return ctx


def charge(ctx: Context, spent: float) -> None:
    """Count what earlier runs have spent towards the budget."""
    if isinstance(ctx.client, Cached):
        ctx.client.purse.spent = spent
