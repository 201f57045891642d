"""Raw text of the textbook: what a base model reads before it is taught any task."""

from __future__ import annotations

import random
from collections.abc import Callable

from komainu.data.textbook.sentence import count_en, count_ja, english, japanese, number_en, number_ja
from komainu.data.textbook.tasks import TASKS, Lang
from komainu.data.textbook.tasks.bullets import Bullets
from komainu.data.textbook.tasks.counting import Counting
from komainu.data.textbook.tasks.nouns import known
from komainu.data.textbook.tasks.sentences import REGISTERS, some
from komainu.data.textbook.words import WORDS

SIDE = "train"
LANGS: tuple[Lang, ...] = ("ja", "en")
ALIGNED = (
    ("plain", "polite", "en"),
    ("plain", "polite", "en"),
    ("en", "polite"),
    ("polite", "en"),
    ("plain", "en"),
    ("en", "plain"),
    ("plain", "polite"),
    ("polite", "plain"),
)
Text = tuple[str, str]  # language ("ja", "en", or "mul" for both), text


def aligned(rng: random.Random) -> Text:
    """One sentence said in two or three ways, a line each."""
    s, ways = some(rng, SIDE), rng.choice(ALIGNED)
    said = {"plain": japanese(s, "plain"), "polite": japanese(s, "polite"), "en": english(s)}
    return ("mul" if "en" in ways else "ja"), "\n".join(said[way] for way in ways)


def passage(rng: random.Random) -> Text:
    """Two sentences in one language and register."""
    lang, register = rng.choice(LANGS), rng.choice(REGISTERS)
    two = (some(rng, SIDE), some(rng, SIDE))
    if lang == "en":
        return lang, " ".join(english(s) for s in two)
    return lang, "".join(japanese(s, register) for s in two)


def gloss(rng: random.Random) -> Text:
    """A word and its translation, either first."""
    word = rng.choice(WORDS)
    pair = [word.ja, word.en]
    rng.shuffle(pair)
    return "mul", " = ".join(pair)


def counted(rng: random.Random) -> Text:
    """A counted noun in both languages."""
    fields = Counting().fields(rng, SIDE, "ja")
    word, n = known(fields["noun"], "ja"), int(fields["n"])
    assert word is not None
    pair = [f"{word.ja}を{count_ja(word, n)}", count_en(word, n)]
    rng.shuffle(pair)
    return "mul", " = ".join((f"{n}", *pair))


def number_fact(rng: random.Random) -> Text:
    """A sum, a difference, or a number in both languages; up to 20."""
    a, b = rng.randint(1, 10), rng.randint(1, 10)
    return rng.choice(
        (
            ("mul", f"{a} + {b} = {a + b}"),
            ("mul", f"{a + b} - {b} = {a}"),
            ("mul", f"{a + b} = {number_ja(a + b)} = {number_en(a + b)}"),
        )
    )


def word_list(rng: random.Random) -> Text:
    """A line of words, then the same as bullets."""
    lang = rng.choice(LANGS)
    task = Bullets()
    fields = task.fields(rng, SIDE, lang)
    solution = task.solve(fields, lang)
    assert solution is not None
    return lang, f"{fields['words']}\n{solution.references[0]}"


def exercise(rng: random.Random) -> Text:
    """The turns of a task's prompt, without its answer."""
    task = rng.choice(TASKS)
    item = task.pose(rng, SIDE, rng.choice(task.languages))
    return "mul", "\n".join(m.content for m in item.messages)


KINDS: dict[Callable[[random.Random], Text], int] = {
    aligned: 62,
    passage: 6,
    gloss: 4,
    counted: 5,
    number_fact: 3,
    word_list: 12,
    exercise: 8,
}


def raw_text(rng: random.Random) -> tuple[str, str, str]:
    """A text's kind (aligned, passage, gloss, ...), its language, and the text."""
    make = rng.choices(list(KINDS), list(KINDS.values()))[0]
    return make.__name__, *make(rng)
