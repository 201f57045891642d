"""Which client answers for a model: its endpoint, or this process when a stage trained it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from komainu.errors import UsageError, nearest
from komainu.models.base import Client, Model, Question, Reply
from komainu.models.local import LocalServer
from komainu.settings import Endpoint, Settings
from komainu.spec import Spec


class Router:
    """A client that sends each model to the endpoint of its name, or to the in-process engine.

    An endpoint of the model's name always wins, so that a trained model can be served elsewhere. A model
    without an endpoint must have `weights`; `locate` finds the directory that the stage of them made.
    """

    batch_sensitive = True  # some of its clients are; `client_of` tells which

    def __init__(self, settings: Settings, locate: Callable[[Spec], Path]) -> None:
        self.settings, self.locate = settings, locate
        self.clients: dict[str, Client] = {}
        self.lock = threading.Lock()

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        yield from self.client_of(model).ask(model, questions)

    def client_of(self, model: Model) -> Client:
        """The client that answers for a model; made when first needed, then kept."""
        endpoint = self.settings.endpoints.get(model.name)
        if endpoint is None and model.weights is None:
            raise UsageError(
                f"no endpoint serves the model {model.name!r}: add [endpoints.{model.name!r}] with `url` or `start` to "
                f"komainu.toml, or give the model `weights`{nearest(model.name, self.settings.endpoints)}"
            )
        with self.lock:
            name = "" if endpoint is None else model.name
            if name not in self.clients:
                self.clients[name] = self._engine() if endpoint is None else self._http(name, endpoint)
            return self.clients[name]

    def close(self) -> None:
        """Close what was opened: connections end, servers started here stop."""
        with self.lock:
            for client in self.clients.values():
                close = getattr(client, "close", None)
                if close is not None:
                    close()
            self.clients.clear()

    def _engine(self) -> Client:
        from komainu.models.engine import Engine

        return Engine(self.locate, self.settings)

    def _http(self, name: str, endpoint: Endpoint) -> Client:
        try:
            from komainu.models.http import HttpClient
        except ImportError as error:
            raise UsageError(f"asking an endpoint needs {error.name}: pip install 'komainu[data]'") from None
        server = LocalServer(endpoint, name, self.settings.keys) if endpoint.start else None
        return HttpClient(endpoint, name, server)
