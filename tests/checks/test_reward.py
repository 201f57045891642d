"""RuleReward and IsReference: what an answer earns."""

from __future__ import annotations

from typing import Any

import pytest

from komainu.checks.format import Format
from komainu.checks.is_reference import IsReference
from komainu.checks.language import Language
from komainu.checks.reward import RuleReward
from komainu.rows import Chat, Message

RULES = RuleReward(checks=(IsReference(), Format()), weights={"is_reference": 3.0})


def said(text: str, **meta: Any) -> Chat:
    return Chat("r", (Message("user", "q"), Message("assistant", text)), meta)


@pytest.mark.parametrize(
    ("text", "worth"),
    [
        ("五冊", 1.0),
        (" 五冊\n", 1.0),
        ("<think>五冊</think>五冊", 1.0),
        ("五冊です", 0.25),
        ("五冊です、五冊です", 0.0),
        ("", 0.0),
        ("<think>五冊</think>", 0.0),
    ],
)
def test_a_reward_is_the_weight_of_the_rules_that_are_kept(text: str, worth: float) -> None:
    assert RULES(said(text, references=["五冊", "五さつ"], format={"kind": "max_chars", "n": 4})) == worth


def test_what_must_be_kept_takes_all_and_gives_nothing() -> None:
    reward = RuleReward(checks=(Format(),), must=(Language(),))
    meta = {"format": {"kind": "max_chars", "n": 40}, "lang": "ja"}
    assert reward(said("これは日本語の文です。", **meta)) == 1.0
    assert reward(said("This is an English sentence.", **meta)) == 0.0


def test_a_row_without_references_passes_and_parts_of_references_that_are_no_texts_are_left_out() -> None:
    assert IsReference()(said("x")) == "" and IsReference()(said("x", references=[1, "y"])).startswith("is_reference: ")


def test_weights_that_name_nothing_are_told() -> None:
    (problem,) = RuleReward(checks=(Format(),), weights={"fromat": 1.0}).problems()
    assert "did you mean" in problem or "format" in problem
    assert [*RuleReward(checks=(Format(),), weights={"format": 0.0}).problems()]
    assert [*RuleReward(checks=()).problems()] and not [*RULES.problems()]
