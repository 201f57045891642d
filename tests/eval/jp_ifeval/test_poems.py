"""Poems written with kanji, each with its true moras: what the readings of the dictionary must be good for."""

from __future__ import annotations

import pytest

from komainu.eval.bench.jp_ifeval.lexicon import counts

HAIKU = """
古池や 蛙飛びこむ 水の音
柿食えば 鐘が鳴るなり 法隆寺
夏草や 兵どもが 夢の跡
菜の花や 月は東に 日は西に
雪とけて 村いっぱいの 子どもかな
やせ蛙 負けるな一茶 これにあり
春の海 ひねもすのたり のたりかな
名月を 取ってくれろと 泣く子かな
荒海や 佐渡に横たふ 天の河
五月雨を 集めて早し 最上川
朝顔に つるべ取られて もらい水
我と来て 遊べや親の ない雀
いくたびも 雪の深さを 尋ねけり
遠山に 日の当たりたる 枯野かな
流れゆく 大根の葉の 早さかな
桐一葉 日当たりながら 落ちにけり
秋深き 隣は何を する人ぞ
この道や 行く人なしに 秋の暮
鶏頭の 十四五本も ありぬべし
金亀子 擲つ闇の 深さかな
水枕 ガバリと寒い 海がある
算術の 少年しのび 泣けり夏
冬蜂の 死にどころなく 歩きけり
残業後 終電逃し 星を見る
朝ごはん 味噌汁の湯気 立ちのぼる
雨上がり 水たまりには 青い空
給料日 財布の中は もう寒い
夕焼けに 影を並べて 帰り道
初雪に 犬も私も 走り出す
人生は 一度きりだと 父が言う
""".strip().splitlines()
BROKEN = {  # with a mora too many or too few, as their poets wanted it
    "雀の子 そこのけそこのけ お馬が通る": (5, 8, 7),
    "梅一輪 一輪ほどの 暖かさ": (6, 7, 5),
    "目には青葉 山ほととぎす 初鰹": (6, 7, 5),
    "赤い椿 白い椿と 落ちにけり": (6, 7, 5),
    "旅に病んで 夢は枯野を かけ廻る": (6, 7, 5),
    "分け入っても 分け入っても 青い山": (6, 6, 5),
    "図書館の 窓から見える 入道雲": (5, 7, 6),
    "母の日に 一本だけの カーネーション": (5, 7, 6),
}
POEMS = {poem: (5, 7, 5) for poem in HAIKU} | BROKEN


@pytest.mark.parametrize(("poem", "moras"), POEMS.items())
def test_a_poem_has_its_moras_in_some_standard_reading(poem: str, moras: tuple[int, ...]) -> None:
    assert all(n in counts(part) for part, n in zip(poem.split(), moras, strict=True))


def test_a_reading_of_old_poems_alone_is_not_known() -> None:
    """しずかさや: docs/jp-ifeval.md lists it as not covered."""
    assert 5 not in counts("閑さや")


def test_few_poems_scan_with_a_mora_more() -> None:
    wrong = [p for p, (_, n, _) in POEMS.items() if n + 1 in counts(p.split()[1])]
    assert len(wrong) <= 10
