"""What can come of a call but a whole answer: the classes, and what a server's status and words mean."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple

import msgspec

from komainu.models.base import Reply

Kind = Literal["infrastructure", "provider", "refusal", "context_overflow", "truncated", "empty"]
FINISH: dict[Kind, str] = {"refusal": "content_filter", "context_overflow": "context_overflow"}  # of an answer withheld
TRANSIENT = {408, 425, 429}  # worth another try, beside 5xx
BUSY = {429, 503, 529}  # the server wants less at a time
WAIT = 600.0  # seconds that a question may be told to wait with Retry-After, in all
ADVICE = {
    400: "the request does not suit this server: look at the model's sampling parameters and the prompt's length",
    401: "check the key in the environment variable that `key` names",
    402: "the account at this provider has run dry",
    403: "check the key in the environment variable that `key` names",
    404: "check the URL and the name of the model (`url` and `model` in komainu.toml)",
    413: "the prompt is too long for this server",
    429: "lower `concurrency` in komainu.toml, set `rpm` or `tpm`, or wait",
}
# The words of OpenAI, vLLM, SGLang, llama.cpp, Anthropic and Gemini for a prompt that does not fit.
_OVERFLOW = (
    "context_length_exceeded",
    "maximum context length",
    "exceed_context_size",
    "exceeds the available context size",
    "longer than the model's context length",
    "longer than the maximum model length",
    "is too long and exceeds",
    "prompt is too long",
    "input token count exceeds",
    "exceeds the maximum number of tokens",
)
_FILTERED = ("content_filter", "content management policy", "content_policy_violation", "data_inspection_failed")
_DRY = ("insufficient_quota", "billing_hard_limit_reached", "insufficient balance")


class Attempt(NamedTuple):
    """One request that gave no answer, as the call log keeps it. `status` 0: there was none."""

    kind: Kind
    status: int
    what: str
    place: str
    seconds: float


class Trouble(Exception):
    """One request without a usable answer: what went wrong, of which class, and whether to try again.

    `after`: in how many seconds the server asks to be asked again. `down`: nobody is there. `slow`: no answer in time.
    """

    def __init__(
        self,
        what: str,
        *,
        kind: Kind = "provider",
        again: bool = True,
        after: float | None = None,
        status: int = 0,
        down: bool = False,
        slow: bool = False,
    ) -> None:
        super().__init__(what)
        self.what, self.kind, self.again, self.after, self.status = what, kind, again, after, status
        self.down, self.slow = down, slow

    @property
    def waits(self) -> bool:
        """Whether the server only asks for time: then the request was no try."""
        return self.status in BUSY and self.after is not None

    @property
    def busy(self) -> bool:
        """Whether less at a time would help."""
        return self.status in BUSY or self.slow

    @property
    def finish(self) -> str:
        """The `finish` of the reply that stands for this answer withheld; "" when it must not be taken as one."""
        return FINISH.get(self.kind, "")


def kind_of(reply: Reply) -> Kind | None:
    """The class of an answer that is not a whole one; None for one that is."""
    if reply.finish in ("content_filter", "refusal"):
        return "refusal"
    if reply.finish == "context_overflow":
        return "context_overflow"
    if reply.finish == "length":
        return "truncated"
    return None if reply.text.strip() else "empty"


def read_status(status: int, body: bytes, retry_after: str | None, now: float) -> Trouble:
    """What a status other than 200 means. `now` is the time in seconds since the epoch."""
    text = body[:20_000].decode("utf-8", "replace").lower()
    what = f"status {status}: {message_in(body)}"
    if status in (400, 413, 422) and any(words in text for words in _OVERFLOW):
        return Trouble(what, kind="context_overflow", again=False, status=status)
    if status in (400, 403, 451) and any(words in text for words in _FILTERED):
        return Trouble(what, kind="refusal", again=False, status=status)
    again = (status >= 500 or status in TRANSIENT) and not any(words in text for words in _DRY)
    infrastructure = status >= 500 or status in (408, 425)
    return Trouble(
        what,
        kind="infrastructure" if infrastructure else "provider",
        again=again,
        after=seconds_of(retry_after, now),
        status=status,
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
