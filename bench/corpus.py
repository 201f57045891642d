"""A corpus of chats for measuring: Japanese and English, about 2.4 kB each, with faults planted in known rows.

Every row follows from the seed and its number alone. meta["hidden"]["planted"] names what is planted in it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from komainu.context import Context
from komainu.files import write_rows
from komainu.rows import Chat, Message
from komainu.stage import Stage

SENTENCES = 40_000  # of a language, from which rows are put together
SIZE = {"ja": 20, "en": 36}  # sentences of an answer
PLANTED = {  # per mille of the rows
    "exact": 20,
    "near": 20,
    "leak": 20,
    "benchmark": 10,
    "loop": 10,
    "foreign": 10,
}
JA = (
    "{who}は{when}、{place}で{thing}を{do}。",
    "{thing}が{how}のは、{place}の{what}が{change}からです。",
    "{when}の{what}については、{who}が{thing}と合わせて{do}。",
    "まず{thing}を{place}に置き、次に{what}を{n}回ほど確かめてください。",
    "{who}によると、「{what}は{how}」とのことでした。",
    "{place}には約{n}人の{who}が集まり、{what}を{do}。",
    "もし{what}が{change}なら、{thing}の使い方を見直す必要があります。",
    "たとえば{thing}（{latin}）は、{when}から{place}で使われてきました。",
    "- {what}：{thing}を{n}個まで用意する",
    "{latin}を使うと、{what}の{n}％が{how}ことがわかりました。",
    "なぜ{who}は{thing}を選ぶのでしょうか。",
    "{what}と{thing}の違いは、{place}での{what}が{how}かどうかにあります。",
)
EN = (
    "{When}, {who} {do} the {thing} near the {place}.",
    "The {what} of the {thing} is {how} because the {place} has changed since {year}.",
    "If the {what} drops below {n}, {who} should check the {thing} of the {place}.",
    'According to {who}, the {place} was "{how}" and full of {what}.',
    "First, put the {thing} next to the {place}, then repeat the {what} {n} times.",
    "Most people think that a {thing} is {how}, but {who} {do} it before the {what}.",
    "- {What}: about {n} of every {thing} in the {place}",
    "Why would {who} choose the {thing} over the {what}?",
    "{Who} explained the {what} ({latin}) in {year} to everyone at the {place}.",
    "What matters isn't the {thing} but how {how} the {what} looks at the {place}.",
)
WORDS: dict[str, dict[str, str]] = {
    "ja": {
        "who": "田中さん 研究者 町の人々 先生 学生 祖母 店主 医師 運転手 管理人 編集者 農家 職人 観光客 新入社員 友人",
        "when": "昨日 去年の春 毎朝 江戸時代 先週 夏休み 明治の終わり ２０世紀 来月 雨の日 夕方 戦後 三年前 年末 初日",
        "place": "駅前 図書館 港 山あいの村 研究室 台所 市役所 川沿い 学校 商店街 工場 神社 畑 病院 美術館 海辺 会議室",
        "thing": "自転車 古い時計 味噌汁 データ 地図 傘 機械 手紙 電車 リンゴ カメラ 論文 楽器 ノート 着物 弁当",
        "do": "調べました 使い始めました 直しました 売っています 見つけました 教えてくれました 運びました 描きました",
        "how": "重要だ とても静かな ずっと安い 複雑な 意外に丈夫な やや古い 新鮮な 十分に広い 難しい わかりやすい",
        "what": "温度 歴史 予算 天気 規則 手順 人口 価格 習慣 品質 景色 速度 味 評判 計画 原因 効果 構造 音",
        "change": "変わった 増えた 落ち着いた 足りない 高まった 遅れている 見直された 乱れた",
    },
    "en": {
        "who": "the teacher|my neighbor|Dr. Allen|a young farmer|the committee|Maria|the engineer|some tourists|"
        "her uncle|the editor|two students|the mayor|a nurse|the landlord|an old sailor|Mr. Baker",
        "when": "last spring|every morning|in the evening|during the war|after lunch|years ago|on rainy days|"
        "by midnight|over the weekend|before the exam",
        "place": "harbor|library|station|village|kitchen|river|market|factory|museum|garden|office|castle|bridge|"
        "school",
        "thing": "bicycle|wooden clock|letter|engine|recipe|umbrella|camera|violin|notebook|lamp|map|telescope|coat|"
        "kettle",
        "do": "repaired|borrowed|sold|painted|described|carried|found|compared|forgot|measured|ordered|cleaned",
        "how": "important|surprisingly quiet|far too expensive|simple|rather old|fragile|famous|useful|strange|heavy",
        "what": "temperature|history|budget|weather|rule|procedure|price|habit|quality|speed|taste|plan|cause|sound",
    },
}
LATIN = ["API", "PDF", "Python", "NASA", "GPS", "iPhone", "DNA", "Linux", "HTML", "Wi-Fi", "JAXA", "SQL", "USB", "LED"]
ASKED = {
    "ja": ("{what}と{thing}について、{who}にもわかるように説明してください。{place}での例も挙げてください。",),
    "en": ("Explain the {what} of a {thing} so that {who} can follow. Give an example from the {place}.",),
}
LEAKS = {
    "ja": (
        "この方法はとてもimportantな点です。",
        "それはreally良い結果になりました。",
        "我们应该认真考虑这个问题。",
        "그래서 다시 확인했습니다。",
    ),
    "en": ("This is a very 重要な point for everyone.", "그래서 it was checked again.", "They said так once more."),
}
FOREIGN = (
    "Der alte Mann ging gestern mit seinem Hund durch den Wald und hat dabei nicht ein Wort mit uns gesprochen.",
    "어제 우리는 도서관에서 오래된 지도를 찾았고 그것을 선생님께 보여 드렸습니다.",
    "La semaine dernière nous avons visité le musée avec les enfants et ils ont beaucoup aimé cette journée.",
)


SYLLABLES = (
    *("mar", "low", "ben", "ton", "hal", "wick", "ash", "ford", "stan", "ley"),
    *("gren", "dale", "cor", "by", "nor", "sel", "win", "ham", "thor", "pe"),
)
KANA = "アイカキサシタチナニハマミモヤヨラリルレロワ"
PUZZLES = {  # of the benchmark: names that stand nowhere else, and shapes that the rows do not have
    "ja": (
        "{one}は{two}へ行く前に、{three}を{n}枚だけ箱に残しました。箱にはあと何枚入りますか。",
        "{one}という楽団には{n}名の奏者がいて、そのうち{two}の生まれでない者は{three}を吹けません。それは誰ですか。",
        "{two}語の文「{one} {three}」を訳し、動詞がどこにあるか述べてください。数は{n}とします。",
    ),
    "en": (
        "{one} leaves {two} with {n} coins and gives every third one to {three}; how many coins are left at sunset?",
        "Write a limerick in which {one} of {two} loses {n} buttons, and let the last line end with the word {three}.",
        "Translate the {two} sentence '{one} {three}' and say which of its {n} readings a grammarian would prefer.",
    ),
}


def filled(rng: random.Random, template: str, lang: str) -> str:
    drawn: dict[str, Any] = {}
    for name, text in WORDS[lang].items():
        word = rng.choice(text.split(" " if lang == "ja" else "|"))
        drawn |= {name: word, name.capitalize(): word[:1].upper() + word[1:]}
    if lang == "en" and rng.random() < 0.7:
        drawn["place"] += " of " + "".join(rng.choices(SYLLABLES, k=3)).capitalize()
    return template.format(**drawn, n=rng.randint(2, 990), year=rng.randint(1868, 2025), latin=rng.choice(LATIN))


@cache
def pool(lang: str, seed: int) -> list[str]:
    rng = random.Random(f"{seed}:{lang}")
    return [filled(rng, rng.choice(JA if lang == "ja" else EN), lang) for _ in range(SENTENCES)]


def plain(seed: int, i: int) -> tuple[str, str, list[str]]:
    """The language of row i as it would be with nothing planted, its request, and the sentences of its answer."""
    rng = random.Random(f"{seed}:{i}")
    lang = rng.choice(("ja", "en"))
    said = rng.choices(pool(lang, seed), k=SIZE[lang] + rng.randint(-4, 4))
    return lang, f"{filled(rng, ASKED[lang][0], lang)} ({i})", said


def planted(seed: int, i: int) -> str:
    """What is planted in row i; the first ten are as they are."""
    kinds = random.Random(f"{seed}:plant:{i}").choices(
        [*PLANTED, ""], [*PLANTED.values(), 1000 - sum(PLANTED.values())]
    )
    return kinds[0] if i >= 10 else ""


def chat(seed: int, i: int) -> Chat:
    """Row i of a corpus."""
    rng, kind = random.Random(f"{seed}:row:{i}"), planted(seed, i)
    if kind in ("exact", "near"):
        first = next(j for j in iter(lambda: rng.randrange(i), -1) if not planted(seed, j))
        lang, asked, said = plain(seed, first)
        if kind == "near":  # one to three sentences are others; with another number in it a row would be another row
            unnumbered = [k for k, sentence in enumerate(said) if not any(map(str.isdigit, sentence))]
            for k in rng.sample(unnumbered, min(rng.randint(1, 3), len(unnumbered))):
                said[k] = next(
                    x for x in iter(lambda: rng.choice(pool(lang, seed)), "") if not any(map(str.isdigit, x))
                )
    else:
        lang, asked, said = plain(seed, i)
    at = rng.randrange(2, len(said))
    if kind == "leak":
        said.insert(at, rng.choice(LEAKS[lang]))
    elif kind == "loop":
        said[at:] = [said[at]] * 9
    elif kind == "benchmark":
        asked = f"{asked}\n{item(seed, 2 * rng.randrange(ITEMS // 2) + (lang == 'ja'))}"
    elif kind == "foreign":
        asked, said = rng.choice(FOREIGN), [rng.choice(FOREIGN)] * 1
    paragraphs = [said[k : k + 6] for k in range(0, len(said), 6)]
    text = "\n\n".join(("" if lang == "ja" else " ").join(p).replace("。- ", "。\n- ") for p in paragraphs)
    if kind == "exact":
        text = text.replace("。", "．").replace(", ", " , ")
    meta: dict[str, Any] = {"source": "bench", "licence": "CC0-1.0", "hidden": {"planted": kind}}
    return Chat(f"bench:{i}", (Message("user", asked), Message("assistant", text)), meta)


ITEMS = 1100


@cache
def item(seed: int, i: int) -> str:
    """The text of an item of the benchmark that rows are planted with: every second one Japanese."""
    rng, lang = random.Random(f"{seed}:item:{i}"), ("en", "ja")[i % 2]
    names = {key: name(rng, lang) for key in ("one", "two", "three")}
    return rng.choice(PUZZLES[lang]).format(**names, n=rng.randint(11, 98))


def name(rng: random.Random, lang: str) -> str:
    if lang == "ja":
        return "".join(rng.choices(KANA, k=rng.randint(4, 7)))
    return "".join(rng.choice("aeiou" if i % 2 else "bcdfgjkpqvxz") for i in range(rng.randint(7, 12))).capitalize()


@dataclass(frozen=True, kw_only=True)
class Corpus(Stage):
    """`n` chats of the corpus."""

    makes: ClassVar[type] = Chat
    n: int
    seed: int = 0

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        return {"rows": write_rows(out / "rows.jsonl", (chat(self.seed, i) for i in range(self.n)))}


@dataclass(frozen=True, kw_only=True)
class Items(Stage):
    """The items of the benchmark."""

    makes: ClassVar[type] = Chat
    seed: int = 0

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        def rows() -> Iterator[Chat]:
            for i in range(ITEMS):
                yield Chat(
                    f"item:{i}", (Message("user", item(self.seed, i)),), {"source": "items", "licence": "CC0-1.0"}
                )

        return {"rows": write_rows(out / "rows.jsonl", rows())}
