"""The source texts of tl-bench, as prompts that ask for the translation between tags."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Literal

import msgspec

from komainu.errors import UsageError
from komainu.eval.items import Items
from komainu.eval.judge.template import fingerprint, render
from komainu.files import read_objects
from komainu.rows import Chat, Message

NAME = "tl_bench"
TEXTS = files("komainu.eval.bench.tl_bench").joinpath("texts.jsonl")
Direction = Literal["ja-en", "en-ja"]
ASK: dict[Direction, str] = {
    "ja-en": "bench/tl_bench/ask.ja-en.jinja",
    "en-ja": "bench/tl_bench/ask.en-ja.jinja",
}


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One source text."""

    id: str
    direction: Direction
    difficulty: Literal["easy", "hard"]
    genre: str
    text: str


@cache
def contents() -> str:
    """The hash of the texts and of the prompts they are asked with."""
    prompts = "".join(map(fingerprint, ASK.values()))
    return hashlib.sha256(TEXTS.read_bytes() + prompts.encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class TlBenchItems(Items):
    """The source texts of the package (Apache-2.0), written for it; row ids `tl-bench-<direction>-<n>`.

    `sha256` is that of the texts and prompts, taken from them unless given: other texts are other items. `limit` takes
    that many of each direction and difficulty. The texts of the published JP-TL-Bench are others, and numbers are not
    comparable with it.
    """

    sha256: str = ""

    def __post_init__(self) -> None:
        if not self.sha256:
            object.__setattr__(self, "sha256", contents())

    def check(self) -> Iterator[str]:
        yield from super().check()
        if self.sha256 != contents():
            yield f"TlBenchItems.sha256 is {self.sha256}; the texts of this version have {contents()}"

    def read(self) -> Iterator[Chat]:
        with as_file(TEXTS) as path:
            yield from map(prompt, texts(path))


def texts(path: Path) -> Iterator[Text]:
    """The texts of a file, each id once; raises UsageError with file:line."""
    seen: set[str] = set()
    for line, row in read_objects(path):
        try:
            found = msgspec.convert(row, Text)
        except msgspec.ValidationError as error:
            raise UsageError(f"{path}:{line}: {error}") from None
        if found.id in seen or not found.text.strip():
            raise UsageError(
                f"{path}:{line}: {found.id!r} {'is there twice' if found.id in seen else 'has no text'}"
                "; mend or remove this line"
            )
        seen.add(found.id)
        yield found


def prompt(found: Text) -> Chat:
    meta: dict[str, Any] = {
        "bench": NAME,
        "lang": found.direction[-2:],
        "task": f"{found.direction} {found.difficulty}",
        "set": f"{found.direction} {found.difficulty}",
        "direction": found.direction,
        "difficulty": found.difficulty,
        "genre": found.genre,
        "text": found.text,
        "source": "komainu tl-bench",
        "licence": "apache-2.0",
    }
    return Chat(f"tl-bench-{found.id}", (Message("user", render(ASK[found.direction], text=found.text)),), meta)
