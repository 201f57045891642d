"""Asking a model: which model and how it is sampled, what is asked, what comes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import msgspec

from komainu.errors import UsageError
from komainu.rows import Message
from komainu.spec import Spec

MOST = 32  # times the trained context; past it nobody has shown that anything sensible comes out

CHAT = "/chat/completions"  # where a chat is asked for


@dataclass(frozen=True, kw_only=True)
class RopeScaling(Spec):
    """Dynamic NTK scaling of rotary positions: a context of `factor` times the trained one.

    It changes what the model answers, short prompts included; `komainu/models/rope.py` has the rule and its sources.
    """

    factor: int

    def __post_init__(self) -> None:
        if type(self.factor) is not int or not 1 < self.factor <= MOST:
            raise UsageError(f"RopeScaling.factor is {self.factor!r}; it must be a whole number from 2 to {MOST}")


WITHHELD = {  # by finish: why there is no answer
    "context_overflow": "the prompt does not fit the model",
    "content_filter": "the provider refuses",
    "refusal": "the provider refuses",
}


@dataclass(frozen=True, kw_only=True)
class Model(Spec):
    """Which model and how it is sampled: teacher, judge and candidate alike.

    The endpoint that serves `name` is the Context's business. `weights` is the stage that trained
    the model (None for one served by others); such a model runs in this process unless an endpoint
    of its name is set. temperature 0 is greedy; top_p 1, min_p 0 leave the distribution whole. `rope` widens
    the context of a model that was trained on a short one.
    With `raw` the model goes on with the text of the last message, no chat template around it; `stop` are texts before
    which an answer ends. With `reward` it is a reward model: it marks a conversation, and its reply is the mark, a
    number; see `komainu/models/rewards.py`.
    `generation` is 0 but in a run that asks afresh (`--fresh`): another one is another model to the call cache and
    to every id, and the same one to the server.
    """

    name: str
    weights: Spec | None = None
    temperature: float = 0.0
    top_p: float = 1.0
    min_p: float = 0.0
    max_tokens: int = 2048
    seed: int = 0
    generation: int = 0
    rope: RopeScaling | None = None
    raw: bool = False
    stop: tuple[str, ...] = ()
    reward: bool = False

    def __post_init__(self) -> None:
        if self.reward and (self.raw or self.weights is not None):
            raise UsageError(
                f"the reward model {self.name!r} is asked at its endpoint's /classify: without `raw`, and without "
                "`weights`, since nothing here serves one"
            )

    @property
    def path(self) -> str:
        """Where in the OpenAI protocol it is asked."""
        return "/completions" if self.raw else CHAT

    @property
    def original(self) -> Model:
        """The same model in its first generation."""
        return replace(self, generation=0)


@dataclass(frozen=True, kw_only=True)
class Embedder(Model):
    """A model that gives the vector of a text. Endpoints answer it at /embeddings; nothing here trains or runs one.

    Its reply's text is the vector as `models/embeddings.py` writes it.
    """

    max_tokens: int = 0

    def __post_init__(self) -> None:
        if self.weights is not None:
            raise UsageError(f"the Embedder {self.name!r} has weights; give it an endpoint of its name instead")

    @property
    def path(self) -> str:
        return "/embeddings"


class Question(NamedTuple):
    """One call: the messages, and which of several samples of them this is (0 the first)."""

    messages: tuple[Message, ...]
    sample: int = 0


class Request(NamedTuple):
    """The most that the answer to one item asks of a model's context: the whole conversation, with a dot for each turn
    that is yet to be said, and the tokens that these turns may take together."""

    item: str
    question: Question
    answers: int


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """One answer. `finish` is the protocol's finish_reason ("stop", "length", "content_filter").

    A question that the server will not answer whatever the try has an empty text; `finish` is then
    "context_overflow" or "content_filter". `thinking` is what a reasoning model wrote before its answer: kept with
    the row, never scored, never sent again. `hidden` is whatever else the server put beside the message's role and
    content: kept with the row for the report, never read by a filter.
    """

    text: str
    finish: str = "stop"
    prompt_tokens: int = 0
    completion_tokens: int = 0
    hidden: dict[str, str] = {}
    thinking: str = ""

    @property
    def withheld(self) -> bool:
        """Whether this is no answer: the server or the provider would not give one."""
        return not self.text and self.finish in WITHHELD


class Client(Protocol):
    """Answers questions in the order given. Raises EndpointError when it cannot; an error is no answer."""

    batch_sensitive: bool  # True when which questions share a batch can change the last bit of an answer

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]: ...
