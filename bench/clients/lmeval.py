"""lm-evaluation-harness: the model `local-chat-completions`, without its request cache."""

from __future__ import annotations

import json

from lm_eval.api.instance import Instance
from lm_eval.models.api_models import JsonChatStr
from lm_eval.models.openai_completions import LocalChatCompletion

from bench.clients.common import Task, measured


def ask(task: Task) -> list[str]:
    model = LocalChatCompletion(base_url=f"{task.url}/chat/completions", model="stub", num_concurrent=task.limit)
    options = {"until": [], "max_gen_toks": 2048, "temperature": 0.0}
    chats = [JsonChatStr(json.dumps([{"role": "user", "content": text}])) for text in task.prompts]
    requests = [Instance("generate_until", {}, (chat, options), i) for i, chat in enumerate(chats)]
    found: list[str] = model.generate_until(requests)
    return found


if __name__ == "__main__":
    measured(ask)
