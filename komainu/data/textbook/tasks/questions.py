"""Questions about a given sentence: who, when, where, what; answered in its language or in the other one."""

from __future__ import annotations

import random
from functools import cache
from typing import ClassVar

from komainu.data.textbook.sentence import Role
from komainu.data.textbook.tasks.base import Fields, Lang, Phrasings, Solution, Task, fold, one_of
from komainu.data.textbook.tasks.sentences import altered, asked_roles, say, short_answer, some, understand_in

ASKED: dict[Lang, dict[Role, tuple[str, ...]]] = {
    "ja": {
        "subject": ("誰の話ですか。", "誰ですか。"),
        "time": ("いつの話ですか。", "いつですか。"),
        "place": ("場所はどこですか。", "どこですか。"),
        "object": ("物は何ですか。", "何ですか。"),
    },
    "en": {
        "subject": ("Who is it about?", "Who?"),
        "time": ("When is it?", "When?"),
        "place": ("Where is it?", "Where?"),
        "object": ("What is it about?", "What?"),
    },
}


class Questions(Task):
    """A short whole answer in the language of the sentence. In Japanese polite is preferred, plain is right too."""

    name = "questions"
    holes: ClassVar[dict[str, str]] = {
        "question": one_of(text for asked in ASKED.values() for texts in asked.values() for text in texts)
    }
    phrasings: ClassVar[Phrasings] = {
        "ja": (
            "{text}\n{question}",
            "文: {text}\n質問: {question}",
            "次の文を読んで答えてください。\n{text}\n{question}",
            "{question}\n文を見て答えてください: {text}",
        ),
        "en": (
            "{text}\n{question}",
            "Sentence: {text}\nQuestion: {question}",
            "Read this and answer.\n{text}\n{question}",
            "{question}\nFind the answer here: {text}",
        ),
    }

    def fields(self, rng: random.Random, side: str, lang: Lang) -> Fields:
        given = self.given(lang)
        s = some(rng, side, kinds=("do", "go"), question=False)
        return {"text": say(rng, s, given), "question": rng.choice(ASKED[given][rng.choice(asked_roles(s))])}

    def given(self, lang: Lang) -> Lang:
        """The language of the sentence and the question, for an answer in `lang`."""
        return lang

    def solve(self, fields: Fields, lang: Lang) -> Solution | None:
        given = self.given(lang)
        read, role = understand_in(fields["text"], given), asking(given).get(fold(fields["question"]))
        if read is None or read[0].question or role not in asked_roles(read[0]):
            return None
        return short_answer(read[0], role, lang)

    def altered(self, rng: random.Random, fields: Fields, lang: Lang) -> Fields:
        given = self.given(lang)
        read, role = understand_in(fields["text"], given), asking(given).get(fold(fields["question"]))
        if read is None or role is None:
            return fields
        return {**fields, "text": say(rng, altered(rng, read[0], (role,)), given)}


@cache
def asking(lang: Lang) -> dict[str, Role]:
    """The role that a question asks for, by the folded question."""
    return {fold(text): role for role, texts in ASKED[lang].items() for text in texts}
