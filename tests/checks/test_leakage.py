"""Leakage finds words of another language in an answer, and leaves alone what belongs there."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.checks.leakage import Leakage, Span, spans
from komainu.checks.leaks.words_zh import _WORDS, chinese_words
from tests.checks.helpers import answer, ifeval, judged, needs_fixtures, tanaka, tatoeba, utterances

JA_CLEAN = [
    "田中さんは駅に行きます。",
    "私はiPhone 15を買いました。",
    "NASAは月に行きます。",
    "Googleで検索します。",
    "５ｋｍ走りました。",
    "距離は5kmで、重さは3 kgです。",
    "機械学習（machine learning）を学びます。",
    "「good morning」は挨拶です。",
    "`print`を使います。",
    "```python\nwords = load()\n```を見てください。",
    "https://example.com/stationを見てください。",
    "ｶﾀｶﾅで書きます。",
    "変数xとyを足します。",
    "東京都庁。",
    "🎉おめでとうございます😊",
    "webサイトを作ります。",
    "v2.0を使います。",
    '{"who": "田中", "place": "駅"}',
    "不協和音を聞きます。",
    "我慢しました。",
    "(´Д｀) 疲れました。",
    "Go Toキャンペーンを使いました。",
    "麴町に行きます。",
]
JA_LEAKS = [
    ("田中さんはstationに行きます。", "latin", "station"),
    ("田中さんは station に行きます。", "latin", "station"),
    ("bookを読みます。", "latin", "book"),
    ("ｂｏｏｋを読みます。", "latin", "ｂｏｏｋ"),
    ("私はMondayに行きます。", "latin", "Monday"),
    ("田中さんはold carを買いました。", "latin", "old car"),
    ("「彼はstationに行きます。」", "latin", "station"),
    ("- 手袋\n- story\n- 犬", "latin", "story"),
    ('{"誰": "student", "場所": "駅"}', "latin", "student"),
    ("香蕉を食べます。", "chinese", "香蕉"),
    ("図书馆で本を読みます。", "simplified", "図书馆"),
    ("咖啡を飲みます。", "simplified", "咖啡"),
    ("駅に行きます。我的朋友也很高興。", "chinese", "我的朋友也很高興"),
    ("田中さんは역に行きます。", "hangul", "역"),
    ("これはпримерです。", "other", "пример"),
]
EN_CLEAN = [
    "He goes to the station.",
    "Sushi (寿司) is rice with fish.",
    'The character "犬" means dog.',
    "The character 「犬」 means dog.",
    "¯\\_(ツ)_/¯",
    "Café au lait, naïve, Zoë.",
    "`犬` is a string.",
    "```\n# 日本語\n```",
    "π is about 3.14 and α is small.",
    "🎉 Great!",
    "ＡＢＣ",
    '{"犬": 1}',
]
EN_LEAKS = [
    ("He goes to the 駅.", "kanji", "駅"),
    ("She drinks お茶 every day.", "kana", "お茶"),
    ("I bought a ﾃﾚﾋﾞ.", "kana", "ﾃﾚﾋﾞ"),
    ("The コーヒー is hot.", "kana", "コーヒー"),
    ("The 图书馆 is big.", "kanji", "图书馆"),
    ("The 역 is near.", "hangul", "역"),
    ("It is a пример of it.", "other", "пример"),
    ("He eats りんご and 魚.", "kana", "りんご"),
]


@pytest.mark.parametrize("text", JA_CLEAN)
def test_what_belongs_in_japanese_text_is_no_leak(text: str) -> None:
    assert spans(text, "ja") == []


@pytest.mark.parametrize(("text", "kind", "word"), JA_LEAKS)
def test_a_foreign_word_in_japanese_text_is_found_where_it_stands(text: str, kind: str, word: str) -> None:
    first = spans(text, "ja")[0]
    assert (first.kind, text[first.start : first.end]) == (kind, word)


@pytest.mark.parametrize("text", EN_CLEAN)
def test_what_belongs_in_english_text_is_no_leak(text: str) -> None:
    assert spans(text, "en") == []


@pytest.mark.parametrize(("text", "kind", "word"), EN_LEAKS)
def test_a_foreign_word_in_english_text_is_found_where_it_stands(text: str, kind: str, word: str) -> None:
    first = spans(text, "en")[0]
    assert (first.kind, text[first.start : first.end]) == (kind, word)


@pytest.mark.parametrize(
    "text",
    [
        "latency、traffic、errorsの三つです。",
        "spriteは画像の部品です。shaderは描画の処理です。",
        "`useState`はhookの一つです。",
        "型はnever型です。",
        "iso-プロパノールを使います。",
        "キムチ（김치）は漬物です。",
        "テンセント（腾讯）の製品です。",
        "看板には「Watch your step」とあります。",
        "Vaswani, A. (2017). Attention is all you need.\n有名な論文です。",
        "英語でhouseといえば家です。",
        "排他的な態度です。時候の挨拶です。弁護士です。最高興行収入です。",
        "返品交換不可。",
    ],
)
def test_terms_mentions_and_look_alikes_are_no_leaks(text: str) -> None:
    assert spans(text, "ja") == []


@pytest.mark.parametrize(
    "text",
    [
        "unit test、integration test、e2e testの順に広がります。",
        "stare decisisは先例拘束、mens reaは犯意、due processは適正手続です。",
        "deadstockは未使用の品、usedは使った品、reworkは作り直した服です。usedは安いです。",
        "callは買う権利、putは売る権利、strikeは行使価格です。vegaやdeltaで感応度を測ります。",
        "skinny、slim、straight、wideの順に太くなります。",
    ],
)
def test_what_an_answer_lists_or_explains_is_mentioned(text: str) -> None:
    assert spans(text, "ja") == []


def test_everyday_words_in_lists_and_as_topics_still_leak() -> None:
    assert spans("花、線香、lighter、掃除の道具を持っていきます。", "ja") != []
    assert spans("schoolは楽しいです。teacherは優しいです。friendも多いです。", "ja") != []
    assert spans("teacher、student、friendがいます。", "ja") != []


def test_words_that_are_rare_in_english_are_terms_and_frequent_ones_are_not() -> None:
    assert spans("彼はfianchettoに構えます。", "ja") == []
    assert spans("彼はdrawerに入れます。", "ja") != []
    assert spans("町はreformaに取り組みます。", "ja") != []  # rare in English, frequent in Spanish


def test_two_rare_words_show_that_terms_are_at_home() -> None:
    assert spans("bcryptかargonidを使い、saltを加えます。", "ja") == [] != spans("saltを加えます。", "ja")


def test_words_that_japanese_text_never_has_leak_where_terms_are_at_home() -> None:
    text = "Dockerは違いをeliminateできます。`build`で作り、containerをdeployします。"
    assert [text[s.start : s.end] for s in spans(text, "ja")] == ["eliminate"]


@pytest.mark.parametrize(
    ("text", "word"),
    [("差額をroughly30年分用意します。", "roughly"), ("塩です。Gradually、砂糖も足します。", "Gradually")],
)
def test_adverbs_leak_with_a_numeral_or_a_capital_too(text: str, word: str) -> None:
    assert [text[s.start : s.end] for s in spans(text, "ja")] == [word]


def test_plurals_of_everyday_words_leak_where_terms_are_at_home() -> None:
    assert spans("コマンドでapplesを選びます。", "ja") != []


def test_words_of_two_letters_are_abbreviations_unless_inside_a_katakana_word() -> None:
    assert spans("euは半回転のつなぎです。", "ja") == []
    assert spans("バナna を食べます。", "ja") != [] != spans("うどんor そばを食べます。", "ja")


def test_a_name_beside_its_reading_in_brackets_is_no_leak() -> None:
    assert spans("悠遊卡（EasyCard）を買います。", "ja") == [] != spans("悠遊卡を買います。", "ja")
    assert (
        spans("I like サカナクション (Sakanaction) a lot.", "en") == [] != spans("I like サカナクション a lot.", "en")
    )


def test_where_terms_are_at_home_everyday_words_still_leak() -> None:
    text = "`append`で足します。この方法はvery便利です。"
    assert [text[s.start : s.end] for s in spans(text, "ja")] == ["very"]
    assert spans("彼はhookを見ます。", "ja") == [] != spans("彼はmuseumを見ます。", "ja")


def test_an_answer_that_is_english_as_a_whole_leaks() -> None:
    assert Leakage()(answer("The dog runs to the station.", "犬はどこへ行きますか。", lang="ja")).startswith(
        "leakage: latin"
    )


@pytest.mark.parametrize("lang", ["ja", "en"])
@pytest.mark.parametrize(
    "unit", ["foo bar ", "a b、", "aは", "的", "你", "申し訳", "a/", "| a ", '"a":"b",', "第一に", "ァ", "ー", "(a "]
)
def test_long_text_of_any_kind_is_read_in_reasonable_time(unit: str, lang: str) -> None:
    started = time.process_time()
    spans(unit * (30_000 // len(unit)), lang)
    assert time.process_time() - started < 5


def test_spans_are_in_order_and_the_reason_counts_them() -> None:
    text = "bookと图书馆と역。"
    assert spans(text, "ja") == [Span(0, 4, "latin"), Span(5, 8, "simplified"), Span(9, 10, "hangul")]
    assert Leakage()(answer(text, lang="ja")) == "leakage: latin 'book' and 2 more"


@pytest.mark.parametrize(
    ("text", "asked", "meta"),
    [
        ("softmaxは関数です。", "softmaxとは何ですか。", {}),
        ("machine learningは便利です。", "machine learningについて教えてください。", {}),
        ("犬 means dog.", "What does 犬 mean?", {}),
        ("你好は挨拶です。谢谢はお礼です。", "中国語の挨拶を教えてください。", {}),
        ("안녕は挨拶です。", "韓国語の挨拶を教えてください。", {}),
        ("りんごは果物です。\n- apple\n- pear", "英単語を二つ教えてください。", {}),
        ("appleを食べる。", "英単語を残して訳してください。\nI eat an apple.", {"references": ["appleを食べる。"]}),
        ("wordをwordと言う。", "三回。", {"format": {"kind": "repeat", "text": "word", "n": 2}}),
        ("iPhoneを買った。", "Translate: I bought an iPhone.", {"task": "translate_ja"}),
        ("The meeting is over.", "英訳してください。会議は終わりました。", {"task": "translate_en"}),
        ("お礼の発音はxièxieです。", "中国語の四声を教えてください。", {}),
    ],
)
def test_what_the_question_brings_along_is_no_leak(text: str, asked: str, meta: dict[str, Any]) -> None:
    lang = "en" if text.startswith("犬") else "ja"
    assert Leakage()(answer(text, asked, lang=lang, **meta)) == ""


@pytest.mark.parametrize(
    ("text", "asked", "meta"),
    [
        ("田中はstationに行く。", "Translate: Tanaka goes to the station.", {"lang": "ja", "task": "translate_ja"}),
        ("Tanaka goes to the 駅.", "訳してください。\n田中は駅に行く。", {"lang": "en", "task": "translate_en"}),
        ("stationで食べました。", "He ate at the station.\nどこで食べましたか。", {"lang": "ja", "task": "language"}),
        ("He ate at the 駅.", "彼は駅で食べました。\nWhere did he eat?", {"lang": "en", "task": "questions"}),
    ],
)
def test_a_sentence_to_be_translated_does_not_excuse_its_words(text: str, asked: str, meta: dict[str, Any]) -> None:
    assert Leakage()(answer(text, asked, **meta)).startswith("leakage: ")


@needs_fixtures
def test_clean_japanese_has_no_leaks() -> None:
    rows = tatoeba("jpn") + tanaka() + utterances("asdc_main_dialogs.jsonl")
    found = [s for s in rows if spans(s, "ja")]
    assert len(found) <= 3, found  # ｓｆ and ｎａｓａ in small letters


@needs_fixtures
def test_clean_english_has_no_leaks() -> None:
    assert [s for s in tatoeba("eng", "jpn") if spans(s, "en")] == []


@needs_fixtures
def test_strong_models_leak_seldom_and_weak_ones_often() -> None:
    def share(rows: list[tuple[str, str]]) -> float:
        return sum(Leakage()(answer(text, asked, lang="ja")) != "" for asked, text in rows) / len(rows)

    assert share(ifeval("ja", "gpt-4o")) <= 0.01
    assert share(judged("phi-4")) <= 0.04
    assert share(judged("Mistral-Nemo")) >= 0.1
    assert share(ifeval("ja", "Qwen2.5-0.5B")) >= 0.07


@given(st.text("的子今天昨重要だの这這后ろ気气谢謝再见。不可以、外早上常a", max_size=30))
def test_chinese_words_are_found_one_after_another(text: str) -> None:
    assert [word.span() for word in chinese_words(text)] == [m.span() for m in re.finditer("|".join(_WORDS), text)]
