from __future__ import annotations

from typing import Any

import pytest

from komainu.checks.instructions.base import Instruction, followed, problem
from komainu.checks.instructions.japanese import CHECKS
from komainu.checks.instructions.tokens import count_sentences

LEAST, BELOW = "以上", "未満"
CASES: list[tuple[str, dict[str, Any], str, bool]] = [
    ("combination:repeat_prompt", {"prompt_to_repeat": "書いて。"}, " 書いて。はい。", True),
    ("combination:repeat_prompt", {"prompt_to_repeat": "書いて。"}, "はい。書いて。", False),
    ("combination:two_responses", {}, "一つ\n******\n二つ", True),
    ("combination:two_responses", {}, "一つ", False),
    ("detectable_content:number_placeholders", {"num_placeholders": 1}, "[名前]様", True),
    ("detectable_content:number_placeholders", {"num_placeholders": 1}, "［名前］様", False),
    ("detectable_content:postscript", {"postscript_marker": "追伸"}, "以上。\n追伸 また。", True),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S."}, "P.S. また。", False),
    ("detectable_format:constrained_response", {}, "はい、そうです。", True),
    ("detectable_format:constrained_response", {}, "はい。", False),
    ("detectable_format:json_format", {}, '```\n{"答え": "はい"}\n```', True),
    ("detectable_format:json_format", {}, "｛｝", False),
    (
        "detectable_format:multiple_sections",
        {"section_spliter": "章", "num_sections": 2},
        "第1章\nあ\n第２章\nい",
        True,
    ),
    ("detectable_format:multiple_sections", {"section_spliter": "章", "num_sections": 2}, "第一章\n第二章", False),
    ("detectable_format:nominal_ending", {"count": 1}, "見上げれば青い空。きれいだ。", True),
    ("detectable_format:nominal_ending", {"count": 1}, "「青い空。」と言いました。", False),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "・一\n　・二\n・・三", True),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "- 一\n- 二", False),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "《一》《二》《 》", True),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "《一》《》", False),
    ("detectable_format:number_numbered_lists", {"num_items": 2}, "1. 一\n 2. 二", True),
    ("detectable_format:number_numbered_lists", {"num_items": 2}, "1.一\n2.二", False),
    ("detectable_format:title", {}, "『春』", True),
    ("detectable_format:title", {}, "「春」『 』", False),
    ("keywords:existence", {"keywords": ["猫", "庭"]}, "猫が庭で寝る。", True),
    ("keywords:existence", {"keywords": ["京都"]}, "東京都に住む。", False),
    ("keywords:forbidden_words", {"forbidden_words": ["京都"]}, "東京都に住む。", True),
    ("keywords:forbidden_words", {"forbidden_words": ["猫"]}, "猫が寝る。", False),
    ("keywords:frequency", {"relation": LEAST, "keyword": "猫", "frequency": 2}, "猫が猫を見る。", True),
    ("keywords:frequency", {"relation": BELOW, "keyword": "猫", "frequency": 2}, "猫が猫を見る。", False),
    ("keywords:letter_frequency", {"let_relation": LEAST, "letter": "か", "let_frequency": 2}, "かカ", True),
    ("keywords:letter_frequency", {"let_relation": LEAST, "letter": "か", "let_frequency": 2}, "かがｶ", False),
    ("language:response_language", {"language": "fr"}, "Voici une réponse écrite en français.", True),
    ("language:response_language", {"language": "fr"}, "これは日本語の答えです。", False),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "愛"},
        "一。\n\n「愛」は二。",
        True,
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "愛"},
        "一。\n愛は二。",
        False,
    ),
    ("length_constraints:number_letters", {"relation": LEAST, "num_letters": 4}, "あい\nう", True),
    ("length_constraints:number_letters", {"relation": BELOW, "num_letters": 4}, "あいうえ", False),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "一\n***\n二", True),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "一\n\n二", False),
    ("length_constraints:number_sentences", {"relation": BELOW, "num_sentences": 3}, "一だ。二だ！", True),
    ("length_constraints:number_sentences", {"relation": LEAST, "num_sentences": 3}, "「一。二。」と三。", False),
    ("letters:furigana", {}, "漢字（かんじ）を書（か）く", True),
    ("letters:furigana", {}, "漢字（カンジ）を書く", False),
    ("letters:hiragana_only", {}, "らーめん、１ぱい！", True),
    ("letters:hiragana_only", {}, "ひらがなとカナ", False),
    ("letters:kanji", {"relation": LEAST, "kanji_limit": 2}, "漢字", True),
    ("letters:kanji", {"relation": BELOW, "kanji_limit": 2}, "漢字", False),
    ("letters:kansuuji", {}, "三人", True),
    ("letters:kansuuji", {}, "３人", False),
    ("letters:katakana_only", {}, "カタカナ・ｶﾅー。", True),
    ("letters:katakana_only", {}, "カタカナだけ", False),
    ("letters:no_hiragana", {}, "漢字・カナ", True),
    ("letters:no_hiragana", {}, "ゔ", False),
    ("letters:no_katakana", {}, "らーめん・そば", True),
    ("letters:no_katakana", {}, "ｶ", False),
    ("punctuation:no_comma", {}, "一, 二", True),
    ("punctuation:no_comma", {}, "一、二", False),
    ("punctuation:no_period", {}, "一. 二", True),
    ("punctuation:no_period", {}, "一。", False),
    ("startend:end_checker", {"end_phrase": "おわり。"}, "「めでたし。おわり。」", True),
    ("startend:end_checker", {"end_phrase": "おわり。"}, "おわり。では。", False),
    ("startend:quotation", {}, "「全部」\n", True),
    ("startend:quotation", {}, "『全部』", False),
    ("startend:sentence_unified_end", {"ending": "です"}, "一です。「二だ。」三です！", True),
    ("startend:sentence_unified_end", {"ending": "です"}, "一です。二だ。", False),
]


@pytest.mark.parametrize(("name", "kwargs", "response", "right"), CASES)
def test_japanese(name: str, kwargs: dict[str, Any], response: str, right: bool) -> None:
    assert not problem(CHECKS, Instruction(name, kwargs))
    assert followed(CHECKS, response, Instruction(name, kwargs)) is right


def test_every_japanese_check_has_an_answer_that_passes_and_one_that_fails() -> None:
    assert len(CHECKS) == 33
    assert {(name, right) for name, _, _, right in CASES} == {(n, r) for n in CHECKS for r in (True, False)}


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("", 0),
        ("一だ", 1),
        ("一だ。二だ！三だ？", 3),
        ("見出し\n\n一だ。", 2),
        ("「一。二。」だ。", 1),
        ("春の\n空だ。", 1),
    ],
)
def test_sentences(text: str, n: int) -> None:
    assert count_sentences(text) == n
