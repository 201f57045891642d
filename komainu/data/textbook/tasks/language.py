"""Answer in the language asked for: the sentence, the question and the instruction are in the other one."""

from __future__ import annotations

from typing import ClassVar

from komainu.data.textbook.tasks.base import Lang, Phrasings
from komainu.data.textbook.tasks.questions import Questions


class Language(Questions):
    """As in `questions`, but answered in the other language."""

    name = "language"
    phrasings: ClassVar[Phrasings] = {
        "ja": (
            "英語で答えてください。\n{text}\n{question}",
            "{text}\n{question}\n答えは英語でお願いします。",
            "文: {text}\n質問: {question}\n英語で答えてください。",
            "次の質問に英語で答えてください。\n{question}\n{text}",
        ),
        "en": (
            "Answer in Japanese.\n{text}\n{question}",
            "{text}\n{question}\nReply in Japanese, please.",
            "Sentence: {text}\nQuestion: {question}\nAnswer in Japanese.",
            "Give a Japanese answer to the next question.\n{question}\n{text}",
        ),
    }

    def asked_in(self, lang: Lang) -> tuple[Lang, ...]:
        return (self.given(lang),)

    def given(self, lang: Lang) -> Lang:
        return "en" if lang == "ja" else "ja"
