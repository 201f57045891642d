"""Marks by a judge: read strictly, missing ones counted, weak answers resampled and the best kept."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.data.best_rated import BestRated
from komainu.data.rate import Rate
from komainu.data.rater import Rater
from komainu.errors import UsageError
from komainu.models.base import Model, Question, Reply
from tests.data.fakes import TEACHER, Fake, No, chat, context, meta, through

JUDGE = Rater(model=Model(name="judge"))
MARK = re.compile(r"<verdict-([0-9a-f]{16})>")


class Judge(Fake):
    """A teacher that says its samples in turn, and a judge that says what `verdict(answer, mark, turn)` says."""

    def __init__(self, verdict: Callable[[str, str, int], str], *said: str) -> None:
        super().__init__(*said)
        self.verdict = verdict
        self.calls: list[tuple[str, int]] = []  # model, sample
        self.judged: list[str] = []

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        for messages, sample in questions:
            self.calls.append((model.name, sample))
            if model.name == "teacher":
                yield Reply(self.said[sample])
                continue
            mark = MARK.findall(messages[-1].content)[-1]
            (answer,) = re.findall(rf"<answer-{mark}>\n(.*?)\n</answer-{mark}>", messages[0].content, re.S)
            self.judged.append(answer)
            yield Reply(self.verdict(answer, mark, len(messages)))


def number(answer: str, mark: str, turns: int) -> str:
    """An answer that ends with a number gets it."""
    return f"Because.\n<verdict-{mark}>{answer.rpartition(' ')[2]}</verdict-{mark}>"


def test_marks_stand_in_meta_and_low_ones_are_dropped(tmp_path: Path) -> None:
    rows = [chat(str(n), "q", f"worth {n}", lang="en") for n in (3, 6, 10)]
    kept, dropped, summary = through(context(tmp_path, Judge(number)), rows, Rate(rater=JUDGE, under=6))
    assert [(row.id, row.meta["rating"]) for row in kept] == [("6", 6.0), ("10", 10.0)]
    assert [(d.reason, meta(d)["rating"]) for d in dropped] == [("rated_low: 3 is under 6", 3.0)]
    assert summary["notes"]["Rate"] == {"rated": 3, "missing": 0, "mean": 6.3333}


@pytest.mark.parametrize("said", ["11", "0.5", "seven", "-3", "７", "7/10", ""])
def test_a_mark_that_cannot_be_read_twice_is_missing_and_no_zero(said: str, tmp_path: Path) -> None:
    fake = Judge(lambda answer, mark, turns: f"<verdict-{mark}>{said}</verdict-{mark}>")
    kept, dropped, summary = through(context(tmp_path, fake), [chat("a", "q", "x", lang="ja")], Rate(rater=JUDGE))
    assert kept == [] and dropped[0].reason.startswith("unrated: ") and "rating" not in meta(dropped[0])
    assert fake.calls == [("judge", 0)] * 2 and summary["notes"]["Rate"]["missing"] == 1


def test_the_verdict_alone_is_asked_for_once_more(tmp_path: Path) -> None:
    fake = Judge(lambda answer, mark, turns: number(answer, mark, turns) if turns == 3 else "Eight, I think.")
    kept, _, _ = through(context(tmp_path, fake), [chat("a", "q", "worth 8", lang="en")], Rate(rater=JUDGE))
    assert kept[0].meta["rating"] == 8.0 and len(fake.calls) == 2


def test_a_verdict_that_the_server_withholds_says_why_and_is_not_asked_for_again(tmp_path: Path) -> None:
    fake = Fake("", finish="context_overflow")
    _, dropped, _ = through(context(tmp_path, fake), [chat("a", "q", "x", lang="en")], Rate(rater=JUDGE))
    assert [d.reason for d in dropped] == ["unrated: no verdict: the prompt does not fit the model"]
    assert len(fake.asked) == 1


def test_a_verdict_that_cannot_be_read_stays_so_where_asking_again_does_not_fit(tmp_path: Path) -> None:
    class Full(Fake):
        def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
            for messages, _ in questions:
                yield Reply("Eight.") if len(messages) == 1 else Reply("", "context_overflow")

    _, dropped, _ = through(context(tmp_path, Full()), [chat("a", "q", "x", lang="en")], Rate(rater=JUDGE))
    assert [d.reason for d in dropped] == ["unrated: no verdict: the marks are not there"]


@given(st.text())
def test_a_mark_is_on_the_scale_or_a_reason(text: str) -> None:
    found = JUDGE.number(text)
    assert isinstance(found, str) or 1 <= found <= 10


def test_weak_answers_are_asked_for_again_until_one_is_enough(tmp_path: Path) -> None:
    fake = Judge(number, "-", "worth 7", "worth 9", "worth 10")
    rows = [chat("a", "q", "worth 5", lang="en", **{"from": ["a", f"call:teacher/{TEACHER.id}#0"]})]
    step = BestRated(model=TEACHER, rater=JUDGE, n=4)
    kept, _, summary = through(context(tmp_path, fake), rows, step)
    assert kept[0].reply == "worth 9" and kept[0].meta["ratings"] == [5.0, 7.0, 9.0]
    assert [sample for name, sample in fake.calls if name == "teacher"] == [1, 2]
    assert kept[0].meta["replaced"] == ["rated_low: 5 is under 8", "rated_low: 7 is under 8"]
    assert summary["notes"]["BestRated"] == {"resampled": {"rated_low": 2}}


def test_a_good_answer_is_not_asked_for_again_and_the_first_of_equals_stands(tmp_path: Path) -> None:
    fake = Judge(number, "also 7", "worth 6")
    rows = [chat("a", "q", "worth 8", lang="en"), chat("b", "p", "worth 7", lang="en")]
    kept, _, _ = through(context(tmp_path, fake), rows, BestRated(model=TEACHER, rater=JUDGE, n=3))
    assert [(row.reply, row.meta["rating"]) for row in kept] == [("worth 8", 8.0), ("worth 7", 7.0)]
    assert kept[1].meta["ratings"] == [7.0, 7.0, 6.0]


def test_what_fails_a_check_is_not_shown_to_the_judge(tmp_path: Path) -> None:
    fake = Judge(number, "bad 10", "fine 6", "bad 9")
    step = BestRated(model=TEACHER, rater=JUDGE, checks=(No(),), n=3)
    kept, _, summary = through(context(tmp_path, fake), [chat("a", "q", "bad 10", lang="en")], step)
    assert not any("bad" in answer for answer in fake.judged)
    assert (kept[0].reply, kept[0].meta["ratings"]) == ("fine 6", [None, None, 6.0])
    assert summary["notes"]["BestRated"]["resampled"] == {"no": 2}


def test_a_row_without_a_good_answer_is_dropped_for_its_reason(tmp_path: Path) -> None:
    said = {"low": "worth 3", "none": "x", "bad": "bad"}
    fake = Judge(number)
    rows = [chat(id, id, text, lang="en") for id, text in said.items()]
    step = BestRated(model=TEACHER, rater=JUDGE, checks=(No(),), n=1)
    kept, dropped, _ = through(context(tmp_path, fake), rows, step)
    assert kept == []
    assert [d.reason.partition(":")[0] for d in dropped] == ["rated_low", "unrated", "no"]


def test_marks_that_cannot_be_are_refused() -> None:
    with pytest.raises(UsageError, match="at most `enough`"):
        BestRated(model=TEACHER, rater=JUDGE, under=9)
