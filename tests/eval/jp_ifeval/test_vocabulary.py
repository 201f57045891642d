"""Answers for the checks of the vocabulary family."""

from __future__ import annotations

from typing import Any

import pytest

from tests.eval.jp_ifeval.cases import Case, each, few, verdict

CASES = [
    Case(
        "season_words",
        {"season": "春", "count": 3},
        right=[
            "桜、鶯、菜の花",
            "さくら、うぐいす、なのはな",
            "1. 春風\n2. 雪解け\n3. 蛙",
            "タンポポ／すみれ／つくし",
            "「梅」「桃の花」「藤」",
            "**花見**\n**雛祭り**\n**卒業**",
        ],
        wrong=[
            "桜、鶯",
            "桜、さくら、鶯",
            "桜、鶯、蝉",
            "桜、鶯、紅葉",
            "桜、鶯、机",
            "春の季語は桜、鶯、菜の花です",
            "桜、鶯、菜の花、梅",
        ],
    ),
    Case("season_words", {"season": "秋", "count": 2}, right=["七夕、朝顔", "月見、西瓜"], wrong=["七夕、向日葵"]),
    Case(
        "season_used",
        {"season": "冬"},
        right=[
            "初雪や足跡ひとつ",
            "ゆきのあさ\nまどをあければ",
            "こたつでみかんを食べる",
            "オリオンを見上げる",
            "師走の街は忙しい",
            "木枯らしが吹く",
            "雪が降る",
        ],
        wrong=["雪解け水が光る", "桜が咲く", "夏の海", "まちにでる", "こゆきのような", "蝉が鳴く", "暑い日だ"],
    ),
    Case(
        "season_used",
        {"season": "秋"},
        right=["月が出た", "虫の声がする"],
        wrong=["来月の予定", "虫歯が痛い", "花火大会"],
    ),
    Case("season_used", {"season": "春"}, right=["雪解け水が光る", "はるがきた"], wrong=["紅葉だ", "もはるかな道"]),
    Case(
        "onomatopoeia",
        {"count": 2},
        right=[
            "雨がざあざあ、風がびゅうびゅう。",
            "キラキラ光る星とふわふわの雲",
            "うさぎがぴょんぴょん、かえるがけろけろ",
            "ひっそりした夜に、のんびりする",
            "ﾜﾝﾜﾝとﾆｬﾝﾆｬﾝ",
            "ズキズキ、チクチク痛い",
            "か\u3099たか\u3099た、ごろごろ",
        ],
        wrong=[
            "雨がざあざあ、ざあざあ。",
            "いろいろ、ますます、まだまだ",
            "雨が強く降る。",
            "きらきらとキラキラ",
            "ざあざあ降る日にそもそもたびたび",
            "静かな夜",
        ],
    ),
    Case(
        "exact_count",
        {"keyword": "がく", "count": 2},
        right=["がくとがく", "がくせい、おんがく", "か\u3099くとがく", "「がく」がく！", "**がく** がく", "がくがく"],
        wrong=["がく", "がくがくがく", "ガクとガク", "かくとかく", "学と学", "が くが く"],
    ),
    Case(
        "forbidden",
        {"words": ["猫", "ねこ"]},
        right=["にゃあと鳴く動物", "犬がいる。", "ネズミ", "子犬", "neko", "寝転ぶ"],
        wrong=["猫がいる", "ねこ", "ネコ", "ﾈｺ", "子猫", "ねころぶ", "**猫**"],
    ),
    Case(
        "pronoun",
        {"pronoun": "僕"},
        right=[
            "僕は走る。",
            "それは僕の本だ。君も読むか。",
            "僕が行く。僕に任せて。",
            "「僕だよ」と言った。",
            "僕には夢がある",
            "**僕**は学生だ。",
        ],
        wrong=[
            "私は走る。",
            "僕と俺は走る。",
            "ぼくは走る。",
            "ボクは走る。",
            "走る。",
            "僕は走る。わたしもだ。",
            "下僕になった。",
        ],
    ),
    Case("pronoun", {"pronoun": "吾輩"}, right=["吾輩は猫である。"], wrong=["我輩は猫である。", "吾輩と私"]),
    Case(
        "pronoun",
        {"pronoun": "わたくし"},
        right=["わたくしが参ります。"],
        wrong=["私が参ります。", "わたしが参ります。"],
    ),
    Case(
        "no_pronouns",
        {},
        right=[
            "田中君が来た。",
            "きみどり色",
            "これはそこにある。",
            "公園で遊んだ。",
            "私立の学校",
            "彼岸花が咲く。",
            "先生はおっしゃった。",
        ],
        wrong=["彼が来た。", "私は走る。", "君の名前", "あなたへ", "彼女と話す。", "おれは行く。", "お前もか"],
    ),
]


@pytest.mark.parametrize(("check", "kwargs", "answer", "right"), each(CASES))
def test_vocabulary(check: str, kwargs: dict[str, Any], answer: str, right: bool) -> None:
    assert verdict(check, kwargs, answer) is right


def test_every_check_has_enough_answers() -> None:
    assert few(CASES, "vocabulary") == {}
