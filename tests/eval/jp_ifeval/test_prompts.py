"""The prompts: as many as promised, all different, valid, and each followed by an answer that was written for it."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.eval.bench.jp_ifeval.bench import JpIFEval, JpIFEvalItems
from komainu.eval.bench.jp_ifeval.checks import CHECKS, FAMILIES
from komainu.eval.bench.jp_ifeval.counting import spoken_as
from komainu.eval.bench.jp_ifeval.kana import SMALL, VOWEL, VOWELS, hiragana
from komainu.eval.bench.jp_ifeval.tables import rows, words
from komainu.rows import Chat
from tests.eval.jp_ifeval.cases import verdict

ITEMS = JpIFEvalItems().rows()
FILE = Path(__file__).with_name("answers.jsonl")
ANSWERS = [json.loads(line) for line in FILE.read_text(encoding="utf-8").splitlines()]
SAID = {row["id"]: row["response"] for row in ANSWERS}


def asked(name: str) -> list[dict[str, Any]]:
    """The arguments of every instruction of a type."""
    return [one["kwargs"] for item in ITEMS for one in item.meta["instructions"] if one["id"] == name]


def prompt(item: Chat) -> str:
    return item.messages[0].content


def test_other_prompts_are_other_items() -> None:
    other = JpIFEvalItems(sha256="0" * 64)
    assert other.id != JpIFEvalItems().id and any("the prompts of this version" in wrong for wrong in other.check())
    assert [*JpIFEvalItems().check()] == []


def test_there_are_as_many_prompts_and_types_as_promised() -> None:
    types = Counter(JpIFEval().group(item) for item in ITEMS)
    assert len(ITEMS) >= 240 and len(CHECKS) >= 32
    assert types.keys() == CHECKS.keys() and min(types.values()) >= 4
    assert sum(map(len, FAMILIES.values())) == len(CHECKS)
    assert all(item.id.startswith(f"jp-ifeval-{JpIFEval().group(item)}-") for item in ITEMS)


def test_no_prompt_is_like_another() -> None:
    grams = [{prompt(i)[n : n + 3] for n in range(len(prompt(i)) - 2)} for i in ITEMS]
    assert max(len(a & b) / len(a | b) for a, b in combinations(grams, 2)) < 0.35


def test_a_prompt_asks_for_each_type_once() -> None:
    for item in ITEMS:
        names = [one["id"] for one in item.meta["instructions"]]
        assert len(names) == len(set(names)), item.id
        assert item.meta["licence"] == "Apache-2.0" and item.meta["lang"] == "ja"


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: str(item.id))
def test_every_prompt_can_be_followed(item: Chat) -> None:
    assert all(JpIFEval().verdict(item.with_reply(SAID[item.id]))["strict"])


def test_every_answer_belongs_to_a_prompt() -> None:
    assert [row["id"] for row in ANSWERS] == [item.id for item in ITEMS]


@pytest.mark.parametrize(
    ("answer", "most"),
    [
        ("はい、わかりました。", 6),
        ("こんにちは！何かお手伝いできることはありますか？", 9),
        ("I am sorry, I cannot do that.", 0),
    ],
)
def test_an_answer_that_does_nothing_passes_almost_nowhere(answer: str, most: int) -> None:
    assert sum(all(JpIFEval().verdict(item.with_reply(answer))["strict"]) for item in ITEMS) <= most


def test_the_answer_to_another_prompt_of_the_type_is_seldom_right() -> None:
    """What is asked differs from prompt to prompt of a type, so an answer does not fit them all."""
    right = pairs = 0
    for one, other in combinations(ITEMS, 2):
        if JpIFEval().group(one) == JpIFEval().group(other):
            pairs += 1
            right += all(JpIFEval().verdict(one.with_reply(SAID[other.id]))["strict"])
    assert right / pairs < 0.25


@given(st.sampled_from(ITEMS), st.text(alphabet='あんっーｶ漢雨々1２a 　。、\n「」（）[]【】#-*|→:{}"', max_size=60))
def test_any_answer_gets_a_verdict(item: Chat, answer: str) -> None:
    found = JpIFEval().verdict(item.with_reply(answer))
    assert {len(marks) for marks in found.values()} == {len(item.meta["instructions"])}
    assert all(loose >= strict for strict, loose in zip(found["strict"], found["loose"], strict=True))


@pytest.mark.parametrize("loop", ["あ", "。", "「", "漢（あ）", "生", "りす、", "→", "[", "ab ", "雨\n", "一"])
def test_an_answer_that_loops_gets_a_verdict(loop: str) -> None:
    for name, kwargs in {one["id"]: one["kwargs"] for item in ITEMS for one in item.meta["instructions"]}.items():
        assert verdict(name, kwargs, "犬は" + loop * (20_000 // len(loop))) in (True, False)


def dictionary_order(word: str) -> str:
    """The key of JIS X 4061: ー as its vowel, voiced as plain, small as large."""
    key = ""
    for c in hiragana(word):
        large = VOWELS[VOWEL[key[-1]]] if c == "ー" else SMALL.get(c, "つ" if c == "っ" else c)
        key += unicodedata.normalize("NFD", large)[0]
    return key


def test_the_words_to_be_sorted_are_given_in_their_right_order() -> None:
    for kwargs in asked("gojuon"):
        assert sorted(kwargs["words"], key=dictionary_order) == kwargs["words"]


def test_what_prompts_name_stands_in_the_tables() -> None:
    assert {kwargs["name"] for kwargs in asked("radical")} <= rows("radicals").keys()
    assert {str(kwargs["grade"]) for kwargs in asked("grade")} <= rows("grades").keys()
    assert {kwargs["verb"] for kwargs in asked("honorific")} <= rows("honorifics").keys()
    assert {kwargs["kind"] for kwargs in asked("honorific")} == {"尊敬語", "謙譲語"}
    seasons = {kwargs["season"] for name in ("season_words", "season_used") for kwargs in asked(name)}
    assert seasons == rows("seasons").keys()
    for kwargs in asked("counted"):
        things = [thing.split(":") for thing in kwargs["things"]]
        assert all(words("counters", noun) for noun, _ in things)
        assert len({number for _, number in things}) == len(things)
    assert all(spoken_as(form) for kwargs in asked("counter_reading") for form in kwargs["forms"])
    for kwargs in asked("yojijukugo"):
        fitting = [w for r in rows("yojijukugo") for w in words("yojijukugo", r) if set(w) & set(kwargs["among"])]
        assert len(fitting) >= 3 * kwargs["count"]


def test_the_docs_tell_every_type_with_its_numbers() -> None:
    page = (Path(__file__).parents[3] / "docs" / "jp-ifeval.md").read_text(encoding="utf-8")
    cells = re.findall(r"^\| `(\w+)` \| (\d+) \| (\d+) \|", page, re.MULTILINE)
    told = {name: (int(own), int(every)) for name, own, every in cells}
    first = Counter(JpIFEval().group(item) for item in ITEMS)
    asked_for = Counter(one["id"] for item in ITEMS for one in item.meta["instructions"])
    assert told == {name: (first[name], asked_for[name]) for name in CHECKS}
    two = sum(len(item.meta["instructions"]) > 1 for item in ITEMS)
    assert f"| {len(ITEMS)}, {asked_for.total()}, {len(CHECKS)} |" in page and f": {two} prompts have a second" in page
