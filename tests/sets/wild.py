"""A scripted translator of requests, and teacher, for sets of real users' prompts."""

from __future__ import annotations

import random
import re

REQUESTS = (
    (
        "Can you write a polite e-mail to my landlord about the heating that has been broken for a week?",
        "一週間壊れたままの暖房について、大家さんへの丁寧なメールを書いてもらえますか？",
    ),
    (
        "Explain the difference between a list and a tuple in Python with a short example for each.",
        "Pythonのリストとタプルの違いを、それぞれ短い例を付けて説明してください。",
    ),
    (
        "I have eggs, rice and spinach in the fridge. What can I cook in twenty minutes tonight?",
        "冷蔵庫に卵とご飯とほうれん草があります。今夜二十分で作れる料理は何ですか？",
    ),
    (
        "Give me five names for a small bakery near the sea, and say what each name suggests.",
        "海の近くの小さなパン屋の名前を五つ考え、それぞれの印象も教えてください。",
    ),
    (
        "Summarize the plot of a story in which an old clock maker finds a letter from his brother.",
        "年老いた時計職人が兄からの手紙を見つける物語のあらすじを、短くまとめてください。",
    ),
    (
        "How should I prepare for a first marathon if I can run ten kilometres without stopping now?",
        "今は十キロを休まず走れます。初めてのマラソンに向けてどう準備すればよいでしょうか？",
    ),
)
TO_JAPANESE = dict(REQUESTS)


def teacher(messages: list[dict[str, str]], seed: int) -> str:
    """The Japanese of a request that is shown to be translated, badly one time in three; or an answer."""
    said, rng = messages[-1]["content"], random.Random(seed)
    if found := next((text for text in TO_JAPANESE if text in said), ""):
        right = TO_JAPANESE[found]
        return rng.choice((right, right, right, right, found, f"もちろんです。\n{right}"))
    if mark := re.search(r"<verdict-([0-9a-f]{16})>", said):
        tags = '{"task": "advice", "difficulty": "easy", "quality": "good", "language": "ja"}'
        return f"<verdict-{mark[1]}>{tags}</verdict-{mark[1]}>"
    opening = rng.choice(("はい。順に説明します。", "ご質問に答えます。", "まず要点から述べます。"))
    return f"{opening}続けて、具体的な手順を三つ示します。"
