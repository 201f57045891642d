"""Whether a server applies the chat template that a model was trained with: probes rendered by both, token by token."""

from __future__ import annotations

import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from komainu.errors import EndpointError, UsageError
from komainu.models.base import Question
from komainu.models.direct import opened
from komainu.models.folder import load_tokenizer
from komainu.models.seeds import turns
from komainu.rows import Message
from komainu.settings import Endpoint

HERE = "0f1e2d3c4b5a the turn 5a4b3c2d1e0f"  # stands for the user's words; no template and no chat has it
PROBES = (
    (Message("system", "Answer in one word."), Message("user", "What is 1 + 1?")),
    (Message("user", "Hi."), Message("assistant", "Hello!"), Message("user", "  Two lines\n\nand a space. ")),
    (
        Message("system", "敬語で答えてください。"),
        Message("user", "｢犬｣は英語で？"),
        Message("assistant", "dogです。"),
        Message("user", "では、猫は？"),
    ),
)


def check_template(endpoint: Endpoint, name: str, directory: Path, *, required: bool = False) -> bool:
    """Whether the server renders the probes as the tokenizer of `directory` does; False when it cannot be told.

    A probe that the trained template refuses (no system turn, say) is left out. Raises UsageError with both renderings
    when they differ, and with `required` when the server cannot be asked how it renders: it is asked at /tokenize,
    which vLLM, SGLang and komainu's own server have. Not covered: templates that tell the date, tools.
    """
    tokenizer = tokenizer_of(directory)
    told = 0
    for probe in PROBES:
        question = Question(probe)
        try:
            (trained,) = token_ids(tokenizer, [question], name)
        except UsageError:
            continue
        served = tokens_of(endpoint, name, question)
        if served is None:
            break
        told += 1
        if served != trained:
            ours, theirs = (tokenizer.decode(ids, skip_special_tokens=False) for ids in (trained, served))
            shown = f"trained: {ours!r}\n  served:  {theirs!r}"
            if ours == theirs:
                shown = f"the text is the same, the tokens are not:\n  trained: {trained}\n  served:  {served}"
            raise UsageError(
                f"the server of {name!r} does not apply the chat template that {directory} was trained with, so its "
                f"answers would not be this model's:\n  {shown}\nserve the directory's own chat_template.jinja"
            )
    if required and not told:
        raise UsageError(
            f"whether the server of {name!r} applies the chat template of {directory} cannot be told: it has no "
            "/tokenize that takes messages; serve it with vLLM or SGLang, or ask it unseen: leave --same-template out, "
            "and `same_template` in komainu.toml"
        )
    return told > 0


def tokenizer_of(directory: Path) -> Any:
    """The tokenizer of a model directory; raises UsageError when there is none with a chat template."""
    tokenizer = load_tokenizer(directory)
    if not tokenizer.chat_template:
        raise UsageError(
            f"{directory} has no chat template, so it cannot be asked as a chat model: add chat_template.jinja"
        )
    return tokenizer


def token_ids(tokenizer: Any, questions: Sequence[Question], name: str, *, raw: bool = False) -> list[list[int]]:
    """The prompts as the chat template writes them, up to where the answer begins; `raw`: the last turn as it is."""
    texts = [q.messages[-1].content for q in questions] if raw else rendered(tokenizer, questions, name)
    ids: list[list[int]] = tokenizer(texts, add_special_tokens=False)["input_ids"]
    return ids


def rendered(tokenizer: Any, questions: Sequence[Question], name: str, *, answer: bool = True) -> list[str]:
    """Conversations as the chat template writes them; with `answer` up to where the next answer begins."""
    chats = [[{"role": role, "content": content} for role, content in turns(q)] for q in questions]
    try:
        texts: list[str] = tokenizer.apply_chat_template(chats, add_generation_prompt=answer, tokenize=False)
    except Exception as error:  # a template is a program: what it raises is its own
        raise UsageError(
            f"the chat template of {name!r} refuses a prompt: {error}"
            "; mend its chat_template.jinja, or leave such prompts out"
        ) from None
    return texts


def open_turn(tokenizer: Any, messages: Sequence[Message], name: str) -> tuple[str, str]:
    """A conversation as the chat template writes it up to where the next user turn begins, and the text that ends one.

    What a model writes from there is a user's turn of its own (Magpie, Xu et al. 2024, arXiv 2406.08464). Raises
    UsageError where the template does not say how a turn ends.
    """
    (text,) = rendered(tokenizer, [Question((*messages, Message("user", HERE)))], name, answer=False)
    before, here, after = text.partition(HERE)
    after = after.strip()
    if not here or not after:
        raise UsageError(
            f"the chat template of {name!r} does not mark the end of a user turn: none can be left open"
            ". Take another teacher: this set needs its end-of-turn mark"
        )
    return before, next((token for token in tokenizer.all_special_tokens if after.startswith(token)), after)


def tokens_of(endpoint: Endpoint, name: str, question: Question) -> list[int] | None:
    """The token ids that the server makes of a prompt; None when it does not tell. EndpointError when it is gone.

    Without `add_generation_prompt` vLLM and SGLang render it as they do for a chat completion.
    """
    messages = [{"role": role, "content": content} for role, content in turns(question)]
    body = json.dumps({"model": endpoint.model or name, "messages": messages}).encode()
    try:
        found = json.loads(told(endpoint, name, f"{root_of(endpoint.urls[0])}/tokenize", body))
    except ValueError:
        return None
    tokens = found.get("tokens") if isinstance(found, dict) else None
    return tokens if isinstance(tokens, list) and all(type(t) is int for t in tokens) else None


def told(endpoint: Endpoint, name: str, url: str, body: bytes | None = None) -> bytes:
    """What a server says at an address beside its chats; b"" where it has none. EndpointError when it is gone."""
    headers = {"Content-Type": "application/json"}
    if endpoint.key:
        headers["Authorization"] = f"Bearer {os.environ.get(endpoint.key, '')}"
    request = urllib.request.Request(url, body, headers)
    try:
        with opened(request, timeout=60) as reply:
            found: bytes = reply.read()
    except urllib.error.HTTPError:
        return b""
    except (OSError, http.client.HTTPException) as error:
        raise EndpointError(
            f"the server of {name!r} does not answer: {error}; see that it still runs, then run again"
        ) from None
    return found


def root_of(url: str) -> str:
    """The address over `/v1`: `http://host:8000/v1` and `http://host:8000` give `http://host:8000`."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/").removesuffix("/chat/completions").removesuffix("/v1")
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))
