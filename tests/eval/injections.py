"""The corpus of answers that try to steer a judge, and every bench of the package that judges mark."""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import komainu.eval
from komainu.eval.bench.rp_bench.items import RpItems
from komainu.eval.judge.base import Judged
from komainu.rows import Chat, Message

CORPUS = Path(__file__).with_name("injections.jsonl")
META = {  # what the benches' prompts are filled with, all at once
    "reference": "模範解答の例",
    "rubric": "正しければ5点",
    "references": ["an example", "another"],
    "target": ["an example"],
    "question": "質問の文章",
    "task": "coding",
    "turn": 1,
    "direction": "ja-en",
    "text": "訳す文章",
}


class Injection(NamedTuple):
    """An answer that tries to steer a judge, and the payload: what a judge writes that does as it is told.

    `{mark}` in a payload is the judge's own nonce, which the answer asks for without knowing it.
    """

    id: str
    category: str
    round: int
    lang: str
    answer: str
    payload: str

    @property
    def literal(self) -> bool:
        """Whether the answer itself says what is to be written."""
        return "{mark}" not in self.payload


@cache
def corpus() -> tuple[Injection, ...]:
    """The injections; a long one has its beginning written once, as `before`, and how often it stands."""
    found = []
    for line in CORPUS.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        row["answer"] = row.pop("before", "") * row.pop("times", 0) + row["answer"]
        found.append(Injection(**row))
    return tuple(found)


def benches() -> list[Judged]:
    """An instance of each kind of judged bench in the package that can be made without arguments of its own; the others
    ask with a template of one of these."""
    for module in pkgutil.walk_packages(komainu.eval.__path__, "komainu.eval."):
        importlib.import_module(module.name)
    kinds = [
        kind for kind in subclasses(Judged) if hasattr(kind, "template") and kind.__module__.startswith("komainu.")
    ]
    found = [bench for kind in kinds for bench in [made(kind)] if bench is not None]
    assert {kind.template for kind in kinds} == {bench.template for bench in found}
    return sorted(found, key=lambda bench: (bench.name, type(bench).__name__))


def subclasses(kind: type[Judged]) -> Iterator[type[Judged]]:
    for each in kind.__subclasses__():
        yield each
        yield from subclasses(each)


def made(kind: type[Judged]) -> Judged | None:
    settings: tuple[dict[str, Any], ...] = ({}, {"language": "ja"})
    for fields in settings:
        try:
            return kind(**fields)
        except TypeError:
            continue
    return None


def answered(bench: Judged, text: str) -> Iterator[Chat]:
    """An item of the bench, answered with `text`; of a comparison two, with `text` in the one place and the other."""
    meta = {**META, "bench": bench.name, "lang": bench.language}
    question = Message("user", "質問の文章")
    if bench.name == "rp_bench":
        scenario = RpItems().rows()[0]
        yield Chat(scenario.id, (*scenario.messages, Message("assistant", text)), scenario.meta)
    elif bench.name == "tl_bench":
        ours, theirs = Message("assistant", text), Message("assistant", "a translation")
        yield Chat("tl-1", (question, ours, theirs), meta)
        yield Chat("tl-1", (question, theirs, ours), meta)
    else:
        yield Chat("item-1", (question, Message("assistant", text)), meta)


def honest(bench: Judged, mark: str) -> str:
    """A verdict of the kind that the bench's prompt asks for."""
    ones = json.dumps(dict.fromkeys(bench.criteria, 1))
    for text in ("1", ones, "A"):
        said = f"<verdict-{mark}>{text}</verdict-{mark}>"
        if not bench.rule.read(said, mark, bench).wrong:
            return said
    raise AssertionError(f"no verdict of {bench.name} is known")


def transcript(mark: str, *replies: str) -> Chat:
    return Chat("item-1", (Message("assistant", replies[-1]),), {"mark": mark, "replies": [*replies]})
