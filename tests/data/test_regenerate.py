"""Regenerate asks again only what fails, and drops what still fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from komainu.data.ask import Ask, call
from komainu.data.base import Dataset, drops
from komainu.data.filter import Filter
from komainu.data.regenerate import Regenerate
from komainu.data.score_faults import score_faults
from komainu.errors import UsageError
from tests.data.fakes import TEACHER, Fake, No, chat, context, meta, source, through

AGAIN = Regenerate(model=TEACHER, checks=(No(),), tries=2)


def test_only_what_fails_is_asked_again_with_the_next_sample(tmp_path: Path) -> None:
    fake = Fake("bad", "good")
    rows = [chat("a", "1", "fine"), chat("b", "2", "bad", **{"from": ["b", call(TEACHER, 0)]})]
    kept, _, summary = through(context(tmp_path, fake), rows, AGAIN)
    assert [(q.messages[0].content, q.sample) for q in fake.asked] == [("2", 1)]
    assert kept[0] == rows[0]
    assert kept[1].reply == "good"
    assert kept[1].meta == {"from": ["b", call(TEACHER, 1)], "tries": 1, "replaced": ["no: it says bad"]}
    assert summary["notes"] == {"Regenerate": {"failed": 1, "calls": 1, "mended": {"1": 1}}}


def test_what_fails_every_time_is_dropped_with_its_last_reason(tmp_path: Path) -> None:
    fake = Fake("bad a", "bad b", "bad c")
    kept, dropped, summary = through(context(tmp_path, fake), [chat("a", "x")], Ask(model=TEACHER), AGAIN)
    assert kept == []
    assert [q.sample for q in fake.asked] == [0, 1, 2]
    assert (dropped[0].reason, meta(dropped[0])["tries"]) == ("no: it says bad", 2)
    assert len(meta(dropped[0])["replaced"]) == 2
    assert summary["notes"]["Regenerate"] == {"failed": 1, "calls": 2, "mended": {}}


def test_a_clean_set_asks_nothing(tmp_path: Path) -> None:
    fake = Fake()
    through(context(tmp_path, fake), [chat("a", "x", "fine")], AGAIN)
    assert fake.asked == []


def test_an_answer_that_is_cut_off_is_asked_again(tmp_path: Path) -> None:
    (row,), _, _ = through(context(tmp_path, Fake("good")), [chat("a", "x", "goo", finish="length")], AGAIN)
    assert (row.reply, row.meta["replaced"]) == ("good", ["cut_off: finish_reason 'length'"])
    assert "finish" not in row.meta


def test_a_prompt_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a has no answer to judge; put Ask before Regenerate"):
        through(context(tmp_path), [chat("a", "x")], AGAIN)
    with pytest.raises(UsageError, match="use Filter"):
        Regenerate(model=TEACHER, checks=(), tries=0)


def test_precision_and_recall_of_the_labelled_faults_count_replaced_answers_too(tmp_path: Path) -> None:
    """Samples: a leak that is seen, a wrong answer that no check sees; then a clean answer that is suspected."""
    ctx = context(tmp_path, Fake("bad", "good", hidden=["leak", "wrong"]))
    stage = Dataset(
        sources=(source(chat("a", "x"), chat("b", "y", hidden={"fault": "duplicate"})),),
        steps=(Ask(model=TEACHER), AGAIN, Filter(checks=(No(text="never"),))),
    )
    made = ctx.store.build(stage, ctx)
    clean = chat("c", "z", "fine", hidden={"fault": ""})
    scored = score_faults([*made.rows(), clean], drops(made))
    assert scored["faults"] == {
        "duplicate": {"answers": 2 - 1, "caught": 0, "recall": 0.0, "by": {}},
        "leak": {"answers": 2, "caught": 2, "recall": 1.0, "by": {"no": 2}},
        "wrong": {"answers": 2, "caught": 0, "recall": 0.0, "by": {}},
    }
    assert scored["reasons"] == {"no": {"caught": 2, "faulty": 2, "precision": 1.0, "of": {"leak": 2}}}
    assert (scored["answers"], scored["faulty"]) == (5, 4)


def test_a_drop_of_a_clean_row_costs_precision() -> None:
    from komainu.data.base import Drop

    rows = [chat(str(i), "x", "y", hidden={"fault": fault}) for i, fault in enumerate(["leak", "", "leak", ""])]
    scored = score_faults(rows[2:], [Drop("Filter", f"no: {i}", row) for i, row in enumerate(rows[:2])])
    assert scored["reasons"]["no"] == {"caught": 2, "faulty": 1, "precision": 0.5, "of": {"": 1, "leak": 1}}
    assert scored["faults"]["leak"]["recall"] == 0.5
