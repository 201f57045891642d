"""Translation of one sentence, both ways."""

from __future__ import annotations

import random
from typing import ClassVar

from komainu.data.textbook.tasks.base import Fields, Lang, Phrasings, Solution, Task
from komainu.data.textbook.tasks.sentences import altered, into, say, some, understand_in


class _Translate(Task):
    source: Lang

    def fields(self, rng: random.Random, side: str, lang: Lang) -> Fields:
        return {"text": say(rng, some(rng, side), self.source)}

    def solve(self, fields: Fields, lang: Lang) -> Solution | None:
        read = understand_in(fields["text"], self.source)
        return into(read[0], lang) if read else None

    def altered(self, rng: random.Random, fields: Fields, lang: Lang) -> Fields:
        read = understand_in(fields["text"], self.source)
        return {"text": say(rng, altered(rng, read[0]), self.source)} if read else fields


class TranslateJa(_Translate):
    """English to Japanese. The register is not asked for: polite is preferred, plain is right too."""

    name = "translate_ja"
    languages = ("ja",)
    source = "en"
    phrasings: ClassVar[Phrasings] = {
        "ja": (
            "次の文を日本語に訳してください。\n{text}",
            "日本語にしてください。\n{text}",
            "{text}\nこれを日本語で言ってください。",
            "日本語訳をお願いします: {text}",
        ),
        "en": (
            "Translate into Japanese.\n{text}",
            "Say this in Japanese: {text}",
            "{text}\nHow do you say this in Japanese?",
            "Put this sentence into Japanese.\n{text}",
        ),
    }


class TranslateEn(_Translate):
    """Japanese, in either register, to English."""

    name = "translate_en"
    languages = ("en",)
    source = "ja"
    phrasings: ClassVar[Phrasings] = {
        "ja": (
            "次の文を英語に訳してください。\n{text}",
            "英語にしてください。\n{text}",
            "{text}\nこれを英語で言ってください。",
            "英訳をお願いします: {text}",
        ),
        "en": (
            "Translate into English.\n{text}",
            "Say this in English: {text}",
            "{text}\nHow do you say this in English?",
            "Put this sentence into English.\n{text}",
        ),
    }
