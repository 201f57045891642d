"""The OpenAI chat completions protocol as pure functions: what is sent, what comes back, what a failure means.

Source: platform.openai.com/docs/api-reference/chat, RFC 9110 (Retry-After). `min_p` is the extension that vLLM, SGLang
and llama.cpp share. Not covered: tools, images, streaming, several choices.
"""

from __future__ import annotations

import random
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from komainu.models.base import Model, Question, Reply
from komainu.models.seeds import seed_of, turns

FIRST, LONGEST = 0.5, 60.0  # seconds between two tries, before jitter
WORTH_TRYING = {408, 425, 429}  # beside 5xx
ADVICE = {
    400: "the request does not suit this server: look at the model's sampling parameters and the prompt's length",
    401: "check the key in the environment variable that `key` names",
    403: "check the key in the environment variable that `key` names",
    404: "check `url` and `model` in komainu.toml",
    413: "the prompt is too long for this server",
    429: "lower `concurrency` in komainu.toml, or wait",
}


class Trouble(Exception):
    """One request without a usable answer: what went wrong, whether to try again and after how many seconds."""

    def __init__(self, what: str, *, again: bool = True, after: float | None = None, status: int = 0) -> None:
        super().__init__(what)
        self.what, self.again, self.after, self.status = what, again, after, status


class _Choice(msgspec.Struct):
    message: dict[str, Any]
    finish_reason: str | None = None


class _Completion(msgspec.Struct):
    choices: list[_Choice] = []
    usage: dict[str, Any] | None = None
    error: Any = None


_completion = msgspec.json.Decoder(_Completion)


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


def request_of(model: Model, question: Question, served_as: str) -> bytes:
    """The JSON body of one request; equal questions give equal bytes."""
    body: dict[str, Any] = {
        "model": served_as,
        "messages": [{"role": role, "content": content} for role, content in turns(question)],
        "temperature": model.temperature,
        "top_p": model.top_p,
        "max_tokens": model.max_tokens,
        "seed": seed_of(model, question, 31),  # servers differ in width; 31 bits suit all
    }
    if model.min_p:
        body["min_p"] = model.min_p
    return msgspec.json.encode(body)


def read_reply(body: bytes) -> Reply:
    """The answer in a response body; raises Trouble when there is none."""
    try:
        found = _completion.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Trouble(f"the answer is not a chat completion: {error}: {excerpt(body)}") from None
    if found.error and not found.choices:
        raise Trouble(f"the server reports: {message_in(body)}")
    if not found.choices:
        raise Trouble("the answer has no choices")
    choice = found.choices[0]
    text = choice.message.get("content")
    if not isinstance(text, str):
        raise Trouble(f"the answer has no text (finish_reason {choice.finish_reason!r})")
    usage = found.usage or {}
    return Reply(
        text,
        choice.finish_reason or "stop",
        tokens(usage.get("prompt_tokens")),
        tokens(usage.get("completion_tokens")),
        {k: v for k, v in choice.message.items() if k not in ("role", "content") and isinstance(v, str) and v},
    )


def tokens(value: Any) -> int:
    return value if isinstance(value, int) else 0


def read_status(status: int, body: bytes, retry_after: str | None, now: float) -> Trouble:
    """What a status other than 200 means. `now` is the time in seconds since the epoch."""
    again = status >= 500 or status in WORTH_TRYING
    return Trouble(
        f"status {status}: {message_in(body)}", again=again, after=seconds_of(retry_after, now), status=status
    )


def seconds_of(retry_after: str | None, now: float) -> float | None:
    """A Retry-After header (seconds, or a date) as seconds from now; None when there is none to read."""
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def message_in(body: bytes) -> str:
    """The server's own words in an error body, or the beginning of the body."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return excerpt(body)
    for name in ("error", "message", "detail"):
        if isinstance(found, dict) and found.get(name):
            found = found[name]
    return found if isinstance(found, str) else excerpt(body)


def excerpt(body: bytes, most: int = 300) -> str:
    text = " ".join(body[: 4 * most].decode("utf-8", "replace").split())
    return (text if len(text) <= most else text[:most] + " ...") or "(empty body)"


def pause(attempt: int, seed: int, trouble: Trouble, most: float) -> float:
    """Seconds to wait after try `attempt` (0 the first): what the server asks for up to `most`, else 0.5 s doubling.

    Jitter of half to one and a half keeps many callers from coming back at once; it depends on the seed alone.
    """
    jitter = 0.5 + random.Random(f"{seed}:{attempt}").random()
    if trouble.after is not None:
        return min(trouble.after, most) + 0.1 * jitter
    return min(FIRST * 2.0**attempt, LONGEST) * jitter
