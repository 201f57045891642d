"""Register tells polite from plain by the end of each sentence."""

from __future__ import annotations

import pytest

from komainu.checks.register import Register, register_of
from tests.checks.helpers import answer, needs_fixtures, utterances

POLITE = """行きます。|行きました。|行きません。|行きませんでした。|学生です。|学生でした。|行ってください。
行きますか。|いいですね！|そうですよ〜😊|行きますにゃ。|猫ですにゃん！|行きましょう。
そうでしょうか。|お願いいたします。|見ます|信じました|ございます。|ですが。|行きますので。
いらっしゃいませ。|高くないです。|「行く」と言いました。|食べたいです(笑)
承知いたしましたでござる。|静かではありません。|でしたっけ？|好きですw
本を五冊買いました (five books)。|ﾃﾚﾋﾞです。|42です。"""
PLAIN = """行く。|あなただ。|行った。|行かない。|行かなかった。|学生だ。|学生だった。|学生である。|高い。|静かだ。
行くか？|行くよ。|行くにゃ。|猫だにゃん！|行くでござる。|食べたでござる。|行こう。|食べよう。
だろうね。|じゃないか。|行くんだよ。|食べろ。|買う。|読む。|死ぬ。|泳ぐ。|話す。|待つ。|遊ぶ。
する。|励ます。|冷ました。|だます。|知らねえ。|働く。|いるの？|高かった。|「行きます」と言った。
泳いだ|できる|学生だったのだ。|食べたい|長い|五冊ある。|会った。|優しかった。|好きじゃない
文脈による。"""
NEITHER = """東京|駅。|はい。|ありがとう。|おはよう|本五冊|あなた|大きさ|お願い|違い|早く|三つ|わたし|Hello.
42|5km|こちら|東京で。|りんごとみかん|犬にゃ|山田でござる|まだ|どうぞ|コーヒー|みんな|🎉
ほしいもの|I go.|東京都庁。"""


def cases(text: str) -> list[str]:
    return text.replace("\n", "|").split("|")


@pytest.mark.parametrize("text", cases(POLITE))
def test_polite_endings(text: str) -> None:
    assert register_of(text) == "polite"


@pytest.mark.parametrize("text", cases(PLAIN))
def test_plain_endings(text: str) -> None:
    assert register_of(text) == "plain"


@pytest.mark.parametrize("text", [*cases(NEITHER), "```\n行く。\n```"])
def test_text_without_a_predicate_has_no_register(text: str) -> None:
    assert register_of(text) == "none"


@pytest.mark.parametrize(
    ("text", "register"),
    [
        ("駅に行きます。本を買う。", "mixed"),
        ("駅に行きます。本を買います。水を飲みます。帰ります。寝る。", "polite"),
        ("次の三つです。\n- 本を読む\n- 水を飲む\n- 早く寝る", "polite"),
        ("- 本を読む\n- 水を飲む", "plain"),
        ("# 本を読む\n毎日読みます。", "polite"),
        ("「駅に行きます。」", "polite"),
        ("彼は「行くよ。」と言いました。", "polite"),
        ("彼女は「行きます。」と言った。", "plain"),
    ],
)
def test_the_register_of_longer_texts(text: str, register: str) -> None:
    assert register_of(text) == register


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("行く。", "polite"),
        ("行きます。", "plain"),
        ("行くにゃ。", "polite"),
        ("行きます。行く。", "polite"),
        ("行きます。行く。", "plain"),
    ],
)
def test_the_other_register_and_a_mixed_one_fail(text: str, asked: str) -> None:
    assert Register()(answer(text, lang="ja", register=asked)).startswith("register: ")


@pytest.mark.parametrize(
    ("text", "asked"),
    [("行く。", "plain"), ("行きます。", "polite"), ("駅", "polite"), ("はい。", "plain"), ("行くにゃ。", "plain")],
)
def test_the_right_register_and_none_pass(text: str, asked: str) -> None:
    assert Register()(answer(text, lang="ja", register=asked)) == ""


def test_a_preferred_register_is_enforced_only_when_told_to() -> None:
    chat = answer("行く。", lang="ja", register="polite", preferred=True)
    assert Register()(chat) == ""
    assert Register(preferred=True)(chat) == "register: plain where polite was asked for, '行く。'"
    assert Register(preferred=True).id != Register().id


def test_english_answers_and_questions_without_a_register_pass() -> None:
    assert Register()(answer("行く。", lang="ja")) == ""
    assert Register()(answer("I go. 行く。", lang="en", register="polite")) == ""


@needs_fixtures
def test_service_dialogues_are_polite() -> None:
    found = [register_of(text) for text in utterances("asdc_main_dialogs.jsonl")]
    told = [r for r in found if r != "none"]
    assert told.count("polite") / len(told) >= 0.93
    assert told.count("mixed") / len(told) <= 0.03
