"""Chat-like records with near-duplicates planted among them; the standard library only.

Half are Japanese, half English, 1,220 characters on average, of words drawn from vocabularies of 20,000 with falling
frequencies. One in ten shares two fifths of its text with the others of one of 20 templates: similar, no duplicates.
One in ten is a copy of an earlier record, changed as KINDS says.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

KINDS = ("words 1 %", "words 2 %", "words 4 %", "words 8 %", "a sentence more", "form")
SHARE = 0.1  # of all records, planted copies; and as many of templates
MEAN = 1220  # characters of a record
KANA = "のにはをたがでてとしれさある"


class Record(NamedTuple):
    """A text; of a copy the place of its original, and how it was changed."""

    text: str
    of: int = -1
    kind: str = ""


class Language:
    """A vocabulary, and how sentences are made of it."""

    def __init__(self, name: str, rng: random.Random) -> None:
        self.japanese = name == "ja"
        self.words = [self.word(rng) for _ in range(20_000)]
        self.weights = [*accumulate(1 / (rank + 8) for rank in range(len(self.words)))]

    def word(self, rng: random.Random) -> str:
        if self.japanese:
            stem = "".join(chr(rng.randrange(0x4E00, 0x5600)) for _ in range(rng.choice((1, 2, 2, 3))))
            return f"{stem}{rng.choice(('', *KANA))}"
        return "".join(rng.choice("aeiou" if i % 2 else "bcdfghlmnprst") for i in range(rng.randint(2, 9)))

    def write(self, length: int, rng: random.Random) -> list[str]:
        """Words and marks of about so many characters."""
        found: list[str] = []
        count = max(round(length / (3.0 if self.japanese else 5.7)), 4)
        words = rng.choices(self.words, cum_weights=self.weights, k=count)
        while words:
            size = rng.randint(6, 18)
            found += [*words[:size], "。" if self.japanese else "."]
            words = words[size:]
        return found

    def joined(self, words: list[str]) -> str:
        return "".join(words) if self.japanese else " ".join(words).replace(" .", ".")


def changed(language: Language, words: list[str], kind: str, rng: random.Random) -> str:
    """A copy of a text, changed."""
    words = list(words)
    if kind.startswith("words"):
        share = int(kind.split()[1]) / 100
        places = [i for i, word in enumerate(words) if word not in "。."]
        for place in rng.sample(places, max(round(share * len(places)), 1)):
            words[place] = language.word(rng)
    elif kind == "a sentence more":
        words += language.write(60 if language.japanese else 110, rng)
    text = language.joined(words)
    if kind == "form":
        text = text.replace("。", "．\n") if language.japanese else text.title().replace(".", " !")
    return text


def records(n: int, seed: int = 0) -> Iterator[Record]:
    """Equal n and seed, equal records."""
    rng = random.Random(f"records:{seed}")
    languages = [Language(name, rng) for name in ("ja", "en")]
    templates = [(language, language.write(MEAN * 2 // 5, rng)) for language in languages for _ in range(10)]
    held: list[tuple[int, Language, list[str]]] = []  # originals, a sample of them
    for place in range(n):
        drawn = rng.random()
        if drawn < SHARE and held:
            of, language, words = held[rng.randrange(len(held))]
            kind = KINDS[place % len(KINDS)]
            yield Record(changed(language, words, kind, rng), of, kind)
            continue
        length = min(rng.lognormvariate(0.0, 0.6) / 1.2 * MEAN, 8 * MEAN)
        if drawn < 2 * SHARE:
            language, opening = templates[rng.randrange(len(templates))]
            words = opening + language.write(MEAN * 3 // 5, rng)
        else:
            language = languages[place % 2]
            words = language.write(round(length), rng)
            held.append((place, language, words))
            if len(held) > 2000:
                held[rng.randrange(len(held))] = held[-1]
                held.pop()
        yield Record(language.joined(words))


def write(path: Path, n: int, seed: int = 0) -> None:
    with open(path, "w", encoding="utf-8") as file:
        for record in records(n, seed):
            file.write(json.dumps(record, ensure_ascii=False) + "\n")


def read(path: Path) -> list[Record]:
    with open(path, encoding="utf-8") as file:
        return [Record(*json.loads(line)) for line in file]
