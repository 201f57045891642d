"""A scripted Magpie teacher and judge: user turns under a system turn, tags, answers and marks, with their faults."""

from __future__ import annotations

import json
import random
import re

END = "<|end|>"
MARK = re.compile(r"<verdict-([0-9a-f]{16})>")
ASKED = {
    "ja": (
        "{}の基礎を学ぶとき、最初に誤解しやすい点を二つ挙げ、それぞれを具体例で説明してください。",
        "{}について、実務でよく使われる方法と教科書の方法の違いを、条件を分けて比べてください。",
        "{}の課題で、データが少ない場合にはどの仮定を置けばよいのか、理由とともに教えてください。",
        "来週の発表で{}を扱います。十分間で話す構成と、予想される質問への答えを考えてください。",
        "{}の歴史で転機になった出来事を三つ選び、現在の考え方への影響を順に述べてください。",
    ),
    "en": (
        "Which two points of {} do beginners misunderstand most often? Explain each of them with a small example.",
        "Compare how {} is done in practice with how it is taught in textbooks, and say when each way is right.",
        "I have to work on {} with very little data. Which assumptions should I make, and for what reasons?",
        "Next week I give a talk of ten minutes on {}. Plan it, and answer the questions that I should expect.",
        "Choose three turning points in the history of {} and tell what each of them means for the field today.",
    ),
}


def mark_of(messages: list[dict[str, str]]) -> str:
    """The code that a verdict is asked for with; "" where none is."""
    found = MARK.findall(messages[-1]["content"])
    return str(found[-1]) if found else ""


def marked(mark: str, verdict: str) -> str:
    return f"<verdict-{mark}>{verdict}</verdict-{mark}>"


def user_turn(text: str, rng: random.Random) -> str:
    """What a user asks after a text that ends where the user speaks; one in six is no good."""
    assert text.endswith("<|user|>"), text
    system = text.partition("<|system|>")[2].partition(END)[0]
    japanese = re.search("[ぁ-ん]", text) is not None
    about = re.search("「(.+?)」|あなたは(.+?)の質問|questions of (.+?)\\.|subject is (.+?)\\. The user", system)
    subject = next(filter(None, about.groups())) if about else "それ" if japanese else "that"
    asked = rng.choice(ASKED["ja" if japanese else "en"]).format(subject)
    wrong = ("" + END, asked, rng.choice(ASKED["en" if japanese else "ja"]).format("X") + END, "はい。" * 40 + END)
    return rng.choice(wrong) if rng.random() < 1 / 6 else f"\n{asked}{END}<|assistant|>"


def teacher(messages: list[dict[str, str]], seed: int) -> str:
    """A user's turn, the tags of a request, or an answer."""
    rng, said = random.Random(seed), messages[-1]["content"]
    if messages[-1]["role"] == "raw":
        return user_turn(said, rng)
    if mark := mark_of(messages):
        quality = rng.choice(("poor", "average", "good", "good", "excellent"))
        language = "ja" if re.search("[ぁ-ん]", said.partition("request-")[2]) else "en"
        tags = {"task": "advice", "difficulty": "medium", "quality": quality, "language": language}
        return "I would say it is good." if rng.random() < 0.15 else marked(mark, json.dumps(tags))
    japanese = re.search("[ぁ-ん]", said) is not None
    if rng.random() < 0.1:
        return "まず前提を整理します。station の例を見ましょう。" if japanese else "First let us look at 前提 of it."
    given = (
        ("まず前提を整理します。", "次に例を一つ示します。") if japanese else ("First the terms.", "Then an example.")
    )
    ending = "以上が要点です。" if japanese else "That is the main point."
    return "\n".join((*given, f"({rng.randrange(10**6)})", ending))


def judge(messages: list[dict[str, str]], seed: int) -> str:
    """A mark from 4 to 10; one first reply in eight has none that can be read, one in forty never has."""
    rng, mark = random.Random(messages[0]["content"]), mark_of(messages)
    number, slips, fails = str(rng.randint(4, 10)), rng.random() < 1 / 8, rng.random() < 1 / 40
    if fails or (slips and len(messages) == 1):
        return f"The answer deserves {number}/10."
    return f"It does what was asked.\n{marked(mark, number)}"
