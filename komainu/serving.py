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
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from msgspec import structs

from komainu import settings
from komainu.candidate import candidate, stored
from komainu.cli_verbs import SETTING, Outcome
from komainu.errors import EndpointError, UsageError
from komainu.models.base import Model
from komainu.models.blind import Blind
from komainu.models.engines.base import Launch
from komainu.models.local import LocalServer
from komainu.models.server import Server, for_tokens, launch_of, server_of
from komainu.models.talk import Conversation, Talk, converse, typed
from komainu.settings import Endpoint, EngineName, Settings
from komainu.terminal import pressed
from komainu.votes import Ballot

if TYPE_CHECKING:
    from komainu.cli_chat import Chatting

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


def chat(wish: Chatting, quiet: bool) -> Outcome:
    """Talk to a model, or to two at once and blind: at a terminal, or line by line over standard input. With `quiet`
    all is told at the end."""
    here = settings.load()
    targets = [word for word in wish.words if not SETTING.match(word)]
    if len(targets) not in (1, 2) or len({*targets}) < len(targets):
        raise UsageError(f"name one model, or two that differ, not {' and '.join(targets) or 'none'}")
    given = Talk(Endpoint(url="http://nowhere"), "")
    for word in wish.words:
        if SETTING.match(word):
            given.set(*word.split("=", 1))
    ballot = Ballot(wish.votes) if len(targets) == 2 else None
    person = not quiet and sys.stdin.isatty()
    lines = typed() if person else iter(sys.stdin)

    def talk(out: TextIO) -> dict[str, Any]:
        with ExitStack() as served:
            talks = [
                Talk(*served.enter_context(reached(target, here, wish.engine, wish.context)), given.sampler)
                for target in targets
            ]
            if wish.system:
                talks[0].command(f"/system {wish.system}")
            if ballot is None:
                return held(talks[0], [talks[0].name], person, lines, out)
            names = [talk.name for talk in talks]
            if names[0] == names[1]:
                talks[0].name, talks[1].name = names = targets
            key = partial(pressed, sys.stdin) if person else partial(following, lines)
            if ballot.torn:
                log.info("%s ended in the middle of a vote, which was never acknowledged; it is cut off", ballot.path)
            blind = Blind((talks[0], talks[1]), ballot, wish.by, key, wish.seed)
            found = held(blind, names, person, lines, out)
            print(f"{blind.tally()}; votes are in {ballot.path}", file=sys.stderr)
            return found

    if not quiet:
        return Outcome({}, [], then=lambda: talk(sys.stdout))
    return Outcome(talk(io.StringIO()), [])


def held(talk: Conversation, names: Sequence[str], person: bool, lines: Iterator[str], out: TextIO) -> dict[str, Any]:
    """Hold a conversation, and what is told of it."""
    if person:
        print(f"talking to {' and '.join(names)}; /help tells the commands, Ctrl-D ends", file=sys.stderr)
    converse(talk, lines, out, forgiving=person)
    return talk.told()


def following(lines: Iterator[str], _: str) -> str:
    """The next line, which nobody has to be asked for; raises EOFError after the last."""
    for line in lines:
        return line
    raise EOFError


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
        url = local.url() if local else endpoint.url
        yield structs.replace(endpoint, url=url, start=(), model=endpoint.model or name), name
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
