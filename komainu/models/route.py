"""Which client answers for a model: its endpoint, or this process when a stage trained it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from komainu.errors import UsageError, nearest
from komainu.models.base import Client, Model, Question, Reply
from komainu.models.local import LocalServer
from komainu.models.purse import Purse
from komainu.settings import Endpoint, EngineName, Settings
from komainu.spec import Spec

if TYPE_CHECKING:
    from komainu.models.http import Upstream


def unserved(model: Model, settings: Settings) -> str:
    """Why nobody can answer for a model; "" where somebody can."""
    if model.weights is not None or model.name in settings.endpoints:
        return ""
    return (
        f"no endpoint serves the model {model.name!r}: add [endpoints.{model.name!r}] with `url` or `start` to "
        f"komainu.toml, or give the model `weights`{nearest(model.name, settings.endpoints)}"
    )


class Router:
    """A client that sends each model to the endpoint of its name, to an engine served here, or to this process.

    An endpoint of the model's name always wins, so that a trained model can be served elsewhere; what it renders is
    compared with the trained chat template first. Without one, a model that a stage trained is answered by
    `settings.engine`; of the servers that this starts one runs at a time. Endpoints with the same `start` command are
    models of one server. `locate` finds a stage's directory, `replicas` starts an endpoint's servers
    on other machines.
    """

    batch_sensitive = True  # some of its clients are; `client_of` tells which

    def __init__(
        self,
        settings: Settings,
        locate: Callable[[Spec], Path],
        purse: Purse | None = None,
        replicas: Callable[[Settings, Endpoint, str], Upstream] | None = None,
    ) -> None:
        self.settings, self.locate, self.replicas = settings, locate, replicas
        self.purse = purse or Purse(settings)
        self.clients: dict[tuple[str, ...], Client] = {}
        self.servers: dict[tuple[str, ...], LocalServer] = {}  # by the command that starts it
        self.far: dict[tuple[str, ...], Upstream] = {}  # the same, on other machines
        self.lock = threading.Lock()

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        yield from self.client_of(model).ask(model, questions)

    def client_of(self, model: Model) -> Client:
        """The client that answers for a model; made when first needed, then kept."""
        endpoint = self.settings.endpoints.get(model.name)
        if why := unserved(model, self.settings):
            raise UsageError(why)
        if endpoint is not None and endpoint.rope != (factor := model.rope.factor if model.rope else 0):
            raise UsageError(
                f"the model {model.name!r} has RoPE scaling {factor} and its endpoint {endpoint.rope} (0 is none): the "
                "answers would not be this model's. Say in komainu.toml what the server was started with: set `rope`"
            )
        with self.lock:
            if endpoint is not None:
                weights = model.weights.id if model.weights else ""
                return self._client((model.name, weights), lambda: self._http(model, endpoint))
            if engine := self.settings.engine:
                assert model.weights is not None
                key = (engine, model.name, model.weights.id, model.rope.id if model.rope else "")
                self._close([k for k in self.clients if k != key and len(k) == len(key)])
                return self._client(key, lambda: self._served(model, engine))
            return self._client((), self._engine)

    def close(self) -> None:
        """Close what was opened: connections end, servers started here stop."""
        with self.lock:
            self._close(list(self.clients))

    def _client(self, key: tuple[str, ...], make: Callable[[], Client]) -> Client:
        if key not in self.clients:
            self.clients[key] = make()
        return self.clients[key]

    def _close(self, keys: Sequence[tuple[str, ...]]) -> None:
        for key in keys:
            close = getattr(self.clients.pop(key), "close", None)
            if close is not None:
                close()

    def _engine(self) -> Client:
        from komainu.models.engine import Engine

        return Engine(self.locate, self.settings)

    def _served(self, model: Model, engine: EngineName) -> Client:
        from komainu.models.server import launch_of, server_of

        assert model.weights is not None
        server = server_of(launch_of(self.locate(model.weights), self.settings, model, engine), self.settings)
        return self._client_at(server.endpoint, model.name, server)

    def _http(self, model: Model, endpoint: Endpoint) -> Client:
        name = model.name
        local = None
        if endpoint.on != "here":
            if model.weights is not None or self.replicas is None:
                raise UsageError(
                    f"endpoint {name!r}: `on` is for models that no stage trained; serve this one and give `url`"
                )
            if endpoint.start not in self.far:
                self.far[endpoint.start] = self.replicas(self.settings, endpoint, name)
            return self._client_at(endpoint, name, self.far[endpoint.start])
        if endpoint.start:
            started = LocalServer(endpoint, name, self.settings.keys)
            local = self.servers.setdefault(endpoint.start, started)
        if model.weights is None:
            return self._client_at(endpoint, name, local)
        from komainu.models.server import Server

        server = Server(endpoint, name, self.locate(model.weights), local, endpoint.same_template)
        return self._client_at(endpoint, name, server)

    def _client_at(self, endpoint: Endpoint, name: str, server: Upstream | None) -> Client:
        try:
            from komainu.models.http import HttpClient
        except ImportError as error:
            raise UsageError(f"asking an endpoint needs {error.name}: pip install 'komainu[eval]'") from None
        return HttpClient(endpoint, name, server, self.purse)
