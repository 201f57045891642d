"""Scripted models for bench.datasoak: functions of messages and seed, with faults that filters are there to find."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from typing import Any

SENTENCES = (
    ("窓の外では、細かい雪が降っている。", "Fine snow is falling outside the window."),
    ("姉は毎晩、長い日記を書いていた。", "My older sister wrote a long diary every night."),
    ("この橋を渡ると、小さな村が見える。", "Cross this bridge and you will see a small village."),
    ("調査には四十の家庭が協力してくれた。", "Forty households took part in the survey."),
    ("店は来月の初めに移転する予定だ。", "The shop is going to move at the beginning of next month."),
    ("彼は鍵をなくしたことに気づかなかった。", "He did not notice that he had lost his key."),
    ("温度が上がると、音の高さも変わる。", "When it gets warmer, the pitch of the sound changes too."),
    ("祖父の話は、いつも同じ所で終わった。", "My grandfather's story always ended at the same place."),
)
MARK = re.compile(r"<verdict-([0-9a-f]{16})>")


def write(asked: str, rng: random.Random) -> str:
    """Five sentences in the language of the request, one time in eight with a word of the other one, or again."""
    japanese = re.search("[ぁ-ん]", asked) is not None
    said = [ja if japanese else en for ja, en in rng.sample(SENTENCES, 5)]
    if (fault := rng.randrange(16)) == 0:
        said[2] = "その station の話です。" if japanese else "It is about 前提 of it."
    return ("" if japanese else " ").join(said * (8 if fault == 1 else 1))


def translate(asked: str, rng: random.Random) -> str:
    """The sentences in the request in the other language, one time in four with a preface, the most missing, or not."""
    found = [pair for pair in SENTENCES if pair[0] in asked or pair[1] in asked]
    found.sort(key=lambda pair: max(asked.find(pair[0]), asked.find(pair[1])))
    english = any(ja in asked for ja, _ in found)
    said = ("" if not english else " ").join(pair[english] for pair in found)
    preface = "Sure, here is the translation:\n" if english else "はい、日本語に翻訳します。\n"
    spoilt = (preface + said, said[: len(said) // 6] + "。", " ".join(pair[not english] for pair in found))
    return rng.choice((said, said, said, rng.choice(spoilt)))


def teacher(messages: list[dict[str, str]], seed: int) -> str:
    asked, rng = messages[-1]["content"], random.Random(seed)
    known = any(ja in asked or en in asked for ja, en in SENTENCES)
    return translate(asked, rng) if known else write(asked, rng)


def judge(messages: list[dict[str, str]], seed: int) -> str:
    """A mark from 3 to 10; one first reply in eight has none that can be read, one in forty never has."""
    rng, code = random.Random(json.dumps(messages[0])), MARK.findall(messages[-1]["content"])[-1]
    mark, slips, fails = rng.randint(3, 10), rng.random() < 1 / 8, rng.random() < 1 / 40
    if fails or (slips and len(messages) == 1):
        return f"I would say {mark} of 10."
    return f"As asked.\n<verdict-{code}>{mark}</verdict-{code}>"


SPEAKERS: dict[str, Callable[[list[dict[str, str]], int], str]] = {
    "teacher": teacher,
    "student": teacher,
    "judge": judge,
}


def reply(body: dict[str, Any]) -> str:
    """What the model of a request says."""
    return SPEAKERS[body["model"]](body["messages"], body["seed"])
