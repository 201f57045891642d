"""JSON extraction: who, when, where and what of a sentence, under the keys that are asked for."""

from __future__ import annotations

import json
import random
from typing import ClassVar

from komainu.data.textbook.sentence import Role
from komainu.data.textbook.tasks.base import Fields, Lang, Phrasings, Solution, Task, one_of
from komainu.data.textbook.tasks.nouns import PART
from komainu.data.textbook.tasks.sentences import altered, asked_roles, say, some, understand_in

KEYS: dict[Lang, dict[str, Role]] = {
    "ja": {"誰": "subject", "時": "time", "場所": "place", "物": "object"},
    "en": {"who": "subject", "when": "time", "where": "place", "what": "object"},
}


class Extract(Task):
    """A JSON object with two or three keys, in the order asked; values are words in dictionary form."""

    name = "json"
    holes: ClassVar[dict[str, str]] = {"keys": f"(?:{one_of(KEYS['ja'])}|{one_of(KEYS['en'])}|,)+"}
    phrasings: ClassVar[Phrasings] = {
        "ja": (
            "{text}\n{keys}をJSONで答えてください。",
            "次の文から{keys}を抜き出してJSONにしてください。\n{text}",
            "JSONで書いてください。\n文: {text}\nキー: {keys}",
            "{text}\nこの文の{keys}は? JSONだけで答えてください。",
        ),
        "en": (
            "{text}\nGive {keys} as JSON.",
            "Extract {keys} from this sentence as JSON.\n{text}",
            "Write JSON.\nSentence: {text}\nKeys: {keys}",
            "{text}\nFind {keys}. Answer only with JSON.",
        ),
    }

    def fields(self, rng: random.Random, side: str, lang: Lang) -> Fields:
        while True:
            s = some(rng, side, kinds=("do", "go"), needs=("place",))
            roles = asked_roles(s)
            names = [name for name, role in KEYS[lang].items() if role in roles]
            count = rng.randint(2, 3)
            if len(names) >= count:
                chosen = sorted(rng.sample(range(len(names)), count))
                return {"text": say(rng, s, lang), "keys": PART[lang].join(names[i] for i in chosen)}

    def solve(self, fields: Fields, lang: Lang) -> Solution | None:
        read = understand_in(fields["text"], lang)
        names = fields["keys"].split(PART[lang])
        if read is None or any(name not in KEYS[lang] for name in names):
            return None
        words = {name: read[0].role(KEYS[lang][name]) for name in names}
        if not all(words.values()):
            return None
        found = {name: getattr(word, lang) for name, word in words.items()}
        wanted = {"kind": "json", "keys": names}
        return Solution((json.dumps(found, ensure_ascii=False),), read[0].key, format=wanted)

    def altered(self, rng: random.Random, fields: Fields, lang: Lang) -> Fields:
        read = understand_in(fields["text"], lang)
        if read is None:
            return fields
        roles = [KEYS[lang][name] for name in fields["keys"].split(PART[lang])]
        return {**fields, "text": say(rng, altered(rng, read[0], roles), lang)}
