"""Two turns: the assistant has said a sentence; the user now wants it changed."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache
from typing import ClassVar

from komainu.data.textbook.sentence import Register, Sentence, english, japanese
from komainu.data.textbook.tasks.base import Fields, Lang, Phrasings, Solution, Task, fold, one_of
from komainu.data.textbook.tasks.sentences import altered, in_register, into, say, some, understand

CHANGES: dict[Lang, dict[str, tuple[str, ...]]] = {
    "ja": {
        "polite": ("丁寧に言ってください。", "今度は丁寧にお願いします。", "丁寧語では?", "敬体に直してください。"),
        "plain": ("普通に言ってください。", "今度は普通体でお願いします。", "友達には?", "常体に直してください。"),
        "negative": ("否定文にしてください。", "今度は否定でお願いします。", "否定では?", "打ち消してください。"),
        "past": ("過去形にしてください。", "今度は過去でお願いします。", "過去では?", "過去の文に直してください。"),
        "question": ("疑問文にしてください。", "今度は質問でお願いします。", "質問では?", "質問の文に直してください。"),
        "other": (
            "日本語で言ってください。",
            "今度は日本語でお願いします。",
            "日本語では?",
            "日本語に直してください。",
        ),
    },
    "en": {
        "negative": ("Now make it negative.", "Say the opposite.", "And negated?", "Deny it."),
        "past": ("Now make it past.", "Say it in the past tense.", "And in the past?", "It was before."),
        "question": ("Now make it a question.", "Ask it.", "And as a question?", "Turn it into a question."),
        "other": ("Now say it in English.", "Say it in English.", "And in English?", "English, please."),
    },
}
RESTATED: dict[str, Callable[[Sentence], Sentence]] = {
    "negative": Sentence.with_negative,
    "past": Sentence.with_past,
    "question": Sentence.with_question,
}
OPENINGS: dict[Lang, tuple[str, ...]] = {
    "ja": ("例文を一つください。", "短い文を書いてください。", "何か一文お願いします。", "文を作ってください。"),
    "en": ("Give me a sentence.", "Write a short sentence.", "Say something.", "Make a sentence."),
}


class Followup(Task):
    """The change is one of: register, denial, past tense, question, the other language.

    Whatever is not asked for stays: a denied polite sentence is polite. Only "other" leaves the register open.
    """

    name = "followup"
    holes: ClassVar[dict[str, str]] = {
        "change": one_of(t for changes in CHANGES.values() for texts in changes.values() for t in texts)
    }
    phrasings: ClassVar[Phrasings] = {
        lang: tuple(f"{o}|{{said}}|{{change}}" for o in texts) for lang, texts in OPENINGS.items()
    }

    def fields(self, rng: random.Random, side: str, lang: Lang) -> Fields:
        name = rng.choice(list(CHANGES[lang]))
        affirmed = False if name == "negative" else None
        present = False if name == "past" else None
        while True:
            s = some(rng, side, past=present, negative=affirmed, question=False)
            if name != "question" or s.subject.en not in ("I", "we"):
                break
        return {"said": self.said(rng, s, name, lang), "change": rng.choice(CHANGES[lang][name])}

    def said(self, rng: random.Random, s: Sentence, name: str, lang: Lang) -> str:
        if name == "other":
            return say(rng, s, "en" if lang == "ja" else "ja")
        if name in ("polite", "plain"):
            return japanese(s, "plain" if name == "polite" else "polite")
        return say(rng, s, lang)

    def solve(self, fields: Fields, lang: Lang) -> Solution | None:
        read, name = understand(fields["said"]), changes(lang).get(fold(fields["change"]))
        if read is None or name is None or read[0].question:
            return None
        s, form = read
        if name == "other":
            return into(s, lang) if (form == "en") == (lang == "ja") else None
        if (form == "en") != (lang == "en") or form == name:
            return None
        if name in ("polite", "plain"):
            wanted: Register = "polite" if name == "polite" else "plain"
            return in_register(s, wanted)
        changed = RESTATED[name](s)
        if changed == s:
            return None
        return Solution((english(changed) if form == "en" else japanese(changed, form),), s.key)

    def altered(self, rng: random.Random, fields: Fields, lang: Lang) -> Fields:
        read = understand(fields["said"])
        if read is None:
            return fields
        s = altered(rng, read[0])
        return {**fields, "said": english(s) if read[1] == "en" else japanese(s, read[1])}


@cache
def changes(lang: Lang) -> dict[str, str]:
    """The change that a text asks for, by the folded text."""
    return {fold(text): name for name, texts in CHANGES[lang].items() for text in texts}
