"""A scripted teacher that does some of what our constraints ask for, and sometimes forgets one."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

ENGLISH = (
    "A good start is a short list, because it shows what matters.",
    "People often wait too long, and then everything takes more time.",
    "For example, ten quiet minutes in the morning are enough.",
    "A simple plan works best when it is easy to keep.",
    "The first step is the hardest one, so make it small.",
)
JAPANESE = (
    "まず短い一覧を作ると、大切なことが見えてきます。",
    "人は後回しにしがちで、毎日の時間が足りなくなります。",
    "例を挙げると、朝の静かな十分間で足ります。",
    "続けやすい計画がいちばんよく、その理由は簡単です。",
    "最初の一歩は小さくしておくと楽になります。",
)
Change = Callable[[str, "re.Match[str]"], str]
CHANGES: tuple[tuple[str, Change], ...] = (
    (r"\* an item|(\d) bullet points", lambda text, _: "\n".join(f"* {s}" for s in text.split("\n")[:3])),
    (
        r"(?:ちょうど)(\d)(?:項目の箇条書き|行入れて)",
        lambda text, m: "\n".join(f"・{s}" for s in text.split("\n")[: int(m[1])]),
    ),
    (r"番号付き", lambda text, _: "\n".join(f"{i}. {s}" for i, s in enumerate(text.split("\n")[:3], 1))),
    (r"Write exactly (\d) paragraphs", lambda text, m: "\n***\n".join(text.split("\n")[: int(m[1])])),
    (r"two different answers|Answer twice", lambda text, _: "\n******\n".join(text.split("\n")[:2])),
    (r"異なる回答を2つ", lambda text, _: "\n******\n".join(text.split("\n")[:2])),
    (r"commas?\b", lambda text, _: text.replace(",", "")),
    (r"読点", lambda text, _: text.replace("、", "")),
    (r"句点", lambda text, _: text.replace("。", " ")),
    (r"<<", lambda text, _: f"<<A small plan>>\n{text}"),
    (r"『", lambda text, _: f"『小さな計画』\n{text}"),
    (r"Use these words: ([\w, ]+)", lambda text, m: f"{text}\nIn short: {m[1]}."),
    (r"capital letters|ALL CAPS", lambda text, _: text.upper()),
    (r"lower case", lambda text, _: text.lower()),
    (r"(?:after them|have to be): (.+)", lambda text, m: f"{text}\n{m[1]}"),
    (r"最後は「(.+?)」", lambda text, m: f"{text}\n{m[1]}"),
    (r"double quotation mark", lambda text, _: f'"{text}"'),
    (r"全体を「」", lambda text, _: f"「{text}」"),
)


def teacher(messages: list[dict[str, str]], seed: int) -> str:
    """A few sentences of the prompt's language with the changes that it asks for; one in ten is forgotten."""
    asked, rng = messages[-1]["content"], random.Random(seed)
    text = "\n".join(rng.sample(JAPANESE if re.search("[ぁ-ん]", asked) else ENGLISH, 5))
    for pattern, change in CHANGES:
        if (found := re.search(pattern, asked)) and rng.random() > 0.1:
            text = change(text, found)
    return text
