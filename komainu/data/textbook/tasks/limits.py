"""Length limits: at most n characters or words, or only the first sentences."""

from __future__ import annotations

import random
import re
from typing import ClassVar

from komainu.data.textbook.sentence import Sentence, english, japanese
from komainu.data.textbook.tasks.base import NUMBER, Fields, Lang, Phrasings, Solution, Task
from komainu.data.textbook.tasks.sentences import altered, say, some, understand_in

SPACE: dict[Lang, str] = {"ja": "", "en": " "}  # stands between two sentences


class Limits(Task):
    """`{n}`: the sentence without its time, or without time and place: the longest of these that fits.

    Drawn limits always ask for the shortest. Characters in Japanese and words in English, the full stop
    counted as part of the text. `{k}`: the first one or two of three sentences. The register is the text's own.
    """

    name = "limits"
    holes: ClassVar[dict[str, str]] = {"n": NUMBER, "k": NUMBER}
    phrasings: ClassVar[Phrasings] = {
        "ja": (
            "{n}文字以内に短くしてください。\n{text}",
            "次の文を{n}文字以内で言ってください。\n{text}",
            "{text}\nこれを{n}文字以内にまとめてください。",
            "短くしてください。{n}文字までです。\n{text}",
            "最初の{k}文だけ書いてください。\n{text}",
            "次の文章の初めの{k}文を書いてください。\n{text}",
            "{text}\n初めから{k}文だけ残してください。",
            "{k}文だけにしてください。\n{text}",
        ),
        "en": (
            "Shorten this to {n} words or fewer.\n{text}",
            "Say this in at most {n} words.\n{text}",
            "{text}\nMake it no longer than {n} words.",
            "Use up to {n} words: {text}",
            "Give only the first {k} of these sentences.\n{text}",
            "Keep the first {k} and drop the other sentences.\n{text}",
            "{text}\nHow does this begin? Sentences: {k}",
            "Copy sentences from the start. Number: {k}\n{text}",
        ),
    }

    def fields(self, rng: random.Random, side: str, lang: Lang) -> Fields:
        if rng.random() < 0.5:
            return self.opening(rng, side, lang)
        s = some(rng, side, kinds=("do", "go"), question=False, needs=("time",))
        text = say(rng, s, lang)
        versions = shorter(text, lang)
        longest = min(length(versions[-2], lang) - 1, length(versions[-1], lang) + 2)
        return {"text": text, "n": str(rng.randint(length(versions[-1], lang), longest))}

    def opening(self, rng: random.Random, side: str, lang: Lang) -> Fields:
        wanted = {"kinds": ("be", "go"), "question": False}
        texts = [say(rng, some(rng, side, **wanted).without("time"), lang) for _ in range(3)]
        return {"text": SPACE[lang].join(texts), "k": str(rng.randint(1, 2))}

    def solve(self, fields: Fields, lang: Lang) -> Solution | None:
        first = sentences(fields["text"])[0]
        read = understand_in(first, lang)
        if read is None:
            return None
        key = read[0].key
        if "k" in fields:
            count, texts = int(fields["k"]), sentences(fields["text"])
            if not 0 < count < len(texts) or not all(understand_in(text, lang) for text in texts):
                return None
            return Solution((SPACE[lang].join(texts[:count]),), key, format={"kind": "sentences", "n": count})
        limit = int(fields["n"])
        fit = [text for text in shorter(fields["text"], lang) if length(text, lang) <= limit]
        kind = "max_chars" if lang == "ja" else "max_words"
        return Solution((fit[0],), key, format={"kind": kind, "n": limit}) if fit else None

    def altered(self, rng: random.Random, fields: Fields, lang: Lang) -> Fields:
        first, *rest = sentences(fields["text"])
        read = understand_in(first, lang)
        if read is None:
            return fields
        changed = altered(rng, read[0], ("subject", "object"))
        text = english(changed) if read[1] == "en" else japanese(changed, read[1])
        return {**fields, "text": SPACE[lang].join((text, *rest))}


def sentences(text: str) -> list[str]:
    """The sentences of a text, each with its closing mark."""
    return [part.strip() for part in re.findall(r"[^。？.?]+[。？.?]?", text)] or [text]


def length(text: str, lang: Lang) -> int:
    return len(text) if lang == "ja" else len(text.split())


def shorter(text: str, lang: Lang) -> list[str]:
    """The text, then without its time, then without its place too; nothing when it is no sentence."""
    read = understand_in(text, lang)
    if read is None:
        return []
    s, form = read
    versions: list[Sentence] = [s]
    for role in s.optional:
        versions.append(versions[-1].without(role))
    return [english(v) if form == "en" else japanese(v, form) for v in versions]
