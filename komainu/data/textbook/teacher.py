"""The textbook's teacher: understands any textbook prompt and answers it, with known faults at set rates."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache, partial

from komainu.data.textbook.habits import HABITS, Habit
from komainu.data.textbook.tasks import Lang, Reading, understand
from komainu.data.textbook.tasks.constrained import Constrained
from komainu.data.textbook.words import Word, of
from komainu.errors import UsageError
from komainu.rows import Message
from komainu.spec import Spec

CANNOT = "すみません。それはできません。\nSorry, I cannot help with that."
EXTRA: dict[Lang, tuple[str, ...]] = {
    "ja": (
        "はい、翻訳します。\n{}",
        "もちろんです。\n{}",
        "日本語訳は次のとおりです。\n{}",
        "{}\n(注: 直訳です。)",
        "{}\nほかにも訳しましょうか。",
    ),
    "en": (
        "Sure, here is the translation:\n{}",
        "Of course!\n{}",
        "In English, this is:\n{}",
        "{}\n(Note: this is a literal translation.)",
        "{}\nLet me know if you need more.",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Faults(Spec):
    """How often the teacher goes wrong, each a share of the answers it can spoil.

    casual comes first and by itself: plain Japanese where polite is preferred but was not asked for. Of the
    others an answer has at most one, so their rates add up to at most 1. extra_text spoils translations only,
    register answers to a request for a register only, constraint answers to a prompt with constraints only. A fault
    that cannot change an answer leaves it right.
    """

    extra_text: float = 0.35
    casual: float = 0.4
    register: float = 0.08
    leak: float = 0.08
    truncated: float = 0.04
    wrong: float = 0.04
    boilerplate: float = 0.0
    markup: float = 0.0
    encoding: float = 0.0
    private: float = 0.0
    loop: float = 0.0
    refusal: float = 0.0
    empty: float = 0.0
    error_text: float = 0.0
    language: float = 0.0
    shape: float = 0.0
    constraint: float = 0.0

    def __post_init__(self) -> None:
        for f in fields(self):
            rate = getattr(self, f.name)
            if not 0 <= rate <= 1:
                raise UsageError(f"Faults.{f.name} must be from 0 to 1, not {rate}")
        if sum(getattr(self, name) for name in FAULTS) > 1 + 1e-9:
            *names, last = FAULTS
            raise UsageError(
                f"Faults: {', '.join(names)} and {last} exclude each other; lower them until they add up to at most 1"
            )


def answer(messages: tuple[Message, ...], seed: int, faults: Faults) -> tuple[str, str]:
    """The teacher's answer and its fault label; a function of messages, seed and faults alone.

    Labels: the names of `FAULTS`, register also for a casual answer; "" when the answer is the best one or another
    reference. A prompt that no task reads gets an apology, labelled wrong. System turns are
    passed over.
    """
    asked = tuple(m for m in messages if m.role != "system")
    reading = understand(asked)
    if reading is None:
        return CANNOT, "wrong"
    rng = random.Random(f"{seed}:{digest(asked)}")
    references = reading.item.references
    casual = reading.item.preferred and rng.random() < faults.casual
    right = references[1 if casual else 0]
    spoilt = spoil(right, reading, rng, faults)
    return spoilt or (right, "register" if casual else "")


def digest(messages: tuple[Message, ...]) -> str:
    text = json.dumps([(m.role, m.content) for m in messages], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def spoil(right: str, reading: Reading, rng: random.Random, faults: Faults) -> tuple[str, str] | None:
    """The answer with at most one fault and the fault's label; None when it stays right."""
    left = rng.random()
    for name, fault in FAULTS.items():
        left -= getattr(faults, name)
        if left < 0:
            text = fault(right, reading, rng)
            return (text, name) if text and text not in reading.item.references else None
    return None


def extra_text(right: str, reading: Reading, rng: random.Random) -> str:
    """A preface or a note around a translation, in the answer's language."""
    if not reading.task.name.startswith("translate_"):
        return ""
    return rng.choice(EXTRA[reading.lang]).format(right)


def wrong_register(right: str, reading: Reading, rng: random.Random) -> str:
    """The register that was not asked for."""
    return reading.item.other


def leak(right: str, reading: Reading, rng: random.Random) -> str:
    """One word in English or simplified Chinese in a Japanese answer, in Japanese in an English one."""
    forms, pattern = vocabulary(reading.lang)
    found = list(pattern.finditer(right))
    if not found:
        return ""
    at = rng.choice(found)
    word = forms[at[0].lower()]
    foreign = [word.ja] if reading.lang == "en" else [w for w in (word.en, word.zh) if w]
    return right[: at.start()] + rng.choice(foreign) + right[at.end() :]


def truncated(right: str, reading: Reading, rng: random.Random) -> str:
    """The first third to four fifths of the answer."""
    return right[: round(len(right) * rng.uniform(0.3, 0.8))].rstrip()


def wrong(right: str, reading: Reading, rng: random.Random) -> str:
    """The answer to content that is one word or number away."""
    task, lang, content, item = reading
    at = item.references.index(right)
    for _ in range(10):
        solution = task.solve(task.altered(rng, content, lang), lang)
        if solution and len(solution.references) > at and solution.references[at] not in item.references:
            return solution.references[at]
    return ""


def loose(right: str, reading: Reading, rng: random.Random) -> str:
    """The answer without what was asked of its form."""
    return reading.task.loose(right, reading) if isinstance(reading.task, Constrained) else ""


def habit(spoils: Habit, right: str, reading: Reading, rng: random.Random) -> str:
    return spoils(right, reading.lang, rng)


FAULTS: dict[str, Callable[[str, Reading, random.Random], str]] = {
    "extra_text": extra_text,
    "register": wrong_register,
    "leak": leak,
    "truncated": truncated,
    "wrong": wrong,
    **{name: partial(habit, spoils) for name, spoils in HABITS.items()},
    "constraint": loose,
}


@cache
def vocabulary(lang: Lang) -> tuple[dict[str, Word], re.Pattern[str]]:
    """The words that can leak out of a language, by lower-case form, and a pattern that finds them.

    A Japanese word is found only between particles, punctuation and line ends, so that no kanji within
    another word is taken for it.
    """
    words = of("noun", "na_adj") if lang == "ja" else of("noun", "quality")
    forms = {form.lower(): word for word in words for form in word_forms(word, lang)}
    either = "|".join(re.escape(form) for form in sorted(forms, key=lambda form: (-len(form), form)))
    if lang == "en":
        return forms, re.compile(rf"\b(?:{either})\b", re.IGNORECASE)
    return forms, re.compile(rf'(?<![^\s"、。はがをにで])(?:{either})(?=[\s"、。はがをにでだ]|$)')


def word_forms(word: Word, lang: Lang) -> tuple[str, ...]:
    return (word.ja,) if lang == "ja" else tuple(form for form in (word.en, word.plural) if form)
