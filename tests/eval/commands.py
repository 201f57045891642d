"""Commands that ask models, in a folder of their own: a fake client in every model's place, nothing of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

import komainu.launch
from komainu.context import Context
from komainu.eval import shelf
from komainu.launch import CALLS
from komainu.models.base import Client
from komainu.models.cache import Cached
from komainu.settings import Settings
from komainu.store import Store


def alone(client: Client, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands run in `folder` and ask `client`, through the call cache; no hub, settings or items from outside."""

    def opened(settings: Settings) -> Context:
        return Context(Store(settings.root), Cached(client, settings.root / CALLS), settings)

    monkeypatch.setattr(komainu.launch, "open_context", opened)
    monkeypatch.setattr(shelf, "reachable", lambda url: False)
    for name in ("KOMAINU_SETTINGS", "KOMAINU_STORE", "KOMAINU_FIXTURES", "KOMAINU_ITEMS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(folder)
