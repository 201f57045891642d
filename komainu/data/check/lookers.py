"""What is looked for in rows: each looker takes a window of lines and tells problems by name."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from komainu.checks.base import Check
from komainu.checks.boilerplate import Boilerplate
from komainu.checks.compose import run
from komainu.checks.empty import Empty
from komainu.checks.encoding import Encoding
from komainu.checks.error_text import ErrorText
from komainu.checks.language import Language, language_of
from komainu.checks.leakage import Leakage
from komainu.checks.markup import Markup
from komainu.checks.passage import Passage
from komainu.checks.private import Private
from komainu.checks.refusal import Refusal
from komainu.checks.register import Register, register_of
from komainu.checks.repetition import Repetition
from komainu.checks.shape import Shape
from komainu.checks.text import visible
from komainu.checks.truncation import Truncation
from komainu.data.check.reading import Line, answers
from komainu.data.check.tongue import tongue
from komainu.data.decontaminate import Decontaminate, Item, item, unique
from komainu.data.keys import key_of, messages_of
from komainu.data.near_dup import Near
from komainu.errors import UsageError
from komainu.files import read_objects
from komainu.layouts import detect, to_row
from komainu.rows import Chat

CHECKS: tuple[Check, ...] = (
    *(Empty(), ErrorText(), Truncation(), Refusal(), Repetition(), Passage()),
    *(Language(), Leakage(), Register(preferred=True)),
    *(Boilerplate(), Markup(), Encoding(), Shape(), Private()),
)
ASKED = (
    "prompt",
    "question",
    "instruction",
    "problem",
    "text",
    "turns",
)  # keys of an item in no layout of rows


class Problem(NamedTuple):
    """A problem of one row: the name it is counted by, what was seen; of a repeated item its text, and the row's."""

    line: Line
    name: str
    what: str
    item: str = ""
    passage: str = ""


Looker = Callable[[Sequence[Line]], Iterable[Problem]]


class Answers:
    """Looks at every answer that would be trained, by the checks of filters and scores.

    The language is the row's `meta.lang`, else `lang`, else what the request tells, see `tongue`. A problem counts once
    a row. `languages` and `registers` count rows by their last answer.
    """

    def __init__(self, lang: str = "") -> None:
        self.lang = lang
        self.languages: Counter[str] = Counter()
        self.registers: Counter[str] = Counter()

    names = ("unanswered", *(check.name for check in CHECKS), "mixed_register")

    def __call__(self, lines: Sequence[Line]) -> Iterator[Problem]:
        for line in lines:
            assert line.row is not None, "only rows are looked at"
            found = answers(line.row)
            seen: dict[str, str] = {} if found else {"unanswered": "no answer in it"}
            for turn in found:
                for name, what in self.faults(turn):
                    seen.setdefault(name, what)
            if found:
                text = visible(found[-1].reply)
                self.languages[language_of(text) or "undecided"] += 1
                self.registers[register_of(text)] += 1
            yield from (Problem(line, name, what) for name, what in seen.items())

    def faults(self, turn: Chat) -> Iterator[tuple[str, str]]:
        text = visible(turn.reply)
        lang = turn.meta.get("lang") or self.lang or tongue(turn, language_of(text))
        for name, reason in run(CHECKS, turn.with_meta(lang=lang) if lang else turn):
            yield name, reason.removeprefix(f"{name}: ")
        if lang == "ja" and register_of(text) == "mixed":
            yield "mixed_register", "polite and plain sentences in one answer"


class Repeats:
    """Looks for rows that say the same as an earlier one, exactly (folded text) or nearly (as `Near` does)."""

    names = ("duplicate", "near_duplicate")

    def __init__(self, threshold: float = 0.85) -> None:
        from komainu.data.minhash import Index

        near = Near(threshold=threshold)
        self.sketcher = near.sketcher
        self.index = Index(self.sketcher, numbers=near.numbers)
        self.exact: dict[bytes, str] = {}
        self.kept: list[str] = []

    def __call__(self, lines: Sequence[Line]) -> Iterator[Problem]:
        fresh: list[Line] = []
        for line in lines:
            assert line.row is not None, "only rows are looked at"
            text = key_of(line.row, "both")
            key = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]
            if key in self.exact:
                yield Problem(line, "duplicate", f"of {self.exact[key]}")
            else:
                self.exact[key] = f"{line.at}, row {line.id}"
                fresh.append(line)
        turns = [[message.content for message in messages_of(line.row)] for line in fresh if line.row is not None]
        for line, (place, similarity) in zip(fresh, self.index.place(self.sketcher(turns)), strict=True):
            if place is None:
                self.kept.append(f"{line.at}, row {line.id}")
            else:
                yield Problem(line, "near_duplicate", f"of {self.kept[place]}, Jaccard {similarity:.2f}")


class Contamination:
    """Looks for the prompts of benchmark items, as `Decontaminate` does with its defaults."""

    names = ("contamination",)

    def __init__(self, items: Iterable[Item]) -> None:
        from komainu.data.repeated import Judge

        self.judge = Judge(Decontaminate(against=()), unique([*items]))

    def __call__(self, lines: Sequence[Line]) -> Iterator[Problem]:
        rows = [line.row for line in lines if line.row is not None]
        assert len(rows) == len(lines), "only rows are looked at"
        for place, found in self.judge.look(rows).found.items():
            item, overlap = self.judge.items[found.overlap.place], found.overlap
            span = overlap.span.strip("\n")[:200]
            what = f"{found.kind}: item {item.id} of {item.stage}, {overlap.coverage:.2f} of it: {span}"
            yield Problem(lines[place], "contamination", what, item.prompt, found.passage)


def items(path: Path) -> Iterator[Item]:
    """The prompts of a file of benchmark items: chats or pairs in any layout, or objects with a text under ASKED, or
    several.

    Raises UsageError with file and line for an object without either.
    """
    for number, value in read_objects(path):
        id = str(value.get("id", f"line {number}"))
        try:
            texts = [m.content for m in to_row(value, id, detect(value)).prompt]
        except UsageError:
            texts = asked(value)
        if not any(text.strip() for text in texts):
            raise UsageError(
                f"{path}:{number}: no prompt to compare with; expected a chat, or one of {', '.join(ASKED)}"
            )
        yield item(id, path.name, texts)


def asked(value: Mapping[str, Any]) -> list[str]:
    """What an item asks, be it in several turns; [] for none. Capital letters in a key make no difference."""
    found = {key.lower(): what for key, what in value.items()}
    for what in map(found.get, ASKED):
        some = what if isinstance(what, list) else [what]
        if texts := [text for text in some if isinstance(text, str)]:
            return texts
    return []
