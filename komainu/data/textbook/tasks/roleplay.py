"""Role play: a sentence as a character says it, with the character's ending."""

from __future__ import annotations

import random
from typing import ClassVar

from komainu.data.textbook.sentence import english, japanese
from komainu.data.textbook.tasks.base import Fields, Lang, Phrasings, Solution, Task, one_of
from komainu.data.textbook.tasks.sentences import altered, some, understand_in

ENDINGS: dict[Lang, dict[str, str]] = {
    "ja": {"猫": "にゃ", "犬": "わん", "侍": "でござる", "羊": "めえ", "博士": "のじゃ", "お嬢様": "ですわ"},
    "en": {
        "a cat": "meow",
        "a dog": "woof",
        "a pirate": "arr",
        "a robot": "beep",
        "a sheep": "baa",
        "a knight": "my lord",
    },
}


class Roleplay(Task):
    """読む。 to 読むにゃ。; "He runs." to "He runs, arr!". Plain statements only in Japanese."""

    name = "roleplay"
    holes: ClassVar[dict[str, str]] = {"who": one_of(who for endings in ENDINGS.values() for who in endings)}
    phrasings: ClassVar[Phrasings] = {
        "ja": (
            "{who}になって言ってください。\n{text}",
            "{who}の話し方にしてください。\n{text}",
            "あなたは{who}です。次の文を言ってください。\n{text}",
            "{text}\nこれを{who}のように言ってください。",
        ),
        "en": (
            "Say this like {who}.\n{text}",
            "You are {who}. Say this: {text}",
            "Speak as {who}.\n{text}",
            "{text}\nHow does {who} say this?",
        ),
    }

    def fields(self, rng: random.Random, side: str, lang: Lang) -> Fields:
        s = some(rng, side, question=False)
        return {"who": rng.choice(list(ENDINGS[lang])), "text": english(s) if lang == "en" else japanese(s)}

    def solve(self, fields: Fields, lang: Lang) -> Solution | None:
        read, ending = understand_in(fields["text"], lang), ENDINGS[lang].get(fields["who"])
        if read is None or ending is None or read[0].question or read[1] == "polite":
            return None
        text = fields["text"][:-1]
        return Solution((f"{text}{ending}。" if lang == "ja" else f"{text}, {ending}!",), read[0].key)

    def altered(self, rng: random.Random, fields: Fields, lang: Lang) -> Fields:
        if rng.random() < 0.5:
            return {**fields, "who": rng.choice(list(ENDINGS[lang]))}
        read = understand_in(fields["text"], lang)
        if read is None:
            return fields
        s = altered(rng, read[0])
        return {**fields, "text": english(s) if lang == "en" else japanese(s)}
