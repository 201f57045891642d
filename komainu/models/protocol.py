"""The OpenAI protocol of completions as pure functions: what is sent, what comes back, what a failure means.

Source: platform.openai.com/docs/api-reference/chat, RFC 9110 (Retry-After). `min_p` is the extension that vLLM, SGLang
and llama.cpp share. Plain completions (`Model.raw`) ask vLLM and SGLang to add no special token and to show those that
the model writes, since a turn may end with one. Not covered: tools, images, streaming, several choices.
"""

from __future__ import annotations

import random
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit, urlunsplit

import msgspec

from komainu.models.base import Embedder, Model, Question, Reply
from komainu.models.embeddings import embedding_of, read_vector
from komainu.models.failures import Kind, Trouble, excerpt, message_in
from komainu.models.rewards import read_mark, reward_request
from komainu.models.seeds import turns
from komainu.thinking import apart

FIRST, LONGEST = 0.5, 60.0  # seconds between two tries, before jitter
REASONING = ("reasoning_content", "reasoning")  # where servers put the thinking they have parsed out of an answer


class _Choice(msgspec.Struct):
    message: dict[str, Any]
    finish_reason: str | None = None


class _Text(msgspec.Struct):
    """A choice of a plain completion."""

    text: str
    finish_reason: str | None = None

    @property
    def message(self) -> dict[str, Any]:
        return {"content": self.text}


C = TypeVar("C", _Choice, _Text)


class _Completion(msgspec.Struct, Generic[C]):
    choices: list[C] = []
    usage: dict[str, Any] | None = None
    error: Any = None


_chat = msgspec.json.Decoder(_Completion[_Choice])
_text = msgspec.json.Decoder(_Completion[_Text])


def chat_url(base: str) -> str:
    """The address to post to: `http://host:8000` and `http://host:8000/v1` mean the same server."""
    parts = urlsplit(base)
    path = parts.path.rstrip("/") or "/v1"
    if not path.endswith("/chat/completions"):
        path += "/chat/completions"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def bare(url: str) -> str:
    """A URL without what may be secret in it: user, password and query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def request_of(model: Model, question: Question, served_as: str, seed: int) -> bytes:
    """The JSON body of one request; equal questions give equal bytes. Servers take seeds of 31 bits."""
    asked: dict[str, Any]
    if isinstance(model, Embedder):
        return embedding_of(question, served_as)
    if model.reward:
        return reward_request(question, served_as)
    if model.raw:
        asked = {"prompt": question.messages[-1].content, "add_special_tokens": False, "skip_special_tokens": False}
    else:
        asked = {"messages": [{"role": role, "content": content} for role, content in turns(question)]}
    body: dict[str, Any] = {
        "model": served_as,
        **asked,
        "temperature": model.temperature,
        "top_p": model.top_p,
        "max_tokens": model.max_tokens,
        "seed": seed,
    }
    if model.min_p:
        body["min_p"] = model.min_p
    if model.stop:
        body["stop"] = list(model.stop)
    return msgspec.json.encode(body)


def answer_in(body: bytes, model: Model) -> Reply:
    """What a response body holds of a model: a vector, a mark or a text; raises Trouble when there is none."""
    if isinstance(model, Embedder):
        return read_vector(body)
    return read_mark(body) if model.reward else read_reply(body, raw=model.raw)


def read_reply(body: bytes, *, raw: bool = False) -> Reply:
    """The answer in a response body, `raw` that of a plain completion; raises Trouble when there is none."""
    try:
        found = (_text if raw else _chat).decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        cut = not body.rstrip().endswith(b"}")  # a connection that broke, rather than another protocol
        kind: Kind = "infrastructure" if cut else "provider"
        kinds = "plain" if raw else "chat"
        raise Trouble(f"the answer is not a {kinds} completion: {error}: {excerpt(body)}", kind=kind) from None
    if found.error and not found.choices:
        raise Trouble(f"the server reports: {message_in(body)}")
    if not found.choices:
        raise Trouble("the answer has no choices")
    return reply_of(found.choices[0], found.usage or {})


def reply_of(choice: _Choice | _Text, usage: dict[str, Any]) -> Reply:
    """A choice as a reply, its thinking apart; raises Trouble when it has no text and does not say why."""
    message = choice.message
    finish = choice.finish_reason or "stop"
    beside = {k: v for k, v in message.items() if k not in ("role", "content") and isinstance(v, str) and v}
    thoughts = [beside.pop(name) for name in REASONING if name in beside]
    text = message.get("content")
    if text is None and (thoughts or "refusal" in beside or finish in ("length", "content_filter")):
        text = ""
    if finish in ("error", "abort"):
        raise Trouble(f"the server gave up (finish_reason {finish!r})", kind="infrastructure")
    if not isinstance(text, str):
        raise Trouble(f"the answer has no text (finish_reason {choice.finish_reason!r})")
    thinking, answer = apart(text)
    return Reply(
        answer,
        "refusal" if not text and "refusal" in beside else finish,
        tokens(usage.get("prompt_tokens")),
        tokens(usage.get("completion_tokens")),
        beside,
        "\n".join(filter(None, [*dict.fromkeys(thoughts), thinking])),
    )


def tokens(value: Any) -> int:
    return value if isinstance(value, int) else 0


def pause(attempt: int, seed: int) -> float:
    """Seconds to wait after try `attempt` (0 the first): 0.5 s doubling up to a minute.

    Jitter of half to one and a half keeps many callers from coming back at once; it depends on the seed alone.
    """
    return min(FIRST * 2.0**attempt, LONGEST) * (0.5 + random.Random(f"{seed}:{attempt}").random())
