"""Answers with faults planted in known ones (rows of bench.corpus), labelled texts, and answers of real models.

Every planted record follows from the seed and its number alone. The boilerplate was written before it was measured.
"""

from __future__ import annotations

import gzip
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.corpus import plain
from bench.filtering.common import FINE, PLANTED, Record

KINDS = (
    "loop",
    "phrase loop",
    "one line again",
    "one paragraph again",
    "broken off",
    "boilerplate",
    "mojibake",
    "the other language",
    "a third language",
)
SHARE = 0.6  # of the records, one kind as often as another
LABELLED = Path(__file__).parents[2] / "tests" / "checks" / "labelled"
BOILERPLATE = {
    "ja": (
        "もちろんです！以下にご説明します。",
        "AIである私には個人的な経験はありませんが、お答えします。",
        "私はAIアシスタントなので、実際に見たことはありません。",
        "承知しました。以下のとおりご案内いたします。",
        "【訳注】原文の語順を一部改めています。",
        "他にもご質問がございましたら、お気軽にお尋ねください。",
        "私の知識は2023年までのものです。",
    ),
    "en": (
        "Sure! Here's a clear explanation for you.",
        "As an AI language model, I cannot visit places, but here is what I know.",
        "I'm an AI assistant, so I have no experience of my own.",
        "Certainly! Below is an overview of the topic.",
        "Translator's note: some idioms were adapted.",
        "I hope this helps! Let me know if you have any other questions.",
        "As of my last update in 2023, this was still true.",
    ),
}
ELSEWHERE = (
    "Der alte Mann ging gestern mit seinem Hund durch den Wald. Dort sprach er lange mit einem Förster, den er noch "
    "aus der Schule kannte. Sie redeten über das Wetter, über die Preise und darüber, wie still es geworden ist. Als "
    "es dunkel wurde, machte er sich auf den Weg nach Hause und dachte an die Jahre, in denen hier Kinder spielten.",
    "La semaine dernière, nous avons visité le musée avec les enfants. Ils ont beaucoup aimé les vieux bateaux et la "
    "salle où l'on peut toucher les instruments. Après le déjeuner, une dame nous a raconté comment les pêcheurs "
    "vivaient autrefois. Nous sommes rentrés tard, mais contents, et nous y retournerons avant la fin du mois.",
    "어제 우리는 도서관에서 오래된 지도를 찾았습니다. 지도에는 지금은 없는 길과 마을의 이름이 적혀 있었습니다. "
    "선생님은 그 길이 백 년 전에 바다까지 이어져 있었다고 말씀하셨습니다. 우리는 다음 주에 그 길을 따라 걸어 "
    "보기로 했습니다. 날씨가 좋으면 사진도 많이 찍고, 마을 어른들께 옛날이야기도 들을 생각입니다.",
    "昨天我们在图书馆里找到了一张很旧的地图。地图上写着一些现在已经没有的村子的名字。"
    "老师说，那条路一百年前一直通到海边。我们打算下个星期沿着这条路走一走。"
    "如果天气好，我们还会拍很多照片，听村里的老人讲过去的故事。大家都说这是一次难得的机会。",
)


def paragraphs(lang: str, said: list[str]) -> list[str]:
    pieces = [said[k : k + 6] for k in range(0, len(said), 6)]
    return [("" if lang == "ja" else " ").join(piece).replace("。- ", "。\n- ") for piece in pieces]


def broken(text: str, rng: random.Random) -> str:
    """Cut within a sentence: nowhere right behind a mark, and not before half of the text."""
    at = rng.randrange(len(text) // 2, len(text) - 1)
    while not (text[at - 1].isalnum() and text[at].isalnum()):
        at -= 1
    return text[:at]


def mojibake(text: str, rng: random.Random) -> str:
    """UTF-8 read as Windows-1252: a paragraph of Japanese, the quotation marks and dashes of English."""
    if text.isascii():
        words = text.split(" ")
        for k in rng.sample(range(len(words)), 6):
            words[k] = rng.choice(("“{}”", "{} —", "{}’s", "‘{}’")).format(words[k])
        return " ".join(words).encode().decode("cp1252", "replace")
    return text.encode().decode("cp1252", "replace")


def faulty(kind: str, lang: str, said: list[str], rng: random.Random) -> str:
    """The answer of a row with a fault of the kind."""
    at = rng.randrange(len(said) // 2, len(said))
    if kind == "loop":
        return "\n\n".join(paragraphs(lang, [*said[:at], *[said[at]] * rng.randint(6, 20)]))
    parts = paragraphs(lang, said)
    text = "\n\n".join(parts)
    if kind == "phrase loop":
        begun = broken(text, rng)
        return begun + begun[-rng.randint(6, 30) :] * rng.randint(8, 40)
    if kind == "one line again":
        return "\n".join(line for sentence in said[:12] for line in (sentence, said[-1]))
    if kind == "one paragraph again":
        return "\n\n".join([*parts, *[rng.choice(parts)] * rng.randint(3, 8)])
    if kind == "broken off":
        return broken(text, rng)
    if kind == "boilerplate":
        return "\n\n".join([rng.choice(BOILERPLATE[lang]), *parts])
    if kind == "mojibake":
        k = rng.randrange(len(parts))
        parts[k] = mojibake(parts[k], rng)
        return "\n\n".join(parts)
    return rng.choice(ELSEWHERE)


def planted(seed: int, i: int) -> Record:
    rng = random.Random(f"{seed}:fault:{i}")
    kind = rng.choice(KINDS) if rng.random() < SHARE else FINE
    lang, asked, said = plain(seed, i)
    if kind == "the other language":
        j = next(j for j in range(i + 1, i + 1000) if plain(seed, j)[0] != lang)
        other, _, said = plain(seed, j)
        return Record(asked, "\n\n".join(paragraphs(other, said)), lang, PLANTED, kind)
    text = faulty(kind, lang, said, rng) if kind != FINE else "\n\n".join(paragraphs(lang, said))
    return Record(asked, text, lang, PLANTED, kind)


def labelled() -> Iterator[Record]:
    """Short texts labelled by hand: loops, and what the quality checks look for. Their language is told by bytes."""
    for name in ("repetition", "quality"):
        for row in map(json.loads, (LABELLED / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()):
            text = row["text"] if name == "quality" else row["answer"]
            lang = "en" if sum(map(str.isascii, text)) * 2 > len(text) else "ja"
            yield Record(row.get("prompt", ""), text, lang, f"labelled {name}", "wrong" if row["wrong"] else FINE)


def real(folder: Path) -> Iterator[Record]:
    """Some answers of gpt-4o to IFEval and of three models to four Japanese benchmarks; nobody labelled them."""
    for lang in ("ja", "en"):
        path = next((folder / "ifeval" / "verdicts" / lang).glob("gpt-4o*.strict.jsonl.gz"))
        with gzip.open(path, "rt", encoding="utf-8") as file:
            rows = [json.loads(line) for line in file]
        said = [r for r in rows if not any("language" in kind for kind in r["instruction_id_list"])]
        yield from (Record(r["prompt"], r["response"], lang, f"real, gpt-4o {lang}", "") for r in spread(said))
    paths = sorted((folder / "shaberi/tree/judgements/judge_llmjudge-tulu405").glob("*/*.json"))
    rows = [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    for row in spread([row for row in rows if str(row.get("ModelAnswer") or "").strip()]):
        yield Record(row["Question"], row["ModelAnswer"], "ja", "real, three models ja", "")


def spread(rows: list[dict[str, Any]], most: int = 200) -> list[dict[str, Any]]:
    """So many of the rows at most, evenly."""
    return rows[:: -(-len(rows) // most)]


def records(n: int, seed: int = 0) -> Iterator[Record]:
    """`n` planted ones, the labelled ones, and the real ones where KOMAINU_FIXTURES says where they lie."""
    yield from (planted(seed, i) for i in range(n))
    yield from labelled()
    if folder := os.environ.get("KOMAINU_FIXTURES"):
        yield from real(Path(folder))
