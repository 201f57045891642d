"""What the tests of the sets share: a scripted server of the OpenAI protocol, and a recipe built against it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from aiohttp import web

from komainu.cost import Costs
from komainu.data.base import Dataset, Drop, drops
from komainu.data.textbook.prompts import Prompts
from komainu.data.textbook.server import classified as textbook_mark
from komainu.data.textbook.server import completion as textbook_answer
from komainu.data.textbook.teacher import Faults
from komainu.launch import open_context
from komainu.plan import plan
from komainu.recipe import load
from komainu.rows import Chat, Message, Pair
from komainu.settings import Endpoint, Settings
from komainu.settings import load as settings_in
from komainu.store import Artifact
from tests.models.fake_server import Server, classified, completion

ROOT = Path(__file__).parents[2]
Says = Callable[[list[dict[str, str]], int], str]  # messages, seed -> the answer; a raw text is one of role "raw"
R = TypeVar("R", Chat, Pair)


class Made(NamedTuple, Generic[R]):
    """What a run of a recipe made: its rows, what it dropped, its summary, what was planned before, and the
    calls that were made, by model."""

    stage: Dataset
    rows: list[R]
    dropped: list[Drop]
    summary: dict[str, Any]
    planned: list[dict[str, Any]]
    calls: Counter[str]

    @property
    def reasons(self) -> dict[str, dict[str, int]]:
        return dict(self.summary["dropped"])


class Scripted:
    """A server whose models answer as functions of messages and seed."""

    def __init__(self, server: Server, **models: Says) -> None:
        self.models, self.server = models, server
        server.handler = self.answer

    def answer(self, request: Any, body: dict[str, Any]) -> Any:
        says = self.models[body["model"]]
        if request.path == "/classify":
            return classified(float(says(body["messages"], 0)))
        if "prompt" in body:
            text = says([{"role": "raw", "content": body["prompt"]}], body["seed"])
            kept, ended, _ = text.partition(body["stop"][0])
            choice = {"text": kept, "finish_reason": "stop" if ended else "length"}
            return web.json_response({"choices": [choice], "usage": {"prompt_tokens": 3, "completion_tokens": 5}})
        return completion(says(body["messages"], body["seed"]))

    @property
    def endpoints(self) -> dict[str, Endpoint]:
        return {name: Endpoint(url=self.server.url) for name in self.models}


def made(root: Path, recipe: str, endpoints: dict[str, Endpoint], **values: Any) -> Made[Chat]:
    """A recipe of recipes/sets.py planned and built as the command line does, in a store under `root`."""
    return built(root, f"sets.py:{recipe}", endpoints, Chat, values)


def made_pairs(root: Path, recipe: str, endpoints: dict[str, Endpoint], **values: Any) -> Made[Pair]:
    """The same of recipes/pairs.py."""
    return built(root, f"pairs.py:{recipe}", endpoints, Pair, values)


def built(root: Path, recipe: str, endpoints: dict[str, Endpoint], kind: type[R], values: dict[str, Any]) -> Made[R]:
    settings = Settings(store=str(root / "store"), threads=1, endpoints=endpoints)
    stage = load(f"{ROOT}/recipes/{recipe}", [f"{key}={value}" for key, value in values.items()]).stage
    assert isinstance(stage, Dataset)
    with open_context(settings) as ctx:
        planned = plan(stage, ctx.store)
        planned.refuse()
        told = Costs(planned, ctx.store, settings).json()["asks"]
        artifact: Artifact = ctx.store.build(stage, ctx)
        rows = [row for row in artifact.rows() if isinstance(row, kind)]
        calls = Counter({name: book["calls"] for name, book in ctx.spent(stage).items()})
        return Made(stage, rows, [*drops(artifact)], artifact.summary, told, calls)


def accounted(found: Made[Any]) -> None:
    """Rows in = rows out + drops by reason, step by step; and what was asked lies within the plan."""
    for step, told in zip(found.stage.steps, found.summary["steps"], strict=True):
        gone = sum(found.reasons.get(told["step"], {}).values())
        assert told["out"] + gone == told["in"] * step.per_row, told
    assert len(found.rows) == found.summary["rows"]
    assert len(found.dropped) == sum(sum(by.values()) for by in found.reasons.values())
    for asked in found.planned:
        low, high = asked["requests"]
        assert low <= found.calls[asked["model"]] <= high, asked


def chats_file(path: Path, rows: Iterator[dict[str, Any]] | list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def asked_file(path: Path, prompts: Prompts, answered: bool = False) -> Path:
    """Prompts of the textbook as a user's file, which says their language and task; `answered` with an old answer."""
    old = (Message("assistant", "old"),) * answered
    return chats_file(
        path,
        [
            {
                "messages": [{"role": m.role, "content": m.content} for m in (*chat.messages, *old)],
                "meta": {"lang": chat.meta["lang"], "task": chat.meta["task"]},
            }
            for chat in prompts.rows()
        ],
    )


def started(*names: str) -> dict[str, Endpoint]:
    """Endpoints of the textbook's models, whose server is a process of its own, started as komainu.toml says."""
    return dict.fromkeys(names, settings_in(ROOT / "komainu.toml").endpoints["textbook"])


@contextmanager
def textbook(*names: str) -> Iterator[dict[str, Endpoint]]:
    """Endpoints of the textbook's models, whose server stands in this process."""
    server = Server()

    def says(request: web.Request, body: dict[str, Any]) -> web.Response:
        marks = request.path == "/classify"
        return web.json_response(textbook_mark(body) if marks else textbook_answer(body, Faults()))

    server.handler = says
    try:
        yield dict.fromkeys(names, Endpoint(url=server.url))
    finally:
        server.close()


@contextmanager
def served(**models: Says) -> Iterator[Scripted]:
    server = Server()
    try:
        yield Scripted(server, **models)
    finally:
        server.close()
