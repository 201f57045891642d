from __future__ import annotations

import inspect
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from komainu.checks.instructions import english, japanese
from komainu.checks.instructions.base import KINDS, Instruction, arguments, followed, problem, variants, verdicts
from komainu.checks.instructions.language import detected
from komainu.checks.instructions.words import count_capital_words, count_sentences, count_words

TEXTS = st.text(
    st.characters(codec="utf-8") | st.sampled_from("*-・。！？「」『』《》[]().!?'\"\n A1第章の漢ひカ"), max_size=80
)
SAMPLES: dict[str, Any] = {"int": 2, "str": "a", "list[str]": ["a", "漢"], "Relation": "at least"}

CASES: list[tuple[str, dict[str, Any], str, bool]] = [
    ("change_case:capital_word_frequency", {"capital_relation": "less than", "capital_frequency": 2}, "ONE two", True),
    ("change_case:capital_word_frequency", {"capital_relation": "less than", "capital_frequency": 2}, "I'M", False),
    ("change_case:english_capital", {}, "THIS IS WHAT THE ANSWER SAYS TO YOU.", True),
    ("change_case:english_capital", {}, "THIS IS WHAT THE ANSWEr SAYS TO YOU.", False),
    ("change_case:english_lowercase", {}, "this is what the answer says to you.", True),
    ("change_case:english_lowercase", {}, "voici ce que la réponse vous dit aujourd'hui.", False),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say hello. "}, "\nsay HELLO. Hello!", True),
    ("combination:repeat_prompt", {"prompt_to_repeat": "Say hello."}, "Sure! Say hello.", False),
    ("combination:two_responses", {}, "one\n******\ntwo", True),
    ("combination:two_responses", {}, "one\n******\n one", False),
    ("combination:two_responses", {}, "one******two******three", False),
    ("combination:two_responses", {}, "one****** ******two", False),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "[name] [place]", True),
    ("detectable_content:number_placeholders", {"num_placeholders": 2}, "[name] [pla\nce]", False),
    ("detectable_content:postscript", {"postscript_marker": "P.S."}, "Yes.\np. s. no", True),
    ("detectable_content:postscript", {"postscript_marker": "P.P.S"}, "P.S. no", False),
    ("detectable_format:constrained_response", {}, "Well. My answer is no.", True),
    ("detectable_format:constrained_response", {}, "No.", False),
    ("detectable_format:json_format", {}, '```json\n{"a": 1}\n```', True),
    ("detectable_format:json_format", {}, 'Here: {"a": 1}', False),
    ("detectable_format:json_format", {}, "[" * 100_000, False),
    ("detectable_format:multiple_sections", {"section_spliter": "Day", "num_sections": 2}, "Day 1\na\nDay2\nb", True),
    ("detectable_format:multiple_sections", {"section_spliter": "Day", "num_sections": 2}, "DAY 1\nDay 2", False),
    ("detectable_format:number_bullet_lists", {"num_bullets": 2}, "* a\n  - b\n** c", True),
    ("detectable_format:number_bullet_lists", {"num_bullets": 1}, "* a\n* b", False),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 2}, "*a* and **b**", True),
    ("detectable_format:number_highlighted_sections", {"num_highlights": 1}, "* a\nb ** **", False),
    ("detectable_format:title", {}, "<<A poem>>", True),
    ("detectable_format:title", {}, "<< >> <A>", False),
    ("keywords:existence", {"keywords": ["cat", "a+b"]}, "Concatenate A+B", True),
    ("keywords:existence", {"keywords": ["cat", "dog"]}, "cat", False),
    ("keywords:forbidden_words", {"forbidden_words": ["cat"]}, "concatenate", True),
    ("keywords:forbidden_words", {"forbidden_words": ["cat"]}, "A CAT!", False),
    ("keywords:frequency", {"relation": "at least", "keyword": "cat", "frequency": 2}, "Cat cats", True),
    ("keywords:frequency", {"relation": "less than", "keyword": "cat", "frequency": 2}, "Cat cats", False),
    ("keywords:letter_frequency", {"let_relation": "at least", "letter": "#", "let_frequency": 2}, "## a", True),
    ("keywords:letter_frequency", {"let_relation": "less than", "letter": "n", "let_frequency": 1}, "No", False),
    ("language:response_language", {"language": "de"}, "Das ist eine Antwort in deutscher Sprache.", True),
    ("language:response_language", {"language": "de"}, "This is an answer in English, not German.", False),
    ("language:response_language", {"language": "de"}, "1 + 1 = 2", True),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "Cats"},
        'Dogs.\n\n"cats, I say',
        True,
    ),
    (
        "length_constraints:nth_paragraph_first_word",
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "cats"},
        "Dogs.\n\ncats\n\nbirds",
        False,
    ),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "***\na\n***\nb\n***", True),
    ("length_constraints:number_paragraphs", {"num_paragraphs": 2}, "a\n***\n***\nb", False),
    (
        "length_constraints:number_sentences",
        {"relation": "less than", "num_sentences": 2},
        "Dr. A. B. Smith came.",
        True,
    ),
    ("length_constraints:number_sentences", {"relation": "at least", "num_sentences": 2}, "One 3.5 two.", False),
    ("length_constraints:number_words", {"relation": "at least", "num_words": 4}, "It's well-known", True),
    ("length_constraints:number_words", {"relation": "less than", "num_words": 2}, "one two", False),
    ("punctuation:no_comma", {}, "one; two、three", True),
    ("punctuation:no_comma", {}, "1,000", False),
    ("startend:end_checker", {"end_phrase": "The end."}, 'So it was. "The END."\n', True),
    ("startend:end_checker", {"end_phrase": "The end."}, "The end. Really.", False),
    ("startend:quotation", {}, ' "all" ', True),
    ("startend:quotation", {}, '"', False),
]


@pytest.mark.parametrize(("name", "kwargs", "response", "right"), CASES)
def test_english(name: str, kwargs: dict[str, Any], response: str, right: bool) -> None:
    assert not problem(english.CHECKS, Instruction(name, kwargs))
    assert followed(english.CHECKS, response, Instruction(name, kwargs)) is right


def test_every_english_check_has_an_answer_that_passes_and_one_that_fails() -> None:
    assert len(english.CHECKS) == 25
    assert {(name, right) for name, _, _, right in CASES} == {(n, r) for n in english.CHECKS for r in (True, False)}


@pytest.mark.parametrize("checks", [english.CHECKS, japanese.CHECKS], ids=["english", "japanese"])
def test_every_argument_is_validated(checks: dict[str, Any]) -> None:
    for name, check in checks.items():
        wanted = arguments(check)
        assert next(iter(inspect.signature(check).parameters)) == "response" and set(wanted.values()) <= KINDS.keys()
        good = {arg: SAMPLES[kind] for arg, kind in wanted.items()}
        assert problem(checks, Instruction(name, good)) == ""
        assert "takes no 'colour'" in problem(checks, Instruction(name, good | {"colour": 1}))
        for arg in wanted:
            assert arg in problem(checks, Instruction(name, good | {arg: None}))
            assert "needs" in problem(checks, Instruction(name, {a: v for a, v in good.items() if a != arg}))


def test_an_unknown_instruction_names_the_nearest() -> None:
    wrong = problem(english.CHECKS, Instruction("keywords:existance", {}))
    assert "did you mean 'keywords:existence'" in wrong


@pytest.mark.parametrize("checks", [english.CHECKS, japanese.CHECKS], ids=["english", "japanese"])
@settings(max_examples=12, deadline=None)
@given(response=TEXTS)
def test_no_response_breaks_a_check_and_loose_holds_where_strict_does(checks: dict[str, Any], response: str) -> None:
    asked = [Instruction(n, {a: SAMPLES[k] for a, k in arguments(c).items()}) for n, c in checks.items()]
    found = verdicts(checks, response, asked)
    assert found == verdicts(checks, response, asked)
    assert all(loose or not strict for strict, loose in zip(found["strict"], found["loose"], strict=True))


def test_the_loose_readings_are_eight() -> None:
    whole, first, last, both = "Sure!\n*a*\nBye", "*a*\nBye", "Sure!\n*a*", "*a*"
    bare = [text.replace("*", "") for text in (whole, first, last, both)]
    assert sorted(variants(whole)) == sorted([whole, first, last, both, *bare])


def test_a_blank_response_follows_nothing() -> None:
    asked = [Instruction("punctuation:no_comma", {})]
    assert verdicts(english.CHECKS, " \n", asked) == {"strict": [False], "loose": [False]}


def test_the_language_is_the_same_on_every_call_and_leaves_the_library_as_it_was() -> None:
    from langdetect.detector_factory import DetectorFactory

    text = "ok bien gut sim da"
    assert len({detected(text) for _ in range(20)}) == 1
    assert DetectorFactory.seed is None


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("", 0),
        ("No mark at all", 1),
        ("One. Two! Three?", 3),
        ("Mr. Smith met Dr. Brown at 5 p.m. on 3.5 acres.", 1),
        ("He came at 5 p.m. The dog slept.", 2),
        ("Wait... what? Yes!!", 2),
        ('He said "No." Then he left.', 2),
        ("A heading\n\nIts sentence.", 1),
        ("1. First item.\n2. Second item.", 4),
    ],
)
def test_sentences(text: str, n: int) -> None:
    assert count_sentences(text) == n


@pytest.mark.parametrize("part", ["。", "a.", ")", ".)", "a.b", "!x"])
def test_sentences_of_a_text_without_spaces_take_time_in_proportion_to_its_length(part: str) -> None:
    assert count_sentences(part * 200_000 + "x") == 1


@pytest.mark.parametrize(
    ("text", "n"),
    [("A well-known NASA-led U.S. team", 2), ("DON'T", 2), ("CANNOT", 2), ("(NASA): 1ST, **YES**!", 3), ("Nasa", 0)],
)
def test_capital_words(text: str, n: int) -> None:
    assert count_capital_words(text) == n


def test_words_are_runs_of_letters_and_digits() -> None:
    assert count_words("It's 3.5 well-known snake_case") == 7
