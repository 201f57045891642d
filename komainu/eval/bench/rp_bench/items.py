"""The scenarios of rp-bench, as prompts: the character's persona is the system turn, the user's opening the first."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import msgspec

from komainu.errors import UsageError
from komainu.eval.items import Items
from komainu.eval.judge.template import fingerprint, render
from komainu.files import read_objects
from komainu.rows import Chat, Message

NAME = "rp_bench"
SCENARIOS = files("komainu.eval.bench.rp_bench").joinpath("scenarios.jsonl")
CHARACTER = "bench/rp_bench/character.jinja"


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is played: a name, and what there is to know."""

    name: str
    about: str


class Character(Person, frozen=True):
    """The candidate's part, with a way of speaking: first person, endings, how others are called."""

    voice: str


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One scenario. `form` says how a turn is written, `aim` (for the simulated user alone) where to lead the talk."""

    id: str
    genre: str
    world: str
    scene: str
    character: Character
    user: Person
    tone: str
    form: str
    aim: str
    opening: str

    @property
    def values(self) -> dict[str, Any]:
        """What the prompts are filled with."""
        return {name: getattr(self, name) for name in self.__struct_fields__}


@dataclass(frozen=True, kw_only=True)
class RpItems(Items):
    """The scenarios of the package (Apache-2.0), written for it; row ids `rp-<number>`, meta.task the genre.

    `sha256` is that of the scenarios, taken from them unless given; the persona's prompt is part of the identity, too.
    The scenarios of Japanese-RP-Bench are others, and numbers are not comparable with its own.
    """

    sha256: str = ""

    def __post_init__(self) -> None:
        if not self.sha256:
            object.__setattr__(self, "sha256", scenarios_hash())

    def config(self, *, full: bool = True) -> dict[str, Any]:
        return super().config(full=full) | {"prompt": fingerprint(CHARACTER)}

    def check(self) -> Iterator[str]:
        yield from super().check()
        if self.sha256 != scenarios_hash():
            yield f"RpItems.sha256 is {self.sha256}; the scenarios of this version have {scenarios_hash()}"

    def read(self) -> Iterator[Chat]:
        with as_file(SCENARIOS) as path:
            yield from map(item, scenarios(path))


def item(scenario: Scenario) -> Chat:
    """The prompt of a scenario's first turn."""
    meta = {
        "bench": NAME,
        "lang": "ja",
        "task": scenario.genre,
        "source": "komainu rp-bench",
        "licence": "Apache-2.0",
        "scenario": msgspec.to_builtins(scenario),
    }
    messages = (Message("system", render(CHARACTER, **scenario.values)), Message("user", scenario.opening))
    return Chat(scenario.id, messages, meta)


def scenario_of(chat: Chat) -> Scenario:
    """The scenario of an item; UsageError with the row's id when it has none."""
    try:
        return msgspec.convert(chat.meta.get("scenario"), Scenario)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"row {chat.id!r}: meta.scenario is not a scenario: {error}; give the row a scenario as rp-bench has it"
        ) from None


def scenarios(path: Path) -> Iterator[Scenario]:
    """The scenarios of a file; UsageError with file:line for one that is not as the schema says."""
    for line, row in read_objects(path):
        try:
            yield msgspec.convert(row, Scenario)
        except msgspec.ValidationError as error:
            raise UsageError(f"{path}:{line}: not a scenario: {error}; mend or remove this line") from None


@cache
def scenarios_hash() -> str:
    return hashlib.sha256(SCENARIOS.read_bytes()).hexdigest()
