"""Truncation finds answers that break off, and leaves short and unpunctuated ones alone."""

from __future__ import annotations

import pytest

from komainu.checks.truncation import Truncation
from tests.checks.helpers import answer, ifeval, needs_fixtures, tanaka, tatoeba, utterances

WHOLE = [
    "駅に行きます。",
    "駅に行きます",
    "駅",
    "東京都千代田区",
    "田中さんの本",
    "本を五冊",
    "はい、そうですね😊",
    "そうなんですか〜",
    "- 犬\n- 猫",
    "1. 駅に\n2. 公園で",
    "彼は「行く」と言いました。",
    "a) 犬\nb) 猫",
    "楽しかった(^o^)",
    "すごい:(",
    '{"who": "田中"}',
    "```python\nx = [1,\n```",
    "| a | b |",
    "五万円",
    "こんにちは",
    "ﾊﾝｶｸﾃﾞｽ。",
    "よろしくお願いいたします。\n株式会社犬 田中",
    "12:30",
    "明日行くかも",
    "The dog runs.",
    "five books",
    "The Lord of the Rings",
    "Tanaka",
    "Yes",
    "https://example.com/a_(b)",
    "He is 6'2\" tall.",
    "Roses are red\nViolets are blue\nI am a poet\nAnd so are you",
    "at the station",
    "Done! 🎉",
    "x = 3",
    '"The dog runs.\n\nThe cat sleeps."',
    "最初に（括弧を忘れた。\n\n次の段落です。",
    "wait for",
    "ハンバーガーを四個",
]
CUT = [
    "田中さんは昨日、",
    "田中さんは公園で",
    "田中さんは公園で本を",
    "私は駅に行きまし",
    "私は毎日パンを食べませ",
    "田中さんは学校で新しい本を読んで、それから",
    "彼は「行く",
    "犬（小さい",
    "公園で本を読み",
    '{"who": "田中", "wh',
    '{"who": "田中"',
    "```python\nprint('犬",
    "The dog runs to the",
    "The dog runs,",
    "I think that he is going to",
    "She went to the station and bought a new",
    "He said (quietly",
    '[{"a": 1}, {"b":',
    "We can use the follow-",
    'He said, "I will',
]


@pytest.mark.parametrize("text", WHOLE)
def test_a_whole_answer_passes(text: str) -> None:
    assert Truncation()(answer(text)) == ""


@pytest.mark.parametrize("text", CUT)
def test_an_answer_that_breaks_off_fails(text: str) -> None:
    assert Truncation()(answer(text)).startswith("truncation: ")


def test_a_translation_keeps_the_full_stop_of_its_source() -> None:
    check, task = Truncation(), "translate_ja"
    assert check(answer("駅に行きます", "Translate.\nI go to the station.", task=task)) != ""
    assert check(answer("駅に行きます。", "Translate.\nI go to the station.", task=task)) == ""
    assert check(answer("駅", "Translate.\nstation", task=task)) == ""


def test_a_repeated_phrase_is_not_broken_off() -> None:
    text = "listen to, listen to, listen to"
    assert Truncation()(answer(text)) != ""
    assert Truncation()(answer(text, format={"kind": "repeat", "text": "listen to", "n": 3})) == ""


@needs_fixtures
def test_whole_real_sentences_pass_and_half_of_the_cut_ones_fail() -> None:
    check = Truncation()
    for rows in (tatoeba("jpn") + tanaka(), tatoeba("eng", "jpn")):
        assert not [s for s in rows if check(answer(s))]
        cut = [s[: len(s) * 2 // 3] for s in rows if len(s) >= 12]
        assert sum(check(answer(s)) != "" for s in cut) / len(cut) >= 0.45


@needs_fixtures
def test_finished_answers_pass_and_those_cut_by_a_token_limit_do_not() -> None:
    def share(rows: list[tuple[str, str]]) -> float:
        return sum(Truncation()(answer(text)) != "" for _, text in rows) / len(rows)

    assert share(ifeval("ja", "gpt-4o")) <= 0.01 and share(ifeval("en", "gpt-4o")) <= 0.01
    assert share([("", s) for s in utterances("realpersonachat_300.jsonl")]) <= 0.03
    assert share(ifeval("ja", "Qwen2.5-0.5B")) >= 0.15
