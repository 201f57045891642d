"""Step: ask something of the answer that a program can check."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, NamedTuple

import msgspec

from komainu.context import Context
from komainu.data.base import Dropped, Note, Step
from komainu.data.lists import ROOT, list_hash
from komainu.errors import UsageError
from komainu.files import read_objects
from komainu.rows import Chat, Message

LANGUAGES = ("en", "ja")
JOIN = {"en": ", ", "ja": "、"}


class Constraint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind of thing to ask: the rule's id, the values its arguments may have, and how it is said.

    Of one `group` a prompt gets one at most, and none of the groups it `excludes`.
    """

    id: str
    group: str
    kwargs: dict[str, list[Any]]
    say: list[str]
    excludes: list[str] = []


class Drawn(NamedTuple):
    """A constraint with its arguments, and the sentence that asks for it."""

    id: str
    kwargs: dict[str, Any]
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Constrain(Step):
    """Add from `fewest` to `most` constraints of our list to the last turn of a prompt, and to meta["instructions"].

    Which ones is drawn from the seed and the row id; the list is that of the row's language, and they go together. They
    are what `Followed` checks. A row that has instructions already, is answered, or is in no language we have a list
    for is dropped. A list's hash is part of the identity. The notes count the constraints by id.
    """

    alone: ClassVar[bool] = True
    fewest: int = 1
    most: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.fewest <= self.most:
            raise UsageError(
                f"Constrain asks for {self.fewest} to {self.most} constraints; give 1 or more, the fewest first"
            )

    def config(self, *, full: bool = True) -> dict[str, Any]:
        return super().config(full=full) | {f"list_{lang}": list_hash(file_of(lang)) for lang in LANGUAGES}

    @property
    def least(self) -> int:
        return 1

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped | Note]:
        asked: Counter[str] = Counter()
        for chat in rows:
            lang = chat.meta.get("lang")
            if lang not in LANGUAGES:
                yield Dropped(chat, f"no_list: of language {lang!r}")
            elif chat.answered or "instructions" in chat.meta:
                yield Dropped(chat, f"not_bare: {'answered' if chat.answered else 'has instructions'}")
            else:
                rng = random.Random(f"{self.seed}:{chat.id}")
                drawn = draw(rng, constraints(lang), rng.randint(self.fewest, self.most), JOIN[lang])
                asked.update(one.id for one in drawn)
                yield constrained(chat, drawn)
        yield Note({"asked": dict(sorted(asked.items()))})


def constrained(chat: Chat, drawn: Sequence[Drawn]) -> Chat:
    *before, last = chat.messages
    text = "\n".join([f"{last.content.rstrip()}\n", *(one.sentence for one in drawn)])
    instructions = [{"id": one.id, "kwargs": one.kwargs} for one in drawn]
    return Chat(chat.id, (*before, Message("user", text)), {**chat.meta, "instructions": instructions})


def draw(rng: random.Random, among: Sequence[Constraint], count: int, join: str) -> list[Drawn]:
    """So many constraints of different groups that go together; fewer where the groups run out."""
    chosen: list[Constraint] = []
    groups = sorted({one.group for one in among})
    rng.shuffle(groups)
    for group in groups:
        fitting = [one for one in among if one.group == group and all(together(one, other) for other in chosen)]
        if fitting and len(chosen) < count:
            chosen.append(rng.choice(fitting))
    return [worded(rng, one, join) for one in chosen]


def together(one: Constraint, other: Constraint) -> bool:
    return one.group not in other.excludes and other.group not in one.excludes


def worded(rng: random.Random, one: Constraint, join: str) -> Drawn:
    kwargs = {name: rng.choice(values) for name, values in one.kwargs.items()}
    shown = {name: join.join(value) if isinstance(value, list) else value for name, value in kwargs.items()}
    return Drawn(one.id, kwargs, rng.choice(one.say).format(**shown))


def file_of(lang: str) -> str:
    return f"constraints.{lang}.jsonl"


@cache
def constraints(lang: str) -> tuple[Constraint, ...]:
    """The list of a language, in its order."""
    return tuple(msgspec.convert(row, Constraint) for _, row in read_objects(ROOT / file_of(lang)))
