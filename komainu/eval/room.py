"""Room: what an evaluation asks of a model's context, and the RoPE scaling that gives it, known before it is asked.

An entry of a board is one model, so what its longest request needs holds for all its benches.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from komainu.errors import UsageError
from komainu.eval.board import Board
from komainu.eval.items import Items
from komainu.models.base import Model, Request
from komainu.models.reach import Longest, longest, longest_at, taken_at
from komainu.models.rope import SHORT, NoContext, window_in
from komainu.settings import Endpoint

CUT = "without room an answer is cut off or missing"


@dataclass(frozen=True)
class Room:
    """What a model takes, tokens of prompt and answer together, and the request that may need most of it."""

    model: Model
    trained: int  # what it takes without scaling; of a server: what it takes
    bench: str
    longest: Longest
    server: bool = False

    @property
    def takes(self) -> int:
        return self.trained * (1 if self.server else self.factor or 1)

    @property
    def factor(self) -> int:
        return self.model.rope.factor if self.model.rope else 0

    @property
    def short(self) -> bool:
        """Whether there is less than may be needed."""
        return self.longest.tokens > self.takes

    @property
    def need(self) -> str:
        item, prompt, answers = self.longest
        return f"{self.bench} may need {prompt + answers} ({item}: {prompt} of prompt, {answers} of answer)"

    def line(self) -> str:
        """What there is to say of it; "" when nothing is."""
        if self.short:
            return f"{self.model.name} takes {self.takes} tokens, {self.need}: {CUT}"
        if self.factor and not self.server:
            trained = f"{self.model.name} was trained on {self.trained} tokens"
            return f"RoPE scaling {self.factor}, which changes what is answered: {trained}, {self.need}"
        return ""

    def json(self) -> dict[str, Any]:
        told = {"takes": self.takes, "rope": self.factor, "needs": self.longest.tokens, "bench": self.bench}
        return {**told, **self.longest._asdict(), "short": self.short}


def room_in(directory: Path, target: Board, *, said: bool) -> Room | None:
    """The room of the one model of a board, whose directory this is; None where its config tells no context.

    Its `model` has the RoPE scaling that is needed, where it was trained on under 8K; with `said` its scaling stays as
    it is. Raises UsageError when scaling cannot give what is needed, and for a prompt its template refuses.
    """
    asked = asked_in(target)
    model = asked.model
    try:
        window = window_in(directory)
    except NoContext:
        return None
    found = longest(directory, model.name, asked.requests)
    room = Room(model, window.trained, asked.bench(found), found)
    if said or not room.short or window.trained >= SHORT:
        return room
    if why := window.refusal(found.tokens):
        raise UsageError(
            f"{model.name} was trained on a context of {window.trained} tokens, {room.need}, and it cannot be given "
            f"RoPE scaling: {why}. Say a lower max_tokens, or leave the benchmark out; or say rope=none to ask it all "
            f"the same: {CUT}"
        )
    return replace(room, model=replace(model, rope=window.rope_for(found.tokens)))


def room_at(endpoint: Endpoint, target: Board, *, said: bool) -> Room | None:
    """The room of a board's one model at a server of others; None where it does not tell how much it takes.

    Raises UsageError when that is under 8K and not enough, unless the scaling it has was `said`.
    """
    asked = asked_in(target)
    model = asked.model
    if not (takes := taken_at(endpoint, model.name)):
        return None
    found = longest_at(endpoint, model.name, asked.requests)
    room = Room(model, takes, asked.bench(found), found, server=True)
    if room.short and takes < SHORT and not said:
        raise UsageError(
            f"the server of {model.name!r} takes {takes} tokens, {room.need}. Say a lower max_tokens; or start it with "
            f"room for {found.tokens} (`komainu serve DIR --context {found.tokens}` gives a short model RoPE scaling) "
            f"and say which, rope=FACTOR or rope=none; with rope=none it is asked as it is: {CUT}"
        )
    return room


class Asked(NamedTuple):
    """What is asked of the model of a board's one entry, and the bench of each item and length of answer."""

    model: Model
    requests: list[Request]
    benches: dict[tuple[str, int], str]

    def bench(self, found: Longest) -> str:
        return self.benches[found.item, found.answers]


def asked_in(target: Board) -> Asked:
    """Several runs, and benches that look at the same answers, ask the same."""
    (entry,) = target.entries
    found, seen = Asked(entry.scores[0].answers.model, [], {}), set[str]()
    for scores in entry.scores:
        answers, items = scores.answers, scores.answers.items
        asks = replace(answers, model=replace(answers.model, seed=0)).id
        if asks in seen or not isinstance(items, Items):
            continue
        seen.add(asks)
        for request in answers.requests(items.rows()):
            found.requests.append(request)
            found.benches.setdefault((request.item, request.answers), scores.bench.title)
    return found
