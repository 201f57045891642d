"""Language fails when most of the answer is in another language, and stays undecided rather than wrong."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.checks.language import _FOREIGN, ENGLISH, Language, Tally, counts, language_of, tallied, weight
from komainu.checks.scripts import LATIN, looks_chinese, simplified
from tests.checks.helpers import answer, ifeval, needs_fixtures, tatoeba

JA_RIGHT = [
    "私は駅に行きます。",
    "東京大学",  # kanji only: nobody can tell
    "国立国会図書館。",
    "ｶﾀｶﾅﾀﾞｹﾃﾞｽ",
    "42",
    "５ｋｍ",
    "OK",
    "NASAです。",
    "😊🎉",
    "print('hello')を実行すると、helloと表示されます。",
    "```python\nfor word in words:\n    print(word)\n```",
    '{"who": "田中", "where": "駅"}',
    '{"who": "", "where": ""}',
    "https://example.com/the/page/about/this",
    "Python と Java と JavaScript と Rust を使います",
    "「I have a dream that one day」という演説が有名です。",
    "Café de Parisは本店です。",
    "々",
]
JA_WRONG = [
    ("I go to the station.", "English"),
    ("Yes.", "English"),
    ("the station", "English"),
    ("我们去车站。", "Chinese"),
    ("這是我的書。", "Chinese"),
    ("他不是学生，我也不是。", "Chinese"),
    ("저는 역에 갑니다.", "Korean"),
    ("Я иду на станцию.", "another"),
    ("Je vais à la gare avec mon ami.", "another"),
    ("The word 犬 means dog in this sentence.", "English"),
    ("在这个问题上，我认为の是不对的，因为我们没有时间。", "Chinese"),
    ("１．Ｔｈｅ　ｄｏｇ　ｉｓ　ｂｉｇ．", "English"),
]
EN_RIGHT = [
    "I go to the station.",
    "Tanaka",
    "42 km",
    "He said 「駅」 to me and I went there.",
    'The Japanese for "dog" is "犬" and for "cat" it is "猫".',
    "¯\\_(ツ)_/¯ I don't know.",
    "🎉",
    '{"who": "Tanaka"}',
    "x = 3",
    "```\n日本語のコメント\n```",
    "Sushi (寿司) is rice with fish.",
    "The ＮＡＳＡ rocket flew.",
]
EN_WRONG = [
    ("私は駅に行きます。", "Japanese"),
    ("駅", "kanji"),
    ("ﾊｲ", "Japanese"),
    ("我们去车站。", "Chinese"),
    ("저는 역에 갑니다.", "Korean"),
    ("Je vais à la gare avec mon ami et ma sœur.", "another"),
    ("Ich gehe mit meinem Freund zu dem Bahnhof und ich bin froh.", "another"),
    ('{"who": "田中さん"}', "Japanese"),
    ("Voy a la estación con mi amigo para ver el tren.", "another"),
]


@pytest.mark.parametrize("text", JA_RIGHT)
def test_a_japanese_answer_or_one_in_no_language_passes_where_japanese_is_asked(text: str) -> None:
    assert Language()(answer(text, lang="ja")) == ""


@pytest.mark.parametrize(("text", "language"), JA_WRONG)
def test_another_language_fails_where_japanese_is_asked(text: str, language: str) -> None:
    assert Language()(answer(text, lang="ja")).startswith(f"language: {language}")


@pytest.mark.parametrize("text", EN_RIGHT)
def test_an_english_answer_or_one_in_no_language_passes_where_english_is_asked(text: str) -> None:
    assert Language()(answer(text, lang="en")) == ""


@pytest.mark.parametrize(("text", "language"), EN_WRONG)
def test_another_language_fails_where_english_is_asked(text: str, language: str) -> None:
    assert Language()(answer(text, lang="en")).startswith(f"language: {language}")


def test_a_name_from_the_question_is_in_no_language_but_an_echo_is() -> None:
    assert Language()(answer("Visual Studio Code", "Visual Studio CodeとVimのどちらが好きですか。", lang="ja")) == ""
    echo = "The dog runs in the park."
    assert Language()(answer(echo, f"日本語に訳してください。\n{echo}", lang="ja", task="translate_ja")) != ""


def test_without_a_language_asked_for_everything_passes() -> None:
    assert Language()(answer("저는 역에 갑니다.")) == ""


def test_simplified_characters_are_those_no_shift_jis_text_can_hold() -> None:
    assert len(simplified()) == 3383
    assert set("们这说车书图馆爸啡") <= simplified()
    assert not set("国学会来体点猫犬珉琦赶麴") & simplified()


@pytest.mark.parametrize(
    "text", ["公的事業", "不協和音", "都道府県庁所在地", "東西南北", "他人事", "我慢", "是非", "目的地到着時刻"]
)
def test_japanese_runs_of_kanji_do_not_look_chinese(text: str) -> None:
    assert not looks_chinese(text)


@needs_fixtures
def test_real_sentences_are_told_apart() -> None:
    right = {code: [language_of(s) for s in tatoeba(code)] for code in ("jpn", "cmn", "kor")}
    assert right["jpn"].count("ja") >= 995 and set(right["jpn"]) <= {"ja", "han"}
    assert right["kor"].count("ko") == 1000
    assert right["cmn"].count("zh") >= 940 and not {"ja", "en", "ko"} & set(right["cmn"])
    for other in ("jpn", "cmn", "kor"):
        assert [language_of(s) for s in tatoeba("eng", other)].count("en") == 1000


@needs_fixtures
def test_a_strong_models_answers_are_in_the_language_asked() -> None:
    for lang, least in (("ja", 1.0), ("en", 0.99)):
        rows = ifeval(lang, "gpt-4o")
        fine = [Language()(answer(text, asked, lang=lang)) == "" for asked, text in rows]
        assert sum(fine) / len(fine) >= least


TOKENS = [
    "the",
    "The",
    "don't",
    "Don’t",
    "der",
    "Tokyo",
    "km",
    "é",
    "Ａｂ",
    "a.b",
    "x_y",
    "9a-b",
    "_f-g",
    "’tis",
    "日本",
    "I",
]
BETWEEN = [" ", "-", ", ", "\n", ".", "'", "(", "/", "_", "—", "7", "\x00"]


@given(st.lists(st.sampled_from(TOKENS) | st.sampled_from(BETWEEN) | st.text(max_size=3), max_size=20).map("".join))
def test_words_are_told_as_each_is_told_alone(text: str) -> None:
    tokens = re.findall(rf"(?<![{LATIN}\d_])[{LATIN}][{LATIN}\d_'’.@/+-]*", text)
    words = [token for token in tokens if counts(token)]
    plain = [word.lower().replace("’", "'").strip(".'-") for word in words]
    foreign, english = (sum(word in known for word in plain) for known in (_FOREIGN, ENGLISH))
    names = all(word[0].isupper() for word in words)
    assert tallied(text) == Tally(len(words), sum(map(weight, words)), english, foreign, names)
