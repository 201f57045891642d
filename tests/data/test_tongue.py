"""The language an answer is looked at as, where neither its row nor the user says one."""

from __future__ import annotations

import pytest

from komainu.checks.language import language_of
from komainu.data.check.lookers import Answers
from komainu.data.check.reading import Line
from komainu.data.check.tongue import tongue
from komainu.rows import Chat, Message

JA = "京都は長い歴史のある町で、春になるとたくさんの人が桜を見に来ます。"
EN = "Kyoto is a city with a long history, and many people come in spring to see the cherry trees."
ZH = "京都是一个历史悠久的城市，春天的时候很多人来这里看樱花。"
KO = "교토는 긴 역사를 가진 도시이며 봄이 되면 많은 사람들이 벚꽃을 보러 옵니다."
DE = "Kyoto ist eine Stadt mit einer langen Geschichte, und im Frühling kommen viele Menschen, die auf die Bäume sehen."


def asked(answer: str, *said: str) -> str:
    """What the last of some requests makes of an answer; a system turn stands before them when there are two."""
    roles = ("user",) if len(said) == 1 else ("system", "user")
    messages = tuple(Message(role, text) for role, text in zip(roles, said, strict=True))  # type: ignore[arg-type]
    return tongue(Chat("1", (*messages, Message("assistant", answer))), language_of(answer))


@pytest.mark.parametrize(
    ("request_", "answer", "told"),
    [
        ("京都について教えて。", JA, "ja"),
        ("京都について教えて。", ZH, "ja"),
        ("京都について教えて。", EN, "ja"),
        ("京都について教えて。", KO, "ja"),
        ("Tell me about Kyoto.", ZH, "en"),
        ("Tell me about Kyoto.", DE, "en"),
        ("Tell me about Kyoto.", JA, "en"),
        ("Tell me about Kyoto in Japanese.", JA, "ja"),
        ("Tell me about Kyoto in Japanese.", ZH, "ja"),
        ("Answer in Japanese: what is Kyoto known for?", EN, "ja"),
        ("京都について英語で答えて。", JA, "en"),
        ("次の英文を日本語に訳して。\nKyoto is old, and many people come to see it.", EN, "ja"),
        ("次の英文を要約して。\nKyoto is old, and many people come to see it.", EN, "en"),
    ],
    ids=[f"request {n}" for n in range(13)],
)
def test_an_answer_is_to_be_in_the_language_of_its_request_or_in_the_one_it_names(
    request_: str, answer: str, told: str
) -> None:
    assert asked(answer, request_) == told


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        ("次の文を中国語に訳して。京都は古い町です。", ZH),
        ("What is Kyoto? Use only Korean in your answer.", KO),
        ("Describe Kyoto in German.", DE),
        ("Write about Kyoto, no other language than Swahili is allowed.", DE),
        ("京都を韓国語で紹介して。", KO),
        ("京都是什么样的城市？请介绍一下这里的历史和春天。", ZH),
    ],
    ids=["translation", "only", "in", "languages", "about", "in itself"],
)
def test_an_answer_in_a_language_that_was_spoken_of_is_looked_at_as_none_of_the_two(request_: str, answer: str) -> None:
    assert asked(answer, request_) == ""


def test_what_was_said_before_the_last_request_may_name_the_language() -> None:
    assert asked(JA, "Tell me about Kyoto.") == "en"
    assert asked(JA, "You always answer in Japanese.", "Tell me about Kyoto.") == "ja"


def test_a_japanese_question_about_an_english_text_may_be_answered_in_japanese() -> None:
    text = "When testing the new model on this task, we found that it surpasses the old one across all contexts. " * 3
    assert asked(JA, f"{text}\nこれを一言で。") == "ja"


def test_an_answer_in_no_language_is_looked_at_as_none() -> None:
    assert asked("42", "京都の人口は？") == ""


def faults(answer: str, request: str, lang: str = "", **meta: str) -> set[str]:
    row = Chat("1", (Message("user", request), Message("assistant", answer)), dict(meta))
    return {problem.name for problem in Answers(lang)([Line("x.jsonl:1", "1", "messages", row)])}


def test_an_answer_in_another_language_than_asked_for_is_a_problem_unless_the_row_or_the_user_says_so() -> None:
    assert {"language"} <= faults(ZH, "京都について教えて。")
    assert "language" not in faults(JA, "京都について教えて。")
    assert "language" not in faults(JA, "Tell me about Kyoto.", lang="ja")
    assert "language" not in faults(JA, "Tell me about Kyoto.", **{"lang": "ja"})
