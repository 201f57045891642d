"""`komainu data trace` and `komainu data touched`: where a row comes from, and what depends on it."""

from __future__ import annotations

from komainu import ancestry, settings
from komainu import touched as downstream
from komainu.cli_verbs import Outcome
from komainu.errors import UsageError
from komainu.launch import CALLS
from komainu.models.lookup import Lookup
from komainu.store import Store


def trace(target: str, row: str) -> Outcome:
    """From a row of an artifact back to its sources."""
    store = Store(settings.load().root)
    with Lookup(store.root / CALLS) as log:
        found = ancestry.ancestry(store, store.resolve(target), row, log)
    return Outcome(found, ancestry.text(found))


def touched(source: str, row: str, licence: str) -> Outcome:
    """What is affected when a source, a row of it, or a licence is taken away."""
    if row and not source:
        raise UsageError("--row is a row of an artifact; name the artifact too")
    if not source and not licence:
        raise UsageError("touched needs an artifact of the store, or --licence NAME for all sources of the store")
    store = Store(settings.load().root)
    found = downstream.touched(store, store.resolve(source) if source else None, row, licence)
    return Outcome(found, downstream.text(found))
