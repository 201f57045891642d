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

from komainu import settings
from komainu.cli_verbs import Outcome
from komainu.errors import EndpointError, UsageError, nearest
from komainu.models.base import Model
from komainu.models.engines.base import Launch
from komainu.models.local import LocalServer
from komainu.models.server import Server, for_tokens, launch_of, server_of
from komainu.models.talk import Talk, converse, typed
from komainu.settings import Endpoint, EngineName, Settings
from komainu.store import Artifact, Store

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
        raise EndpointError(f"the server of {server.name!r} has ended.{server.fate()}")
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
    if (endpoint := here.endpoints.get(target)) is None:
        launch, server = prepared(target, here, engine, 0, context, required=False)
        local: Server | LocalServer | None = server
        endpoint, name = server.endpoint, launch.name
    else:
        local = LocalServer(endpoint, target, here.keys) if endpoint.start else None
        name = target
    try:
        yield (
            Endpoint(
                url=local.url() if local else endpoint.url,
                key=endpoint.key,
                model=endpoint.model,
                timeout=endpoint.timeout,
            ),
            name,
        )
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
    if (Path(target) / "config.json").is_file():
        return Path(target)
    store = Store(here.root)
    try:
        found = store.resolve(target)
    except UsageError as error:
        hint = nearest(target, here.endpoints)
        raise UsageError(f"{target!r} is neither a model directory nor in the store: {error}{hint}") from None
    card = store.at(found.inputs["card"]) if "card" in found.inputs else None
    for artifact in filter(None, (found, card)):
        if (artifact.path / "config.json").is_file():
            return artifact.path
    models = sorted({a.ref for a in under(found, store) if (a.path / "config.json").is_file()})
    told = f"; it was made with {', '.join(models)}" if models else ""
    raise UsageError(f"{found.ref} is not a model{told}")


def under(artifact: Artifact, store: Store) -> Iterator[Artifact]:
    """The artifacts that this one was made from."""
    todo, seen = [*artifact.inputs.values()], set[str]()
    while todo:
        ref = todo.pop()
        if ref not in seen and (found := store.at(ref)):
            seen.add(ref)
            yield found
            todo.extend(found.inputs.values())


def name_of(target: str) -> str:
    """What a model is served as: the end of the target, in characters that every engine takes."""
    return re.sub(r"[^\w.-]+", "-", Path(target).name or Path(target).resolve().name)


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2].split("/")[0])
