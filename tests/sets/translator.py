"""A scripted writer and translator: sentences that stand in both languages, and the usual faults of translations."""

from __future__ import annotations

import random
import re

SENTENCES = (
    ("朝の駅には、まだ誰もいなかった。", "There was nobody at the station in the morning yet."),
    ("彼女は古い地図を机の上に広げた。", "She spread the old map out on the desk."),
    ("雨は三日のあいだ降り続いた。", "The rain went on for three days."),
    (
        "本研究では、この方法を百人の参加者で確かめた。",
        "In this study we tested the method with a hundred participants.",
    ),
    ("結果は、これまでの報告とよく一致している。", "The results agree well with earlier reports."),
    ("ただし、標本の数が少ない点には注意が必要である。", "However, the small size of the sample calls for care."),
    ("店員は笑って、いちばん奥の棚を指した。", "The shop assistant smiled and pointed at the shelf at the very back."),
    ("「いつ帰ってくるの」と弟が聞いた。", '"When are you coming back?" asked my younger brother.'),
    ("庭の梅が、今年は早く咲いた。", "The plum tree in the garden flowered early this year."),
    ("手紙には、短い言葉だけが書かれていた。", "There were only a few short words in the letter."),
    (
        "村の人々は、橋の完成を長く待っていた。",
        "The people of the village had long waited for the bridge to be finished.",
    ),
    ("測定の誤差は、二パーセントより小さい。", "The error of the measurement is below two per cent."),
    ("夜になると、海の音が近くに聞こえた。", "At night the sound of the sea seemed to come close."),
    ("私たちは、次の電車を待つことにした。", "We decided to wait for the next train."),
)
TO_ENGLISH = dict(SENTENCES)
TO_JAPANESE = {english: japanese for japanese, english in SENTENCES}


def teacher(messages: list[dict[str, str]], seed: int) -> str:
    """Writes a text of five or six sentences, or translates the one in the prompt, one in four badly."""
    asked, rng = messages[-1]["content"], random.Random(seed)
    if found := [s for s in TO_ENGLISH if s in asked]:
        wrong = "はい、英語に翻訳します。\n"
        said = " ".join(TO_ENGLISH[s] for s in sorted(found, key=asked.index))
    elif found := [s for s in TO_JAPANESE if s in asked]:
        said = "".join(TO_JAPANESE[s] for s in sorted(found, key=asked.index))
        wrong = "Sure, here is the translation:\n"
    else:
        pairs = rng.sample(SENTENCES, rng.choice((5, 6)))
        japanese = re.search("[ぁ-ん]", asked) is not None
        return "".join(ja for ja, _ in pairs) if japanese else " ".join(en for _, en in pairs)
    return rng.choice((said, said, said, spoilt(said, found, wrong, rng)))


def spoilt(said: str, original: list[str], preface: str, rng: random.Random) -> str:
    """Words before it, most of it missing, all of it three times, or no translation at all."""
    return rng.choice((preface + said, said[: len(said) // 6] + "。", said * 3, " ".join(original)))
