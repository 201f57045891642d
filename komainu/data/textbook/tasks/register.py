"""Politeness up and down: the same sentence in the other register."""

from __future__ import annotations

import random
from typing import ClassVar

from komainu.data.textbook.sentence import Register, japanese
from komainu.data.textbook.tasks.base import Fields, Lang, Phrasings, Solution, Task
from komainu.data.textbook.tasks.sentences import altered, in_register, some, understand


class _Register(Task):
    languages = ("ja",)
    given: ClassVar[Register]
    wanted: ClassVar[Register]

    def fields(self, rng: random.Random, side: str, lang: Lang) -> Fields:
        return {"text": japanese(some(rng, side), self.given)}

    def solve(self, fields: Fields, lang: Lang) -> Solution | None:
        read = understand(fields["text"])
        return in_register(read[0], self.wanted) if read and read[1] == self.given else None

    def altered(self, rng: random.Random, fields: Fields, lang: Lang) -> Fields:
        read = understand(fields["text"])
        return {"text": japanese(altered(rng, read[0]), self.given)} if read else fields


class Polite(_Register):
    """Plain to polite Japanese: 読む。 to 読みます。"""

    name = "polite"
    given = "plain"
    wanted = "polite"
    phrasings: ClassVar[Phrasings] = {
        "ja": (
            "丁寧な言い方にしてください。\n{text}",
            "次の文を丁寧語に直してください。\n{text}",
            "{text}\nこれを丁寧に言ってください。",
            "です・ます体にしてください: {text}",
        ),
        "en": (
            "Make this polite.\n{text}",
            "Rewrite in polite Japanese: {text}",
            "{text}\nSay this politely.",
            "Use the polite form.\n{text}",
        ),
    }


class Plain(_Register):
    """Polite to plain Japanese: 読みます。 to 読む。"""

    name = "plain"
    given = "polite"
    wanted = "plain"
    phrasings: ClassVar[Phrasings] = {
        "ja": (
            "普通の言い方にしてください。\n{text}",
            "次の文を普通体に直してください。\n{text}",
            "{text}\nこれを友達に言うように言ってください。",
            "だ・である体にしてください: {text}",
        ),
        "en": (
            "Make this plain.\n{text}",
            "Rewrite in plain Japanese: {text}",
            "{text}\nSay this to a friend.",
            "Use the plain form.\n{text}",
        ),
    }
