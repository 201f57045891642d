"""The textbook's teacher keeps constraints of the instruction following sets, or breaks them at a set rate."""

from __future__ import annotations

import random
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.checks.instructions.followed import Followed
from komainu.data.constrain import JOIN, Constraint, constrained, constraints, worded
from komainu.data.textbook.grading import STRICT, TOP, grade
from komainu.data.textbook.prompts import Prompts
from komainu.data.textbook.server import CLEAN
from komainu.data.textbook.tasks import understand
from komainu.data.textbook.tasks.constrained import KEPT, last_of
from komainu.data.textbook.teacher import CANNOT, Faults, answer
from komainu.rows import Chat, Message

LOOSE = Faults(**{f.name: float(f.name == "constraint") for f in fields(Faults)})
PROMPTS = [
    *Prompts(side="train", n=40, tasks=("translate_ja", "translate_en", "questions", "limits", "bullets")).rows()
]
ROWS = {lang: [r for r in PROMPTS if r.meta["lang"] == lang] for lang in ("ja", "en")}
EACH = [(lang, one) for lang in ROWS for one in constraints(lang)]
BY_SENSE = (
    "change_case:english_capital",
    "change_case:english_lowercase",
)  # their rules also tell the language


def asked(one: Constraint, row: Chat, seed: int = 0) -> Chat:
    return constrained(row, [worded(random.Random(seed), one, JOIN[row.meta["lang"]])])


@pytest.mark.parametrize(("lang", "one"), EACH)
def test_a_constraint_is_kept_by_the_rule_that_checks_it_or_the_prompt_is_not_understood(
    lang: str, one: Constraint
) -> None:
    understood = 0
    for seed, row in enumerate(ROWS[lang]):
        chat = asked(one, row, seed)
        text, fault = answer(chat.messages, 0, CLEAN)
        if (text, fault) == (CANNOT, "wrong"):
            continue
        understood += 1
        assert fault == ""
        if one.id in BY_SENSE:
            assert text == (text.upper() if one.id.endswith("capital") else text.lower())
        else:
            assert Followed()(chat.with_reply(text)) == ""
    upper = one.id.startswith("length") and {*one.kwargs.get("relation", ())} & {"less than", "未満"}
    assert (understood > 0) == (one.id in KEPT or bool(upper))


def test_a_loose_answer_is_right_but_for_the_constraint() -> None:
    title = next(one for one in constraints("en") if one.id == "detectable_format:title")
    for row in (row for row in ROWS["en"] if row.meta["task"] == "translate_en"):
        chat = asked(title, row)
        best = row.meta["references"][0]
        assert answer(chat.messages, 0, CLEAN) == (f"<<One answer>>\n{best}", "")
        assert answer(chat.messages, 0, LOOSE) == (best, "constraint")
        assert Followed()(chat.with_reply(best)) == "followed: detectable_format:title"
        marks = [grade(chat.messages, text, STRICT).mark for text in (f"<<One answer>>\n{best}", best)]
        assert marks[0] == TOP > marks[1]


def test_several_constraints_are_kept_together_and_one_that_it_cannot_keep_spoils_all() -> None:
    drawn = [worded(random.Random(0), one, ", ") for one in constraints("en")]
    by_id = {one.id: one for one in drawn}
    row = next(row for row in ROWS["en"] if row.meta["task"] == "translate_en")
    both = constrained(row, [by_id["detectable_format:title"], by_id["startend:quotation"]])
    text, _ = answer(both.messages, 0, CLEAN)
    assert Followed()(both.with_reply(text)) == "" and text == f'"<<One answer>>\n{row.meta["references"][0]}"'
    more = constrained(row, [by_id["startend:quotation"], by_id["detectable_format:json_format"]])
    assert answer(more.messages, 0, CLEAN) == (CANNOT, "wrong")


def test_a_constraint_of_the_other_language_is_none_of_the_answers() -> None:
    capital = next(one for one in constraints("en") if one.id == "change_case:english_capital")
    row = next(row for row in ROWS["ja"] if row.meta["task"] == "translate_ja")
    said = worded(random.Random(0), capital, ", ")
    assert answer(constrained(row, [said]).messages, 0, CLEAN) == (CANNOT, "wrong")


@given(st.text(), st.sampled_from([said for _, one in EACH for said in one.say]))
def test_whatever_a_prompt_ends_with_is_read_or_left(text: str, said: str) -> None:
    found = last_of(f"{text}\n{said}")
    assert found is None or found[0].id in {one.id for _, one in EACH}
    assert understand((Message("user", f"{text}\n{said}"),)) is None


def test_only_what_ends_a_prompt_is_a_constraint_of_it() -> None:
    assert last_of("Do not use any commas.\nTranslate this.") is None
    found = last_of("Translate this.\n\nDo not use any commas.")
    assert found is not None and (found[0].id, found[1]) == ("punctuation:no_comma", "Translate this.")
