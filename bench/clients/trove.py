"""datatrove: its inference runner at an endpoint, with its writer and without its checkpoints."""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.inference.run_inference import InferenceConfig, InferenceRunner
from datatrove.pipeline.writers import JsonlWriter

from bench.clients.common import Task, measured


async def rollout(document: Document, generate: Callable[[dict[str, Any]], Awaitable[Any]]) -> str:
    payload = {"messages": [{"role": "user", "content": document.text}], "max_tokens": 2048, "temperature": 0.0}
    return str((await generate(payload)).text)


def ask(task: Task) -> list[str]:
    config = InferenceConfig(
        server_type="endpoint",
        model_name_or_path="stub",
        endpoint_url=task.url.removesuffix("/v1"),
        max_concurrent_generations=task.limit,
    )
    documents = [Document(text=text, id=str(i)) for i, text in enumerate(task.prompts)]
    with tempfile.TemporaryDirectory() as folder:
        InferenceRunner(rollout, config, JsonlWriter(folder)).run(iter(documents))
        packed = b"".join(file.read_bytes() for file in sorted(Path(folder).glob("*.gz")))
        rows = [json.loads(line) for line in gzip.decompress(packed).splitlines()]
    replies = {row["id"]: row["metadata"]["rollout_results"][0] for row in rows}
    return [replies.get(str(i), "") for i in range(task.n)]


if __name__ == "__main__":
    measured(ask)
