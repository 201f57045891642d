from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.errors import UsageError
from komainu.eval.base import Answers, Scores
from komainu.eval.bench.mixeval.bench import MixEval, MixEvalHard
from komainu.eval.bench.mixeval.extract import choice, own_texts
from komainu.eval.bench.mixeval.items import HUB, MixEvalItems
from komainu.eval.items import Source
from komainu.models.base import Model, Reply
from komainu.rows import Chat
from tests.eval.mixeval_cases import CASES, OPTIONS, Case
from tests.eval.reference import FIXTURES, needs_fixtures
from tests.eval.world import context

CHOICE: dict[str, Any] = {
    "problem_type": "multiple-choice",
    "context": None,
    "prompt": "Which city lies on the Thames?",
    "options": ["Paris", "London"],
    "target": [1],
    "benchmark_name": "MMLU",
}
FREE: dict[str, Any] = {
    "problem_type": "free-form",
    "context": "Some text.",
    "prompt": "How many?",
    "target": ["4", "four"],
    "benchmark_name": "GSM8k",
}


def items(
    root: Path, *choices: dict[str, Any], free: tuple[dict[str, Any], ...] = (FREE,), **fields: Any
) -> MixEvalItems:
    root.mkdir(exist_ok=True)
    for name, rows in (("multiple-choice", choices or (CHOICE,)), ("free-form", free)):
        (root / f"{name}.json").write_text(json.dumps(dict(enumerate(rows))), encoding="utf-8")
    return MixEvalItems(source=Source(path=str(root)), **fields)


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case.answer)[:60])
def test_the_option_is_the_one_a_reader_takes(case: Case) -> None:
    found = choice(case.answer, case.options)
    assert found.place == (ord(case.letter) - 65 if case.letter else None), found.why


def test_there_are_enough_cases_of_each_kind() -> None:
    chosen = [case for case in CASES if case.letter]
    assert len(CASES) == len(set(CASES)) >= 700 and len(CASES) - len(chosen) >= 250
    assert {case.options for case in CASES} == set(OPTIONS.values())


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("A and B", "several: A B"),
        ("E", "not_an_option: E"),
        ("B. Paris", "contradicts: B with the text of A"),
        ("None of the above.", "no_answer: it chooses none"),
        ("It depends.", "no_answer: no option is named"),
        ("The answer is Rome, London", "several: B C"),
    ],
)
def test_why_there_is_no_choice_is_told(answer: str, why: str) -> None:
    assert choice(answer, OPTIONS["cities"]) == (None, why)


def test_letters_before_all_options_are_not_their_text_and_one_before_one_option_is() -> None:
    assert own_texts(OPTIONS["labelled"]) == ["uneasy", "vegemite", "wellspring", "bent"]
    assert own_texts(("(A) flat", "sharp")) == ["a) flat", "sharp"]


@given(st.text(max_size=80), st.lists(st.text(max_size=12), min_size=2, max_size=26))
def test_any_answer_has_one_option_or_none(answer: str, options: list[str]) -> None:
    found = choice(answer, options)
    assert (found.place is None) == bool(found.why)
    assert found.place is None or 0 <= found.place < len(options)


TEMPLATES = (
    "{}",
    "({})",
    "**{}**",
    "{}.",
    "Answer: {}",
    "The correct answer is {}.",
    "Some thoughts.\n\nThe answer is ({}), as said.",
    "\\boxed{{{}}}",
    "答えは{}です。",
)


@given(st.integers(0, 9), st.integers(2, 10), st.sampled_from(TEMPLATES))
def test_every_letter_is_found_in_every_form_and_none_beyond_the_options(letter: int, n: int, template: str) -> None:
    options = [f"option number {i}" for i in range(n)]
    found = choice(template.format(chr(65 + letter)), options)
    assert found.place == (letter if letter < n else None)


@given(st.text(alphabet="あいうえお漢字、。\n ", max_size=60))
def test_an_answer_without_letters_or_options_chooses_nothing(answer: str) -> None:
    assert choice(answer, OPTIONS["cities"]).place is None


@pytest.mark.parametrize(
    "piece", ["A ", "the answer is ", "is not ", "A, ", "(", "**", "答えは", "\\boxed{", "I would "]
)
def test_a_long_answer_takes_no_long_time(piece: str) -> None:
    answer = piece * (20_000 // len(piece))
    start = time.process_time()
    choice(answer, OPTIONS["cities"])
    assert time.process_time() - start < 5


def test_items_are_asked_in_the_fixed_form(tmp_path: Path) -> None:
    (chat,) = items(tmp_path).rows()
    asked = "Answer with the option letter from the given choices directly."
    assert chat.id == "mixeval-choice-0"
    assert chat.messages[0].content == f"Which city lies on the Thames?\nA. Paris\nB. London\n{asked}"
    (hard,) = items(tmp_path, CHOICE | {"context": "A map."}, hard=True).rows()
    assert hard.id == "mixeval-hard-choice-0" and hard.messages[0].content.startswith("A map.\nWhich city")
    assert items(tmp_path, CHOICE | {"context": " None "}).rows()[0].messages[0].content.startswith("Which")
    assert chat.meta == {
        "bench": "mixeval",
        "lang": "en",
        "set": "multiple-choice",
        "benchmark": "MMLU",
        "target": [1],
        "options": ["Paris", "London"],
        "source": "MixEval/mixeval",
        "licence": "not stated",
    }


def test_free_form_questions_are_counted_and_asked_only_when_they_are_wanted(tmp_path: Path) -> None:
    other = FREE | {"context": None, "benchmark_name": "TriviaQA"}
    asked = items(tmp_path / "set", free=(FREE, other), free_form=True)
    first, second = [row for row in asked.rows() if "choice" not in row.id]
    assert first.id == "mixeval-form-0" and first.messages[0].content == (
        "Question: Some text.\nHow many?\nAnswer the question. \nLet's think step by step."
    )
    assert second.messages[0].content == "Question: How many?\nAnswer the question shortly."
    assert [MixEval().applies(row) for row in asked.rows()] == [True, False, False]
    assert first.meta["bench"] == "mixeval_free" and first.meta["target"] == ["4", "four"]
    ctx = context(tmp_path / "store", lambda *_: "")
    told = ctx.store.build(items(tmp_path / "set", free=(FREE, other)), ctx).summary
    assert told["rows"] == 1 and told["free_form"] == {"items": 2, "asked": False, "scored_by_rule": False}


def test_the_file_of_choices_alone_is_enough(tmp_path: Path) -> None:
    items(tmp_path / "set")
    alone = MixEvalItems(source=Source(path=str(tmp_path / "set" / "multiple-choice.json")))
    ctx = context(tmp_path / "store", lambda *_: "")
    assert ctx.store.build(alone, ctx).summary["free_form"]["items"] is None


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"options": ["Paris", 2]}, r"item '0': Expected `str`, got `int` - at `\$\.options\[1\]`"),
        ({"id": 3}, "item '0': Object contains unknown field `id`"),
        ({"problem_type": "free-form"}, "item '0': problem_type is 'free-form'; this file is of multiple-choice"),
        ({"options": ["Paris"]}, "item '0': 1 options"),
        ({"target": [2]}, r"item '0': target is \[2\]"),
        ({"target": [0, 1]}, r"item '0': target is \[0, 1\]"),
        ({"target": ["B"]}, r"item '0': target is \['B'\]"),
        ({"target": []}, r"item '0': target is \[\]"),
    ],
)
def test_an_item_of_another_schema_is_refused_by_file_and_id(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=rf"multiple-choice\.json: {said}"):
        items(tmp_path, CHOICE | changed).rows()


@given(
    st.sampled_from([*CHOICE]), st.none() | st.integers() | st.text(max_size=4) | st.lists(st.integers(), max_size=3)
)
def test_any_item_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, key: str, value: object) -> None:
    made = items(tmp_path_factory.mktemp("x"), CHOICE | {key: value})
    try:
        rows = made.rows()
    except UsageError as error:
        assert "multiple-choice.json: item '0': " in str(error)
    else:
        assert MixEval().applies(rows[0]) and MixEval().score(rows[0].with_reply("B"))


@pytest.mark.parametrize("text", ["", "[]", "{", "{}", "[1]", "\ud800"])
def test_a_file_that_is_no_object_of_items_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "multiple-choice.json").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(UsageError, match=r"multiple-choice\.json: "):
        MixEvalItems(source=Source(path=str(tmp_path))).rows()


def one(tmp_path: Path, answer: str) -> Chat:
    return items(tmp_path).rows()[0].with_reply(answer)


@pytest.mark.parametrize(
    ("answer", "right", "why"), [("B", 1.0, ""), ("A", 0.0, "wrong: A"), ("A or B", 0.0, "several: A B")]
)
def test_the_right_option_is_one_and_anything_else_nothing(tmp_path: Path, answer: str, right: float, why: str) -> None:
    (score,) = MixEval().score(one(tmp_path, answer))
    assert (score.value, score.why) == (right, why)
    assert MixEval().verdict(one(tmp_path, answer)) == {"pass": right == 1}


def test_an_item_without_a_place_of_the_right_option_is_refused_by_its_id(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"row 'mixeval-choice-0': meta\.target must be the place of one of 2"):
        MixEval().score(one(tmp_path, "B").with_meta(target=[2]))


def test_the_total_is_of_multiple_choice_and_told_by_set(tmp_path: Path) -> None:
    asked = items(tmp_path / "set", CHOICE, CHOICE | {"benchmark_name": "ARC"}, CHOICE, hard=True)
    ctx = context(tmp_path / "store", lambda model, text, sample: Reply("B"))
    told = ctx.store.build(
        Scores(answers=Answers(model=Model(name="m"), items=asked), bench=MixEvalHard()), ctx
    ).summary
    assert told["overall"] == {"covers": "multiple choice only"}
    assert told["metrics"]["accuracy"]["n"] == 3 and told["by"]["MMLU"]["n"] == 2 and told["by"]["ARC"]["mean"] == 1
    assert not MixEval().applies(asked.rows()[0])


def test_the_hub_is_pinned() -> None:
    assert MixEvalItems().source == HUB and [*MixEvalItems().check()] == []


FORMS = (
    "{L}",
    "({L})",
    "{L}. {text}",
    "{L}) {text}",
    "{L}: {text}",
    "{L} - {text}",
    "**{L}. {text}**",
    "Answer: {L}. {text}",
    "The answer is {L}: {text}",
    "The answer is ({L}) {text}",
    "The correct answer is **{L}. {text}**",
    "The correct option is {L}, because {text}",
    "Option {L}: {text}",
    "{L}\n\nThe passage supports this.",
    "Explanation first, with commas, and such.\n\nAnswer: {L}",
    "\\boxed{{{L}}}",
    "{listed}\n\nAnswer: {L}",
    "{listed}\n{L}",
    "答え：{L}. {text}",
)


@needs_fixtures
def test_the_released_items_are_read(tmp_path: Path) -> None:
    folder = Path(FIXTURES) / "mixeval"
    for kind in ("multiple-choice", "free-form"):
        (tmp_path / f"{kind}.json").write_bytes((folder / f"mixeval-hard-2024-08-11-{kind}.sample40.json").read_bytes())
    rows = MixEvalItems(source=Source(path=str(tmp_path)), hard=True, free_form=True).rows()
    choices = [row for row in rows if MixEvalHard().applies(row)]
    assert (len(rows), len(choices)) == (80, 40) and len({row.meta["benchmark"] for row in choices}) == 8
    for row in choices:
        options, target = row.meta["options"], row.meta["target"][0]
        listed = "\n".join(f"{chr(65 + i)}. {option}" for i, option in enumerate(options))
        for i, option in enumerate(options):
            for form in FORMS:
                answer = form.format(L=chr(65 + i), text=option, listed=listed)
                assert choice(answer, options).place == i, answer
                assert MixEvalHard().verdict(row.with_reply(answer)) == {"pass": i == target}
        if len({option.casefold() for option in options}) == len(options):
            assert MixEvalHard().verdict(row.with_reply(options[target])) == {"pass": True}, options[target]
