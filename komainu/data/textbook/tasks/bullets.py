"""Bullet lists: a line of words as one bullet a word."""

from __future__ import annotations

import random
from typing import ClassVar

from komainu.data.textbook.sentence import everyday
from komainu.data.textbook.tasks.base import Fields, Lang, Phrasings, Solution, Task
from komainu.data.textbook.tasks.nouns import PART, Content, content, key_of, known, written
from komainu.data.textbook.words import Word, different, of


class Bullets(Task):
    """Two to four nouns, in the order given."""

    name = "bullets"
    phrasings: ClassVar[Phrasings] = {
        "ja": (
            "箇条書きにしてください。\n{words}",
            "次の言葉をリストにしてください。\n{words}",
            "{words}\nこれを箇条書きで書いてください。",
            "一行に一つずつ書いてください: {words}",
        ),
        "en": (
            "Make a bullet list.\n{words}",
            "Write these words as a list.\n{words}",
            "{words}\nPut each on its own line.",
            "List these with bullets: {words}",
        ),
    }

    def fields(self, rng: random.Random, side: str, lang: Lang) -> Fields:
        def make(r: random.Random) -> Content:
            words = different(r, of("noun"), everyday("noun"), r.randint(2, 3))
            text = PART[lang].join(written(word, lang) for word in words)
            return Content(list_key(words), {"words": text})

        return content(rng, side, make)

    def solve(self, fields: Fields, lang: Lang) -> Solution | None:
        texts = fields["words"].split(PART[lang])
        words = [word for text in texts if (word := known(text, lang)) and word.cls == "noun"]
        if len(words) < 2 or len(words) < len(texts):
            return None
        answer = "\n".join(f"- {text}" for text in texts)
        return Solution((answer,), list_key(words), format={"kind": "bullets", "n": len(words)})

    def altered(self, rng: random.Random, fields: Fields, lang: Lang) -> Fields:
        texts = fields["words"].split(PART[lang])
        texts[rng.randrange(len(texts))] = written(rng.choice(of("noun")), lang)
        return {"words": PART[lang].join(texts)}


def list_key(words: list[Word]) -> str:
    return key_of("bullets", *(word.ja for word in words))
