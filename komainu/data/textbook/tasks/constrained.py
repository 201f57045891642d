"""Requests for a form after another task's prompt: those constraints of `Constrain` that a short answer can keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, ClassVar, NamedTuple

from komainu.data.constrain import JOIN, LANGUAGES, Constraint, constraints
from komainu.data.textbook.tasks.base import Lang, Reading, Solution
from komainu.data.textbook.tasks.limits import SPACE, sentences
from komainu.data.textbook.tasks.wrapped import Posed, Wrapped, shortened, wrapped
from komainu.rows import Message

Keep = Callable[[str, dict[str, str], Lang], str]
TITLE: dict[Lang, str] = {"ja": "『一つの答え』\n", "en": "<<One answer>>\n"}
CLOSING: dict[Lang, str] = {"ja": "これで終わりです。", "en": "This is all there is."}
QUOTED: dict[Lang, str] = {"ja": "「{}」", "en": '"{}"'}
SHORT = ("less than", "未満")
KEPT: dict[str, Keep] = {  # in the order in which they are done
    "detectable_format:title": lambda text, _, lang: f"{TITLE[lang]}{text}",
    "detectable_content:postscript": lambda text, how, lang: f"{text}\n{how['postscript_marker']} {CLOSING[lang]}",
    "startend:end_checker": lambda text, how, lang: f"{text}{SPACE[lang]}{how['end_phrase']}",
    "punctuation:no_comma": lambda text, _, lang: text.replace("、" if lang == "ja" else ",", ""),
    "punctuation:no_period": lambda text, _, lang: text.replace("。", ""),
    "change_case:english_capital": lambda text, _, lang: text.upper(),
    "change_case:english_lowercase": lambda text, _, lang: text.lower(),
    "startend:quotation": lambda text, _, lang: QUOTED[lang].format(text),
}
FIRST = {name: place for place, name in enumerate(KEPT)}


class Asked(NamedTuple):
    """A constraint as it stands in a prompt: its id, its arguments as they are written there, its language."""

    id: str
    how: dict[str, str]
    lang: str

    @property
    def easy(self) -> bool:
        """Whether any answer of one sentence keeps it."""
        return self.id.startswith("length_constraints:") and self.how.get("relation") in SHORT


class Constrained(Wrapped):
    """A task with constraints on the form of the answer."""

    name: ClassVar[str] = "constrained"

    def loose(self, right: str, reading: Reading) -> str:
        """The same answer with none of the constraints kept."""
        bare = self.inner.solve(reading.fields, reading.lang)
        assert bare is not None, "it was solved when it was read"
        return bare.references[reading.item.references.index(right)]


def constrained(messages: tuple[Message, ...], posed: Posed) -> Reading | None:
    """The reading of another task's prompt that ends with constraints, all of which the answer can keep."""
    text, found = messages[-1].content.rstrip(), list[Asked]()
    while taken := last_of(text):
        asked, text = taken
        found.append(asked)
    able = all(asked.id in KEPT or asked.easy for asked in found)
    reading = posed(shortened(messages, text)) if found and able else None
    if reading is None or any(asked.lang != reading.lang for asked in found):
        return None
    return wrapped(reading, messages, partial(keeping, found), Constrained)


def keeping(found: list[Asked], solution: Solution, lang: Lang) -> Solution | None:
    """The solution with the constraints kept; None where it is more than one sentence."""
    if any("\n" in text or len(sentences(text)) > 1 for text in solution.references):
        return None

    def kept(text: str) -> str:
        for asked in sorted((each for each in found if not each.easy), key=lambda each: FIRST[each.id]):
            text = KEPT[asked.id](text, asked.how, lang)
        return text

    references = tuple(map(kept, solution.references))
    return solution._replace(references=references, other=kept(solution.other) if solution.other else "")


def last_of(text: str) -> tuple[Asked, str] | None:
    """The constraint that a prompt ends with, and what stands before it."""
    for each, lang, pattern in patterns():
        if match := pattern.search(text):
            return Asked(each.id, match.groupdict(), lang), text[: match.start()].rstrip()
    return None


@cache
def patterns() -> tuple[tuple[Constraint, str, re.Pattern[str]], ...]:
    """Every wording of every constraint as a pattern of a prompt's end, with its language."""
    return tuple(
        (each, lang, re.compile("".join(pieces(said, each.kwargs, JOIN[lang]))))
        for lang in LANGUAGES
        for each in constraints(lang)
        for said in each.say
    )


def pieces(said: str, kwargs: dict[str, list[Any]], join: str) -> Iterator[str]:
    """A wording as a pattern: its texts, and each hole as one of its values."""
    yield "\n"
    seen: set[str] = set()
    for i, part in enumerate(re.split(r"\{(\w+)\}", said)):
        if i % 2 == 0:
            yield re.escape(part)
        elif part in seen:
            yield f"(?P={part})"
        else:
            seen.add(part)
            values = (join.join(value) if isinstance(value, list) else str(value) for value in kwargs[part])
            yield f"(?P<{part}>{'|'.join(map(re.escape, values))})"
    yield r"\Z"
