"""The textbook's teacher is asked for a register, as the set of politeness pairs asks."""

from __future__ import annotations

import random
from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.checks.in_register import manner_of
from komainu.data.ask_register import wordings
from komainu.data.template import render
from komainu.data.textbook.prompts import Prompts
from komainu.data.textbook.sentence import english, japanese, sample
from komainu.data.textbook.server import CLEAN
from komainu.data.textbook.tasks import read
from komainu.data.textbook.tasks.manner import casual, formal
from komainu.data.textbook.teacher import CANNOT, Faults, answer
from komainu.rows import Message

SAYS = {each.register: each.say for each in wordings()}
NONE = {f.name: 0.0 for f in fields(Faults)}
NAMES = {each.register: (each.lang, each.name) for each in wordings()}


def rewrite(register: str, text: str) -> tuple[Message, ...]:
    lang, name = NAMES[register]
    return (Message("user", render("recast", lang, register=name, text=text)),)


def after(prompt: tuple[Message, ...], said: str) -> tuple[Message, ...]:
    return (*prompt[:-1], Message("user", f"{prompt[-1].content}\n\n{said}"))


@pytest.mark.parametrize("register", ["plain", "polite"])
def test_a_prompt_with_a_request_for_a_register_is_answered_in_it(register: str) -> None:
    for row in Prompts(side="train", n=60, tasks=("translate_ja", "questions", "language", "followup")).rows():
        for said in SAYS[register] if row.meta.get("preferred") else ():
            text, fault = answer(after(row.messages, said), 0, CLEAN)
            assert (text, fault) == (row.meta["references"][register == "plain"], "")
            spoilt = answer(after(row.messages, said), 0, Faults(**NONE | {"register": 1.0}))
            assert spoilt == (row.meta["references"][register == "polite"], "register")


def test_english_is_formal_as_it_is_and_casual_where_something_is_contracted() -> None:
    asked = (Message("user", "Translate into English.\n花子は今日空港に戻らない。"),)
    said = {register: answer(after(asked, SAYS[register][0]), 0, CLEAN)[0] for register in ("casual", "formal")}
    assert said == {
        "casual": "Hanako doesn't come back to the airport today.",
        "formal": "Hanako does not come back to the airport today.",
    }
    assert all(manner_of(text, "en") == register for register, text in said.items())
    plain = (Message("user", "Translate into English.\n花子は今日空港に戻る。"),)
    assert answer(after(plain, SAYS["formal"][0]), 0, CLEAN)[0] == "Hanako comes back to the airport today."
    assert answer(after(plain, SAYS["casual"][0]), 0, CLEAN) == (CANNOT, "wrong")


@given(st.integers(0, 10**6))
def test_sentences_are_rewritten_there_and_back(seed: int) -> None:
    rng = random.Random(seed)
    said = [sample(rng) for _ in range(rng.randint(1, 3))]
    plain, polite = ("".join(japanese(s, register) for s in said) for register in ("plain", "polite"))
    assert answer(rewrite("polite", plain), 0, CLEAN) == (polite, "")
    assert answer(rewrite("plain", polite), 0, CLEAN) == (plain, "")
    full = " ".join(map(english, said))
    assert formal(casual(full)) == full
    assert answer(rewrite("formal", casual(full)), 0, CLEAN) == (full, "")


def test_what_the_textbook_cannot_say_in_a_register_gets_its_apology() -> None:
    ja, en = japanese(sample(random.Random(0))), english(sample(random.Random(0), negative=False))
    for asked in (
        rewrite("honorific", ja),
        rewrite("casual", en),
        rewrite("polite", "昔々、竹取の翁がいた。"),
        rewrite("formal", ja),
        after((Message("user", "1 + 1 は？"),), SAYS["polite"][0]),
    ):
        assert answer(asked, 0, CLEAN) == (CANNOT, "wrong")


def test_a_wrong_rewriting_is_another_sentence_in_the_register_asked_for() -> None:
    text, fault = answer(rewrite("polite", "犬は公園に行く。"), 0, Faults(**NONE | {"wrong": 1.0}))
    assert fault == "wrong" and text != "犬は公園に行きます。" and manner_of(text, "ja") == "polite"


def test_no_prompt_of_the_textbook_is_read_otherwise_than_before() -> None:
    for row in Prompts(side="train", n=200).rows():
        found = read(row.messages)
        assert found is not None and list(found.references) == row.meta["references"]
        assert found.register == row.meta.get("register")
