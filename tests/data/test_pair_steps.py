"""The steps that make pairs: by a rule, by marks, against an old answer, by a rewriting; each loss has its reason."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.context import Context
from komainu.data.against import Against, AskedFor
from komainu.data.ask_register import AskRegister
from komainu.data.ask_to_translate import AskToTranslate
from komainu.data.aspects import Aspects
from komainu.data.contest import Contest
from komainu.data.recast import Recast
from komainu.data.rechoose import Rechoose
from komainu.data.reward import Reward
from komainu.data.self_play import SelfPlay
from komainu.data.tell_language import TellLanguage
from komainu.errors import UsageError
from komainu.models.base import Model, Question, Reply
from komainu.rows import Message, Pair
from komainu.store import Store
from tests.data.fakes import TEACHER, No, Short, chat, context, through

STUDENT = Model(name="student", temperature=1.0)
REWARD = Reward(model=Model(name="reward", reward=True))
ORDERS = AskedFor(model=TEACHER, template="extras", list="extras")
NAMES = ("wit", "care")
ASPECTS = Aspects(model=Model(name="judge"), template="play_aspects", names=NAMES)


@dataclass
class Says:
    """Models that say what they are told to: a list by sample, else the same; a reward is the last number said."""

    models: dict[str, str | list[str]]
    finish: str = "stop"
    batch_sensitive = False

    def __post_init__(self) -> None:
        self.asked: list[tuple[str, int, str]] = []

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        for messages, sample in questions:
            last = messages[-1].content
            self.asked.append((model.name, sample, last))
            if model.reward:
                yield Reply(re.sub(r".*?(-?\d*)$", r"\1", last))
                continue
            said = self.models[model.name]
            yield Reply(said if isinstance(said, str) else said[sample % len(said)], self.finish)


def asking(root: Path, says: Says) -> Context:
    return Context(Store(root / "store"), says)


def pair(id: str, rejected: str, **meta: Any) -> Pair:
    return Pair(id, (Message("user", "q"),), "old", rejected, {"lang": "en", **meta})


def test_the_first_answer_that_fails_the_rule_and_nothing_else_is_rejected(tmp_path: Path) -> None:
    fake = Says({"student": ["fine", "bad but far too long to be taken", "bad", "bad too"]})
    rows = [chat("a", "q", "good"), chat("b", "q2", "bad itself")]
    step = Against(model=STUDENT, rule=No(), checks=(Short(),))
    (kept,), dropped, summary = through(asking(tmp_path, fake), rows, step)
    assert (kept.chosen, kept.rejected, kept.meta["reasons"]) == ("good", "bad", ["no: it says bad"])
    assert kept.meta["rejected_by"] == f"call:student/{STUDENT.id}#2" and kept.meta["from"][0] == "a"
    assert [d.reason for d in dropped] == ["chosen_fails: no: it says bad"]
    assert summary["notes"]["Against"] == {"answers": 3, "pairs": {"sampled": 1}}
    assert [sample for _, sample, _ in fake.asked] == [0, 1, 2], "no more is asked for than is needed"


def test_an_answer_to_order_is_taken_where_no_sample_fails_and_says_so(tmp_path: Path) -> None:
    fake = Says({"student": "fine", "teacher": ["bad to order"]})
    rows = [chat("a", "q", "good", lang="ja"), chat("b", "q2", "good", lang="en")]
    step = Against(model=STUDENT, rule=No(), samples=2, asked=ORDERS)
    kept, _, summary = through(asking(tmp_path, fake), rows, step)
    assert summary["notes"]["Against"] == {"answers": 6, "pairs": {"asked_for": 2}}
    orders = [text for name, _, text in fake.asked if name == "teacher"]
    for row, order in zip(kept, orders, strict=True):
        assert row.rejected == "bad to order" and row.prompt[-1].content in ("q", "q2"), "the prompt stays as it is"
        assert order.startswith(row.prompt[-1].content) and row.meta["asked_for"] in order
    assert re.search("[ぁ-ん]", orders[0]) and orders[1].isascii()


def test_where_no_answer_fails_the_row_is_dropped_and_each_order_is_another_one(tmp_path: Path) -> None:
    fake = Says({"student": "fine", "teacher": "fine too"})
    step = Against(model=STUDENT, rule=No(), samples=1, asked=AskedFor(**{**vars(ORDERS), "tries": 3}))
    _, dropped, _ = through(asking(tmp_path, fake), [chat("a", "q", "good", lang="en")], step)
    assert [d.reason for d in dropped] == ["none_fails"]
    assert len({text for name, _, text in fake.asked if name == "teacher"}) == 3


def test_which_addition_is_ordered_does_not_follow_from_how_the_translation_was_asked_for(tmp_path: Path) -> None:
    texts = [chat(str(n), "x", "犬が走る。", lang="ja") for n in range(80)]
    ordered: dict[str, set[str]] = {}
    for row in through(context(tmp_path), texts, AskToTranslate())[0]:
        ordered.setdefault(row.messages[-1].content, set()).add(ORDERS.question(row, 0)[1])
    assert len(ordered) == 4 and all(len(entries) > 4 for entries in ordered.values())


def test_an_answer_that_was_cut_off_is_neither_chosen_nor_rejected(tmp_path: Path) -> None:
    step = Against(model=STUDENT, rule=No(), samples=1)
    rows = [chat("a", "q", "good"), chat("b", "q", "good", finish="length")]
    _, dropped, _ = through(asking(tmp_path, Says({"student": "bad"}, "length")), rows, step)
    assert [d.reason.partition(": finish")[0] for d in dropped] == ["none_fails", "chosen_fails: cut_off"]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (["x 5", "bad 9", "bad 1"], "all_bad: no: it says bad"),
        (["x 5", "y", "z"], "unrated: not a number: ''"),
        (["x 5", "y 4", "z 5"], "no_margin: 1"),
        (["x 5", "x 5", "y 5"], "no_margin: 0"),
    ],
)
def test_a_prompt_without_two_answers_that_are_clearly_apart_has_no_pair(
    said: list[str], reason: str, tmp_path: Path
) -> None:
    step = Contest(model=STUDENT, scorer=REWARD, checks=(No(),), samples=3, margin=2)
    fake = Says({"student": said})
    _, dropped, _ = through(asking(tmp_path, fake), [chat("a", "q")], step)
    assert [d.reason for d in dropped] == [reason]


def test_the_best_stands_over_the_lowest_or_over_one_drawn_among_the_lower(tmp_path: Path) -> None:
    fake = Says({"student": ["x 5", "y 7", "z 1", "w 7", "v 4", "bad 0"]})
    rows = [chat(str(n), f"q{n}") for n in range(30)]
    how: dict[str, Any] = {"model": STUDENT, "scorer": REWARD, "checks": (No(),), "samples": 6, "margin": 2}
    worst, _, summary = through(asking(tmp_path, fake), rows, Contest(**how, rejected="worst"))
    assert {(row.chosen, row.rejected) for row in worst} == {("y 7", "z 1")}
    assert worst[0].meta["all_marks"] == [5, 7, 1, 7, 4, None] and worst[0].meta["margin"] == 6
    assert summary["notes"]["Contest"] == {"answers": 180, "unsound": 30, "missing": 0}
    drawn, _, _ = through(asking(tmp_path, fake), rows, Contest(**how))
    assert {row.rejected for row in drawn} == {"x 5", "z 1", "v 4"}
    fewer, _, _ = through(asking(tmp_path, fake), rows[3:], Contest(**how))
    assert fewer == drawn[3:], "a row's draw is its own"


@pytest.mark.parametrize(
    ("new", "old", "swap", "outcome"),
    [
        ("new 3", "old 1", False, ("new 3", "old 1")),
        ("new 3", "old 2", False, "no_margin: 1"),
        ("new 1", "old 3", False, "outscored: 1 by 3"),
        ("new 1", "old 3", True, ("old 3", "new 1")),
        ("new 1", "bad 3", True, "outscored: 1 by 3"),
        ("new 1", "old 2", True, "no_margin: -1"),
        ("New. 3", "new 3", False, "equal"),
        ("bad 9", "old 1", False, "no: it says bad"),
        ("new", "old 1", False, "unrated: not a number: ''"),
    ],
)
def test_the_new_answer_is_chosen_where_it_is_ahead_by_the_margin(
    new: str, old: str, swap: bool, outcome: tuple[str, str] | str, tmp_path: Path
) -> None:
    step = Rechoose(model=TEACHER, scorer=REWARD, checks=(No(),), margin=2, swap=swap)
    rows = [pair("a", old, margin=9, chosen_by="x", rejected_by="weak", extra={"score": 1})]
    kept, dropped, summary = through(asking(tmp_path, Says({"teacher": new})), rows, step)
    if isinstance(outcome, str):
        assert [d.reason for d in dropped] == [outcome] and kept == []
        return
    (row,) = kept
    assert (row.chosen, row.rejected, row.meta["margin"]) == (*outcome, 2)
    assert ("swapped" in row.meta) == swap == summary["notes"]["Rechoose"]["swapped"]
    by = [row.meta["rejected_by"], row.meta["chosen_by"]]
    assert (by[::-1] if swap else by) == ["weak", f"call:teacher/{TEACHER.id}#0"]
    assert "extra" not in row.meta and row.meta["marked_by"] == "reward"


def test_an_unsound_new_answer_is_asked_for_again(tmp_path: Path) -> None:
    step = Rechoose(model=TEACHER, scorer=REWARD, checks=(No(),), tries=3)
    fake = Says({"teacher": ["bad 9", "bad 9", "new 9"]})
    (row,), _, summary = through(asking(tmp_path, fake), [pair("a", "old 1")], step)
    assert row.chosen == "new 9" and summary["notes"]["Rechoose"]["answers"] == 3
    assert row.meta["chosen_by"].endswith("#2")


GOOD, OTHER = "まず机の上を空にする。10分でよい。", "まず机の上を空にします。10分でよいです。"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ([GOOD, OTHER], ""),
        ([GOOD], "in_register"),
        ([OTHER.replace("10", "20")], "same_content"),
        ([OTHER + "それは簡単だ。誰でもできる。"], "in_register"),
    ],
)
def test_a_rewriting_is_in_the_other_register_and_says_the_same(said: list[str], reason: str, tmp_path: Path) -> None:
    step = Recast(model=TEACHER, seed=seed_for("polite"))
    rows = [chat("a", "q", GOOD, lang="ja", register="plain")]
    kept, dropped, summary = through(asking(tmp_path, Says({"teacher": said})), rows, step)
    assert [d.reason.partition(":")[0] for d in dropped] == ([reason] if reason else [])
    for row in kept:
        assert (row.chosen, row.rejected, row.meta["rejected_register"]) == (GOOD, OTHER, "polite")
        assert row.meta["reasons"] == ["in_register: polite where plain was asked for"] and "original" not in row.meta
        assert summary["notes"]["Recast"] == {"answers": 2, "pairs": {"plain over polite": 1}}


def seed_for(register: str) -> int:
    """A seed that draws this register against a plain row "a"."""
    row = chat("a", "q", GOOD, lang="ja", register="plain")
    return next(
        n
        for n in range(99)
        if random.Random(f"{n}:other:a").choice(Recast(model=TEACHER).others(row)).register == register
    )


def test_a_row_in_the_wrong_register_or_in_none_is_dropped(tmp_path: Path) -> None:
    rows = [chat("a", "q", OTHER, lang="ja", register="plain"), chat("b", "q", GOOD, lang="ja")]
    _, dropped, _ = through(asking(tmp_path, Says({})), rows, Recast(model=TEACHER))
    assert [d.reason for d in dropped] == [
        "chosen_fails: in_register: polite where plain was asked for",
        "chosen_fails: no register",
    ]


def test_a_register_is_asked_for_by_seed_and_id_in_the_rows_language(tmp_path: Path) -> None:
    rows = [chat(str(n), "Tell.", lang="en") for n in range(20)]
    first, _, summary = through(context(tmp_path), rows, AskRegister())
    later, _, _ = through(context(tmp_path), rows[5:], AskRegister())
    assert first[5:] == later and {row.meta["register"] for row in first} == {"casual", "formal"}
    assert sum(summary["notes"]["AskRegister"]["asked"].values()) == 20
    assert all(row.messages[-1].content.startswith("Tell.\n\n") for row in first)
    rows = [chat("a", "x", lang="fr"), chat("b", "x", "y", lang="en"), chat("c", "x", lang="en", register="formal")]
    _, dropped, _ = through(context(tmp_path), rows, AskRegister())
    assert [d.reason.partition(":")[0] for d in dropped] == ["no_list", "not_bare", "not_bare"]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('{"wit": 4, "care": 1.5}', ""),
        ('{"wit": "4", "care": 1}', "wit is no number"),
        ('{"wit": 6, "care": 1}', "wit is out of range"),
        ('{"wit": 4}', "the names are wit"),
        ('{"wit": 4, "care": 1, "x": 1}', "the names are"),
        ('{"wit": 4, "care": 1, "wit": 4}', "wit is no number"),
        ('{"wit": [4], "care": 1}', "wit is no number"),
        ("4", "not a JSON object"),
    ],
)
def test_marks_by_aspect_are_read_strictly(text: str, wrong: str) -> None:
    found = ASPECTS.marks(text)
    assert isinstance(found, str) and found.startswith(wrong) if wrong else found == {"wit": 4, "care": 1.5}


@given(st.dictionaries(st.sampled_from([*NAMES, "x"]), st.none() | st.text() | st.floats() | st.integers()))
def test_any_marks_are_all_on_the_scale_or_there_are_none(value: dict[str, Any]) -> None:
    found = ASPECTS.marks(json.dumps(value))
    assert isinstance(found, str) or (tuple(found) == NAMES and all(1 <= mark <= 5 for mark in found.values()))


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_judge_is_asked_for_each_aspect_in_the_form_that_is_read(lang: str, tmp_path: Path) -> None:
    class Judge(Says):
        def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
            for messages, sample in questions:
                self.asked.append((model.name, sample, messages[0].content))
                form = re.findall(r"(<verdict-\w+>\{.*\}</verdict-\w+>)", messages[0].content)[-1]
                yield Reply(re.sub("NUMBER|点数", "3", form))

    judge = Judge({})
    row = chat("a", "q", "the answer", lang=lang)
    (found,) = ASPECTS.rate([row], asking(tmp_path, judge))
    assert found.found == 3 and dict(found.parts) == {"wit": 3, "care": 3}
    assert len(judge.asked) == 1 and "the answer" in judge.asked[0][2]


def test_pairs_are_told_their_language_and_those_of_another_one_go(tmp_path: Path) -> None:
    rows = [
        Pair(str(n), (Message("user", text),), "a", "b") for n, text in enumerate(["猫は?", "Is it a cat?", "고양이"])
    ]
    kept, dropped, _ = through(context(tmp_path), rows, TellLanguage())
    assert [row.meta["lang"] for row in kept] == ["ja", "en"] and [d.reason for d in dropped] == ["language: ko"]


def test_self_play_puts_the_rows_answer_over_the_models_own_until_they_say_the_same(tmp_path: Path) -> None:
    rows = [chat("a", "q", "good"), chat("b", "q2", " Mine."), chat("c", "q3", "better")]
    fake = Says({"student": ["mine"]})
    kept, dropped, _ = through(asking(tmp_path, fake), rows, SelfPlay(model=STUDENT))
    assert [(row.id, row.chosen, row.rejected) for row in kept] == [("a", "good", "mine"), ("c", "better", "mine")]
    assert kept[0].meta["rejected_by"] == f"call:student/{STUDENT.id}#0" and kept[0].meta["from"][0] == "a"
    assert [(d.row.id, d.reason) for d in dropped] == [("b", "equal")]
    _, dropped, _ = through(asking(tmp_path / "blank", Says({"student": [" "]})), rows[:1], SelfPlay(model=STUDENT))
    assert [d.reason for d in dropped] == ["blank"], "DPO could not learn from it"


def test_steps_that_cannot_make_a_pair_are_refused() -> None:
    for wrong in (
        lambda: Against(model=STUDENT, rule=No(), samples=0),
        lambda: Contest(model=STUDENT, scorer=REWARD, samples=1),
        lambda: Contest(model=STUDENT, scorer=REWARD, margin=0),
        lambda: Rechoose(model=STUDENT, scorer=REWARD, margin=0),
        lambda: Recast(model=STUDENT, tries=0),
        lambda: Aspects(model=STUDENT, template="play_aspects", names=("a", "a")),
    ):
        with pytest.raises(UsageError):
            wrong()
