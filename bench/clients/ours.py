"""komainu: the client that every stage asks through, with the call cache on a fresh file."""

from __future__ import annotations

import tempfile

from bench.clients.common import Task, measured
from komainu.launch import open_context
from komainu.models import http  # noqa: F401 - imported before the clock starts, as with the others
from komainu.models.base import Model
from komainu.rows import Message
from komainu.settings import Endpoint, Settings


def ask(task: Task) -> list[str]:
    with tempfile.TemporaryDirectory() as store:
        endpoint = Endpoint(url=task.url, concurrency=task.limit)
        with open_context(Settings(store=store, endpoints={"stub": endpoint})) as ctx:
            replies = ctx.ask(Model(name="stub"), [(Message("user", text),) for text in task.prompts])
            return [reply.text for reply in replies]


if __name__ == "__main__":
    measured(ask)
