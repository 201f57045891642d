"""A judged bench over the tests' items, a candidate and judges that answer by rule and count, and a recipe of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from komainu.context import Context
from komainu.errors import EndpointError
from komainu.eval.base import Answers
from komainu.eval.judge.base import Judged
from komainu.eval.judge.panel import Panel, panel
from komainu.launch import open_context
from komainu.models.base import Model, Question, Reply
from komainu.rows import Chat
from komainu.settings import Settings
from tests.eval.world import Items

CANDIDATE, STRICT, KIND, NEW = (Model(name=name) for name in ("candidate", "strict", "kind", "new"))
N = 12


@dataclass(frozen=True, kw_only=True)
class Marks(Judged):
    """Marks from 1 to 5 for every item of the world; the prompt stands beside this file."""

    name: ClassVar[str] = "marks"
    template: ClassVar[str] = "marks.jinja"
    folder: ClassVar[Path] = Path(__file__).parent
    again: ClassVar[str] = "judge/again.en.jinja"
    top: ClassVar[float] = 5.0

    def applies(self, chat: Chat) -> bool:
        return chat.meta.get("lang") == self.language


def judged(n: int = N, judges: Sequence[Model] = (STRICT, KIND)) -> Panel:
    """The answers of the candidate to `n` items, half of them for the bench, before two judges."""
    return panel(Answers(model=CANDIDATE, items=Items(n=2 * n)), Marks(language="en"), judges)


def reply(name: str, messages: Sequence[tuple[str, str]]) -> str:
    """What a model says: a function of its name and of the messages. One first reply of a judge in three has no
    verdict, and one in three of the second ones."""
    text = messages[-1][1]
    if name == "candidate":
        return f"answer to {text}"
    code = text.rsplit("</verdict-", 1)[1].partition(">")[0]
    number = int(hashlib.sha256(f"{name}{messages}".encode()).hexdigest(), 16)
    return "I cannot say." if number % 3 == 0 else f"Well.\n<verdict-{code}>{1 + number % 5}</verdict-{code}>"


@dataclass
class Counting:
    """A client that answers as `reply` says, and counts by model. After `fails_after` replies a model's endpoint is
    gone; a model in `says` says those texts in turn instead."""

    fails_after: dict[str, int] = field(default_factory=dict)
    says: dict[str, Sequence[str]] = field(default_factory=dict)
    batch_sensitive: bool = False
    asked: Counter[str] = field(default_factory=Counter)

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        for question in questions:
            if self.asked[model.name] >= self.fails_after.get(model.name, 10**9):
                raise EndpointError(f"the endpoint of {model.name} answered 500 again and again")
            self.asked[model.name] += 1
            said, number = self.says.get(model.name), self.asked[model.name]
            turns = [(m.role, m.content) for m in question.messages]
            yield Reply(said[number % len(said)] if said else reply(model.name, turns))


class Silent(Counting):
    """A client that must not be asked."""

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        raise AssertionError(f"{model.name} was asked {len(questions)} questions")


def opened(root: Path, client: Counting, **settings: Any) -> Context:
    """A store with a call cache over the client."""
    return open_context(Settings(store=str(root), **settings), client)


def built(root: Path, stage: Panel, client: Counting, **settings: Any) -> bytes:
    """The rows of a panel, built in a store by asking the client for what is not there."""
    with opened(root, client, **settings) as ctx:
        return (ctx.store.build(stage, ctx).path / "rows.jsonl").read_bytes()


def rows(root: Path) -> dict[str, bytes]:
    """The bytes of every rows.jsonl of a store, by stage and id."""
    found = sorted(p for p in root.glob("*/*/rows.jsonl") if p.parts[-3] != "names")
    return {path.parent.relative_to(root).as_posix(): path.read_bytes() for path in found}
