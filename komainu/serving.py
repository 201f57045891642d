"""What the verbs `serve` and `chat` do."""

from __future__ import annotations

import io
import json
import logging
import re
import shlex
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from msgspec import structs

from komainu import settings
from komainu.candidate import candidate, stored
from komainu.cli_verbs import Outcome
from komainu.errors import EndpointError
from komainu.models.base import Model
from komainu.models.engines.base import Launch
from komainu.models.local import LocalServer
from komainu.models.server import Server, for_tokens, launch_of, server_of
from komainu.models.talk import Talk, converse, typed
from komainu.settings import Endpoint, EngineName, Settings

log = logging.getLogger("komainu")


def serve(target: str, engine: EngineName | None, port: int, context: int, required: bool) -> Outcome:
    """Start a server of a model and hold it until Ctrl-C, or until it ends by itself."""
    here = settings.load()
    launch, server = prepared(target, here, engine, port, context, required)
    try:
        url = server.url()
    except BaseException:
        server.close()
        raise
    asked = {"model": launch.name, "messages": [{"role": "user", "content": "こんにちは"}], "max_tokens": 64}
    example = json.dumps(asked, ensure_ascii=False)
    payload = {
        "name": launch.name,
        "directory": str(launch.directory),
        "engine": engine or here.engine or "transformers",
        "url": url,
        "command": launch.command(sys.executable, port_of(url)),
        "curl": shlex.join(["curl", f"{url}/chat/completions", "-H", "Content-Type: application/json", "-d", example]),
        "rope": server.endpoint.rope,
        "template": "as trained" if server.compared else "not compared: the server does not tell",
    }
    lines = [
        f"{payload['name']} is served at {url} (chat template: {payload['template']}); Ctrl-C ends it",
        f"started with: {payload['command']}",
        f"try: {payload['curl']}",
        f"komainu.toml: [endpoints.{json.dumps(launch.name)}] url = {json.dumps(url)}"
        + (f", rope = {server.endpoint.rope}" if server.endpoint.rope else ""),
    ]
    return Outcome(payload, lines, then=lambda: hold(server))


def hold(server: Server) -> None:
    """Wait for Ctrl-C, then end the server; raises EndpointError with its last words when it ends by itself."""
    try:
        while not server.fate():
            time.sleep(0.2)
        raise EndpointError(f"the server of {server.name!r} has ended.{server.fate()}\nMend that and serve it again")
    except KeyboardInterrupt:
        pass
    finally:
        server.close()


def chat(
    target: str, values: Sequence[str], engine: EngineName | None, context: int, system: str, quiet: bool
) -> Outcome:
    """Talk to a model: at a terminal, or line by line over standard input. With `quiet` all is told at the end."""
    here = settings.load()
    messages = [{"role": "system", "content": system}] if system else []
    given = Talk(Endpoint(url="http://nowhere"), target)
    for value in values:
        given.set(*value.split("=", 1))

    def talk(out: TextIO) -> Talk:
        with reached(target, here, engine, context) as (endpoint, name):
            talk = Talk(endpoint, name, given.sampler, messages)
            person = not quiet and sys.stdin.isatty()
            if person:
                print(f"talking to {name}; /help tells the commands, Ctrl-D ends", file=sys.stderr)
            converse(talk, typed() if person else sys.stdin, out, forgiving=person)
            return talk

    if not quiet:
        return Outcome({}, [], then=lambda: talk(sys.stdout))
    done = talk(io.StringIO())
    return Outcome({"model": done.name, "sampler": done.sampler, "messages": done.messages}, [])


@contextmanager
def reached(target: str, here: Settings, engine: EngineName | None, context: int) -> Iterator[tuple[Endpoint, str]]:
    """Where a target answers while the block runs: an endpoint of komainu.toml, or a model served for it."""
    local: Server | LocalServer | None
    if "://" in target or target in here.endpoints:
        model, there = candidate(target, here)
        name, endpoint = model.name, there.endpoints[model.name]
        local = LocalServer(endpoint, name, here.keys) if endpoint.start else None
    else:
        launch, local = prepared(target, here, engine, 0, context, required=False)
        name, endpoint = launch.name, local.endpoint
    try:
        yield structs.replace(endpoint, url=local.url() if local else endpoint.url, start=()), name
    finally:
        if local is not None:
            local.close()


def prepared(
    target: str, here: Settings, engine: EngineName | None, port: int, context: int, required: bool
) -> tuple[Launch, Server]:
    """The server of a target, ready to be started. RoPE scaling is set when a short model is to take `context`."""
    directory = directory_of(target, here)
    model = for_tokens(directory, Model(name=name_of(target)), context)
    launch = launch_of(directory, here, model, engine or here.engine or "transformers", context)
    server = server_of(launch, here, port, required=required)
    if model.rope:
        log.info("a context of %d needs RoPE scaling %d: answers change", context, model.rope.factor)
    log.info("start %s", launch.command(sys.executable, port_of(server.endpoint.urls[0])))
    return launch, server


def directory_of(target: str, here: Settings) -> Path:
    """The model directory that a target names: a directory, an artifact that is one, or the card of a report."""
    path = Path(target)
    return path if (path / "config.json").is_file() else stored(target, here).path


def name_of(target: str) -> str:
    """What a model is served as: the end of the target, in characters that every engine takes."""
    return re.sub(r"[^\w.-]+", "-", Path(target).name or Path(target).resolve().name)


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2].split("/")[0])
