"""Serving our own weights: a model directory behind a server that is started, checked, asked, and ended.

with served(directory, settings, model, engine="vllm") as endpoint:
    ...  # endpoint.url speaks the OpenAI protocol, endpoint.model is the name to ask for
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from komainu.errors import EndpointError
from komainu.models.base import Model
from komainu.models.engines.base import Launch
from komainu.models.engines.sglang import SGLang
from komainu.models.engines.transformers import Transformers
from komainu.models.engines.vllm import VLLM
from komainu.models.local import LocalServer, answers, free_port
from komainu.models.rope import window_in
from komainu.models.template import check_template, root_of
from komainu.settings import Endpoint, EngineName, Runtime, Settings


def launch_of(directory: Path, settings: Settings, model: Model, engine: EngineName, context: int = 0) -> Launch:
    """How a directory is served for a model: its name, its RoPE scaling, this machine's settings for the engine.

    Raises UsageError when the directory holds no model or cannot be scaled as `model.rope` asks.
    """
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

    A scaling that the model has already stands. Raises UsageError when the model cannot be given what is needed.
    """
    window = window_in(directory)
    if tokens <= window.context(model.rope):
        return model
    return replace(model, rope=window.rope_for(tokens))


@dataclass
class Server:
    """One model on its way to being served, or served. `command` is what a user can paste."""

    launch: Launch
    port: int
    local: LocalServer

    @property
    def command(self) -> str:
        return self.launch.command(sys.executable, self.port)

    @property
    def endpoint(self) -> Endpoint:
        """Where it answers; `settings.endpoints` can hold it under the model's name."""
        runtime, rope = self.launch.runtime, self.launch.rope
        return Endpoint(
            url=f"http://127.0.0.1:{self.port}/v1",
            model=self.launch.name,
            concurrency=runtime.concurrency,
            timeout=runtime.timeout,
            rope=rope.factor if rope else 0,
        )

    def start(self, *, required: bool = False) -> bool:
        """Start it and wait until it is healthy; whether it applies the trained template could be told, and it does.

        Raises EndpointError with the server's last words when it does not come up, UsageError when it renders chats
        otherwise than the directory's tokenizer or, with `required`, when that cannot be told.
        """
        self.local.url()
        self._wait()
        return check_template(self.endpoint, self.launch.name, self.launch.directory, required=required)

    def healthy(self) -> bool:
        """Whether the process lives and GET /health answers."""
        return not self.local.fate() and answers(f"{root_of(self.endpoint.url)}/health")

    def close(self) -> None:
        """End it with all it has started, and wait."""
        self.local.close()

    def _wait(self) -> None:
        deadline = time.monotonic() + self.launch.runtime.timeout
        while not self.healthy():
            if (fate := self.local.fate()) or time.monotonic() > deadline:
                raise EndpointError(f"the server of {self.launch.name!r} did not become healthy.{fate}")
            time.sleep(0.2)


def server_of(launch: Launch, settings: Settings, port: int = 0) -> Server:
    """A server at a port, or at any free one; not started yet. It will get no key of the settings' endpoints."""
    port = free_port(port)
    runtime = launch.runtime
    endpoint = Endpoint(start=launch.argv, timeout=runtime.timeout)
    return Server(launch, port, LocalServer(endpoint, launch.name, settings.keys, port))


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
    applies is compared with the directory's (see Server.start). `context` bounds prompt and answer together.
    """
    server = server_of(launch_of(directory, settings, model, engine, context), settings)
    try:
        server.start(required=required)
        yield server.endpoint
    finally:
        server.close()
