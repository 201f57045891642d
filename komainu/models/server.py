"""Serving our own weights: a model directory behind a server that is started, checked, asked, and ended.

with served(directory, settings, model, engine="vllm") as endpoint:
    ...  # endpoint.url speaks the OpenAI protocol, endpoint.model is the name to ask for
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgspec import structs

from komainu.models.base import Model
from komainu.models.engines.base import Launch
from komainu.models.engines.sglang import SGLang
from komainu.models.engines.transformers import Transformers
from komainu.models.engines.vllm import VLLM
from komainu.models.local import LocalServer, Running, free_port
from komainu.models.protocol import bare
from komainu.models.rope import NoContext, window_in
from komainu.models.template import check_template
from komainu.settings import Endpoint, EngineName, Runtime, Settings

log = logging.getLogger("komainu")


def launch_of(directory: Path, settings: Settings, model: Model, engine: EngineName, context: int = 0) -> Launch:
    """How a directory is served for a model: its name, its RoPE scaling, this machine's settings for the engine.

    Raises UsageError when the directory holds no model or cannot be scaled as `model.rope` asks.
    """
    with suppress(NoContext):  # served all the same, where it is not to be scaled
        window_in(directory)
    runtime = settings.engines.get(engine, Runtime())
    what: dict[str, Any] = {
        "directory": directory.resolve(),
        "name": model.name,
        "context": context,
        "rope": model.rope,
    }
    match engine:
        case "vllm":
            launch: Launch = VLLM(**what, runtime=runtime)
        case "sglang":
            launch = SGLang(**what, runtime=runtime)
        case "transformers":
            launch = Transformers(**what, runtime=runtime, threads=settings.threads, batch=settings.batch)
    _ = launch.argv  # what it refuses, it refuses now
    return launch


def for_tokens(directory: Path, model: Model, tokens: int) -> Model:
    """The model, with the RoPE scaling that requests of so many tokens (prompt and answer) need; unchanged if none.

    A scaling that the model has already stands; of a model whose config tells no context nothing is known. Raises
    UsageError when the model cannot be given what is needed.
    """
    try:
        window = window_in(directory)
    except NoContext:
        return model
    if tokens <= window.context(model.rope):
        return model
    return replace(model, rope=window.rope_for(tokens))


class Server:
    """Where the weights of a directory are served; told only once the server applies the trained chat template.

    `local` is the server when it is started here, with the first `url()`; it is looked at again after each start.
    """

    def __init__(
        self, endpoint: Endpoint, name: str, directory: Path, local: LocalServer | None = None, required: bool = False
    ) -> None:
        self.endpoint, self.name, self.directory, self.local = endpoint, name, directory, local
        self.required = required  # refuse a server that does not tell how it renders
        self.compared: bool | None = None  # None: not looked at yet; False: it does not tell how it renders
        self.running: Running | None = None
        self.lock = threading.Lock()

    def url(self) -> str:
        """Where it, or the first of its replicas, answers; raises what `urls` raises."""
        return self.urls()[0]

    def urls(self) -> tuple[str, ...]:
        """Where it answers. Raises EndpointError with its last words when it does not come up, and UsageError when it
        renders chats otherwise than the directory's tokenizer or, if that is required, does not tell."""
        with self.lock:
            urls = (self.local.url(),) if self.local else self.endpoint.urls
            running = self.local.running if self.local else None
            if self.compared is None or running is not self.running:
                self.compared = all([self._compare(url) for url in urls])
                self.running = running
            return urls

    def _compare(self, url: str) -> bool:
        endpoint = structs.replace(self.endpoint, url=url)
        told = check_template(endpoint, self.name, self.directory, required=self.required)
        if not told:
            log.warning("%s does not tell how it renders chats: its template was not compared", bare(url))
        return told

    def fate(self) -> str:
        return self.local.fate() if self.local else ""

    def close(self) -> None:
        """End what was started here, with all that it started, and wait."""
        if self.local is not None:
            self.local.close()


def server_of(launch: Launch, settings: Settings, port: int = 0, *, required: bool = False) -> Server:
    """A server at a port, or at any free one; started by its `url()`. It gets no key of the settings' endpoints."""
    port, runtime = free_port(port), launch.runtime
    endpoint = Endpoint(
        url=f"http://127.0.0.1:{port}/v1",
        start=launch.argv,
        model=launch.name,
        concurrency=runtime.concurrency,
        timeout=runtime.timeout,
        rope=launch.rope.factor if launch.rope else 0,
    )
    local = LocalServer(endpoint, launch.name, settings.keys, port, "/health")
    return Server(endpoint, launch.name, launch.directory, local, required)


@contextmanager
def served(
    directory: Path,
    settings: Settings,
    model: Model,
    *,
    engine: EngineName = "transformers",
    context: int = 0,
    required: bool = False,
) -> Iterator[Endpoint]:
    """A healthy server of a model directory while the block runs; it ends with the block, and with this process.

    `model` gives the served name and the RoPE scaling; its sampling is the asker's. The chat template the server
    applies is compared with the directory's (see Server.url). `context` bounds prompt and answer together.
    """
    server = server_of(launch_of(directory, settings, model, engine, context), settings, required=required)
    try:
        yield structs.replace(server.endpoint, url=server.url(), start=())
    finally:
        server.close()
