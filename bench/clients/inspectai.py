"""inspect_ai: its model interface alone; `eval`, which logs every sample, costs about three times that."""

from __future__ import annotations

import asyncio
import os

from inspect_ai.model import GenerateConfig, get_model

from bench.clients.common import Task, measured


async def asked(task: Task) -> list[str]:
    config = GenerateConfig(max_connections=task.limit, max_tokens=2048, temperature=0.0)
    model = get_model("openai-api/stub/stub", base_url=task.url, config=config)
    outputs = await asyncio.gather(*(model.generate(text) for text in task.prompts))
    return [output.completion for output in outputs]


def ask(task: Task) -> list[str]:
    os.environ["STUB_API_KEY"] = "none"
    return asyncio.run(asked(task))


if __name__ == "__main__":
    measured(ask)
