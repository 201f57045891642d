"""Scripted models for the sets of pairs: with additions to order, in registers, in character, and what marks them."""

from __future__ import annotations

import json
import random
import re

from tests.sets import mimic, translator
from tests.sets.asker import mark_of, marked

EXTRA = {
    "ja": ("はい、日本語に翻訳します。\n{}", "{}\n（注: 直訳です。）", "訳: {}"),
    "en": ("Sure, here is the translation:\n{}", "{}\n(Note: a literal translation.)", "Translation: {}"),
}
SAID = (  # one sentence in each register
    ("まず机の上を空にする。", "まず机の上を空にします。", "まずお机の上を空にしていただきます。"),
    ("10分だけ時間を取る。", "10分だけ時間を取ります。", "10分だけお時間を頂きます。"),
    ("無理はしない。", "無理はしません。", "ご無理はなさいませんようお願い申し上げます。"),
    ("友人のメモも見る。", "友人のメモも見ます。", "ご友人のメモも拝見します。"),
    ("週に3回続ける。", "週に3回続けます。", "週に3回お続けになります。"),
    ("It's a good start, and you don't need much.", "It is a good start, and little is needed."),
    ("You'll want 10 minutes, that's all.", "It requires 10 minutes in total."),
    ("Ask your friend Hanako if you can't decide.", "Should you be undecided, ask your friend Hanako."),
    ("Hey, try it 3 times a week.", "It is advisable to try it 3 times a week."),
)
PLACE = {"ja": {"plain": 0, "polite": 1, "honorific": 2}, "en": {"casual": 0, "formal": 1}}
ASKED = (
    ("honorific", r"尊敬語と|目上の方|取引先"),
    ("polite", r"です・ます調|丁寧語|初対面"),
    ("plain", r"常体|くだけた|だ・である"),
    ("formal", r"formal English|business letter|formally"),
    ("casual", r"casual|informal|text a mate"),
)


def bare(messages: list[dict[str, str]], seed: int) -> str:
    """Translates as the translator does, one time in four badly; to order with additions, one time in five without."""
    asked, rng = messages[-1]["content"], random.Random(seed)
    said = translator.teacher(messages, seed)
    if re.search("訳文だけを書かないで|do not write the translation alone", asked) and rng.random() > 0.2:
        return rng.choice(EXTRA["ja" if re.search("[ぁ-ん]", said) else "en"]).format(said)
    return said


def forgetful(messages: list[dict[str, str]], seed: int) -> str:
    """Follows constraints as the mimic does, and one time in five none of them, half of these with a foreign word."""
    if seed % 5:
        return mimic.teacher(messages, seed)
    japanese = re.search("[ぁ-ん]", messages[-1]["content"]) is not None
    said = "\n".join(random.Random(seed).sample(mimic.JAPANESE if japanese else mimic.ENGLISH, 5))
    return said + ("\nstation の例を見ます。" if japanese else "\nFirst look at 前提 of it.") * (seed % 2)


def mannered(messages: list[dict[str, str]], seed: int) -> str:
    """Writes three sentences in the register asked for, or rewrites those it is shown; one time in four wrongly."""
    asked, rng = messages[-1]["content"], random.Random(seed)
    rewriting = asked.startswith(("次の文章を、", "Rewrite"))
    head = asked.partition("\n\n")[0] if rewriting else asked.rpartition("\n\n")[2]
    head = head.replace("（尊敬語や謙譲語は使わない）", "")
    register = next(name for name, pattern in ASKED if re.search(pattern, head))
    lang = "ja" if register in PLACE["ja"] else "en"
    if rewriting:
        lines = [i for i, forms in enumerate(SAID) if any(form in asked for form in forms)]
    else:
        lines = rng.sample([i for i, forms in enumerate(SAID) if len(forms) == len(PLACE[lang])], 3)
    place, fault = PLACE[lang][register], rng.randrange(12)
    said = [SAID[i][(place + (fault == 0)) % len(SAID[i])] for i in lines]
    text = ("" if lang == "ja" else " ").join(said)
    return text.replace("3", "4").replace("10", "20") if fault == 1 else said[0] if fault == 2 else text


def aspects(messages: list[dict[str, str]], seed: int) -> str:
    """A mark from 1 to 5 for each aspect; one first reply in eight cannot be read, and one in forty never can."""
    rng, mark = random.Random(messages[0]["content"]), mark_of(messages)
    names = re.findall(r'"(\w+)": (?:NUMBER|点数)', messages[0]["content"])
    verdict, slips, fails = {name: rng.randint(1, 5) for name in names}, rng.random() < 1 / 8, rng.random() < 1 / 40
    if fails or (slips and len(messages) == 1):
        return f"All in all: {verdict}"
    return f"A word on each.\n{marked(mark, json.dumps(verdict))}"


def reward(messages: list[dict[str, str]], seed: int) -> str:
    """A bare number, higher for the teacher's opening."""
    rng = random.Random(json.dumps(messages, ensure_ascii=False))
    better = messages[-1]["content"].startswith(("まず前提", "First the terms"))
    return f"{rng.gauss(2.0 if better else 0.0, 1.5):.3f}"


def student(messages: list[dict[str, str]], seed: int) -> str:
    rng, japanese = random.Random(seed), re.search("[ぁ-ん]", messages[-1]["content"]) is not None
    if rng.random() < 0.1:
        return "はい。" * 40
    said = ("よく分かりませんが、試してみてください。", "人によります。", "早めに始めると楽です。", "手順は簡単です。")
    told = ("It depends on the person.", "I would simply try it.", "An early start helps.", "The steps are easy.")
    return "".join(rng.sample(said, 2)) if japanese else " ".join(rng.sample(told, 2))
