"""A set of rows with every kind of drop, in whose every text somebody tries to break out of the page."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from komainu.context import Context
from komainu.data.base import Dataset
from komainu.data.decontaminate import Decontaminate
from komainu.data.dedup import Exact
from komainu.data.look.site import Counts, write_site
from komainu.data.look.sources import stored
from komainu.data.near_dup import Near
from komainu.data.privacy import Privacy
from komainu.data.regenerate import Regenerate
from komainu.rows import Chat, Message, Pair
from komainu.store import Artifact
from tests.data.fakes import TEACHER, Fake, No, context, source
from tests.eval.view_world import HOSTILE

LEAK = "駅はstationです。"
MAIL = "taro.yamada@mail-example.jp"
SPEECH = "その町の朝は早く、港には船が並び、市場には魚と野菜を売る声が響き、人々は坂道を上って仕事へ向かいます。" * 3
ITEM = "江戸時代の東海道にあった五十三の宿場のうち、最も西にあるものの名前を答えてください。"
HUGE = "寿限無寿限無五劫の擦り切れ。" * 1_000


class Site(NamedTuple):
    """A site, and what it was made from."""

    folder: Path
    counts: Counts
    ctx: Context
    artifact: Artifact


def hostile(i: int) -> Chat:
    """A chat with a text of HOSTILE wherever one can stand."""
    bad = HOSTILE[i % len(HOSTILE)]
    turns = (("system", bad), ("user", f"number {i} {bad}"), ("assistant", f"{LEAK} {i} {bad}"))
    meta = {
        "lang": "ja",
        "source": bad,
        "licence": bad,
        "task": bad,
        "from": [bad, f"call:{bad}"],
        bad: [bad, {bad: bad}],
    }
    return Chat(f"{i} {bad}", tuple(Message(role, text) for role, text in turns), meta)  # type: ignore[arg-type]


def said(id: str, question: str, answer: str) -> Chat:
    meta = {"lang": "ja", "source": "町の話", "licence": "CC-BY-4.0"}
    return Chat(id, (Message("user", question), Message("assistant", answer)), meta)


def chats() -> list[Chat]:
    return [
        *(hostile(i) for i in range(len(HOSTILE))),
        said("mail", "連絡先は？", f"{MAIL} までお願いします。"),
        said("twin", "空は？", "青いです。"),
        said("twin-again", "空は？", "青いです！"),
        said("speech", "町の朝を話して。", SPEECH),
        said("speech-2", "町の朝を話して。", SPEECH + "終わりです。"),
        said("speech-3", "町の朝を話して。", SPEECH.replace("朝は早く", "朝は遅く", 1)),
        said("item", ITEM, "大津です。"),
        said("again", "川は？", "bad な川です。"),
        said("lost", "bad な海は？", "bad な海です。"),
        said("huge", "早口言葉は？", HUGE),
        Chat(
            "thought",
            (Message("user", "月は？"), Message("assistant", "<think>夜に見える</think>丸いです。")),
            {"lang": "ja"},
        ),
    ]


def pairs() -> list[Pair]:
    """Pairs with hostile answers that differ in a few words."""
    return [
        Pair(
            f"pair {i} {bad}",
            (Message("user", f"number {i} {bad}"),),
            f"町の朝は早く、{bad}、港には船が並びます。",
            f"町の朝は遅く、{bad}、港には station が並びます。",
            {"lang": "ja", "source": bad, "margin": 1.5},
        )
        for i, bad in enumerate(HOSTILE)
    ]


def built(root: Path, title: str = "every text is hostile") -> Site:
    """A site of chats that went through steps which drop and change some."""
    ctx = context(root, Fake("{prompt} 町の北です。"))
    items = source(Chat("q7", (Message("user", ITEM),), {"lang": "ja"}))
    steps = (
        Privacy(),
        Exact(),
        Near(),
        Decontaminate(against=(items,), coverage=1.0, edited=0),
        Regenerate(model=TEACHER, checks=(No(),), tries=1),
    )
    artifact = ctx.store.build(Dataset(sources=(source(*chats()),), steps=steps), ctx)
    counts = write_site(stored(ctx.store, artifact, title), root / "site")
    return Site(root / "site", counts, ctx, artifact)


def built_pairs(root: Path) -> Site:
    """A site of pairs."""
    ctx = context(root)
    artifact = ctx.store.build(source(*pairs()), ctx)
    return Site(root / "site", write_site(stored(ctx.store, artifact, "pairs"), root / "site"), ctx, artifact)
