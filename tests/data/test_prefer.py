"""Prefer makes a pair of the best and the worst answer to a prompt, and says why."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from komainu.data.ask import Ask, call
from komainu.data.base import Dataset, Drop, drops
from komainu.data.prefer import Focus, Prefer
from komainu.errors import UsageError
from komainu.rows import Chat, Pair
from tests.data.fakes import TEACHER, Fake, No, Short, build, chat, context, source

CHECKS = (No(), Short())
LONG = "a very long answer indeed"


def pairs(tmp_path: Path, *sets: list[Chat], **fields: Any) -> tuple[list[Pair], list[Drop], dict[str, Any]]:
    ctx = context(tmp_path)
    stage = Prefer(answers=tuple(source(*rows) for rows in sets), checks=CHECKS, **fields)
    made, summary = build(stage, ctx)
    artifact = ctx.store.find(stage)
    assert artifact is not None
    return made, list(drops(artifact)), summary


def test_the_best_answer_is_chosen_over_the_worst(tmp_path: Path) -> None:
    rows = [[chat("a", "x", text, lang="ja")] for text in ("bad", "fine", "bad " + LONG)]
    (pair,), dropped, summary = pairs(tmp_path, *rows)
    assert (pair.id, pair.chosen, pair.rejected) == ("a", "fine", "bad " + LONG)
    labels = [source(*row).label for row in rows]
    assert pair.meta == {
        "lang": "ja",
        "margin": 2.0,
        "reasons": ["no: it says bad", "short: 29 characters"],
        "focus": "no",
        "from": ["a"],
        "chosen_by": labels[1],
        "rejected_by": labels[2],
    }
    assert dropped == []
    assert (summary["rows"], summary["in"], summary["answers"], summary["focus"]) == (1, 1, 3, {"no": 1})


def test_a_right_answer_is_better_than_a_wrong_one(tmp_path: Path) -> None:
    good, wrong = (chat("a", "x", text, references=["青い", "青いです"]) for text in ("青い", "赤い"))
    (pair,), _, _ = pairs(tmp_path, [wrong], [good])
    assert (pair.chosen, pair.rejected, pair.meta["reasons"], pair.meta["focus"]) == (
        "青い",
        "赤い",
        ["wrong"],
        "wrong",
    )
    assert pairs(tmp_path, [wrong], [good], correct=0.0)[1][0].reason == "no_margin: 0"


def test_samples_of_one_model_are_candidates_of_their_prompt(tmp_path: Path) -> None:
    ctx = context(tmp_path, Fake("fine", "bad", "fine too"))
    asked = Dataset(sources=(source(chat("a", "x"), chat("b#1", "y")),), steps=(Ask(model=TEACHER, samples=3),))
    made, summary = build(Prefer(answers=(asked,), checks=CHECKS), ctx)
    assert [(p.id, p.chosen, p.rejected) for p in made] == [("a", "fine", "bad"), ("b#1", "fine", "bad")]
    assert made[0].meta["from"] == ["a#0", "a#1", "a", call(TEACHER, 0), call(TEACHER, 1)]
    assert (made[0].meta["chosen_by"], made[0].meta["rejected_by"]) == (call(TEACHER, 0), call(TEACHER, 1))
    assert summary["models"] == {"teacher over teacher": 2}


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["fine"], "single"),
        (["fine", "Fine."], "equal"),
        (["fine", "also fine"], "no_margin: 0"),
        (["bad", "bad " + LONG], "all_bad: no: it says bad"),
    ],
)
def test_a_prompt_without_a_pair_is_dropped_with_the_reason(tmp_path: Path, texts: list[str], reason: str) -> None:
    made, dropped, summary = pairs(tmp_path, *([chat("a", "x", text)] for text in texts))
    assert made == []
    assert [(d.step, d.reason) for d in dropped] == [("Prefer", reason)]
    assert summary["dropped"] == {"Prefer": {reason.split(":")[0]: 1}}


def test_an_unclean_best_answer_is_chosen_only_when_asked_for(tmp_path: Path) -> None:
    (pair,), _, _ = pairs(tmp_path, [chat("a", "x", "bad")], [chat("a", "x", "bad " + LONG)], clean=False)
    assert pair.chosen == "bad"


def test_weights_and_the_least_margin_decide(tmp_path: Path) -> None:
    rows = [[chat("a", "x", text)] for text in ("fine", "bad", LONG)]
    assert pairs(tmp_path, *rows)[0][0].rejected == "bad"
    assert pairs(tmp_path, *rows, weights={"short": 3.0})[0][0].rejected == LONG
    assert pairs(tmp_path, *rows, weights={"short": 3.0})[0][0].meta["margin"] == 3.0
    assert pairs(tmp_path, *rows, min_margin=2.0)[1][0].reason == "no_margin: 1"


def test_an_answer_that_was_cut_off_is_worse(tmp_path: Path) -> None:
    (pair,), _, _ = pairs(tmp_path, [chat("a", "x", "fine")], [chat("a", "x", "fin", finish="length")])
    assert pair.meta["reasons"] == ["cut_off: finish_reason 'length'"]
    assert "finish" not in pair.meta


def test_a_focus_picks_pairs_of_its_kind_up_to_its_cap(tmp_path: Path) -> None:
    ids = "abcd"
    sets = [[chat(i, "x", text) for i in ids] for text in ("fine", "bad " + LONG, LONG)]
    made, dropped, summary = pairs(tmp_path, *sets, focus=(Focus(reason="short", cap=1), Focus(reason="no", cap=2)))
    assert [p.meta["focus"] for p in made] == ["short", "no", "no"]
    assert [d.reason for d in dropped] == ["over_cap: short"]
    assert summary["focus"] == {"no": 2, "short": 1}


def test_a_focus_takes_the_worst_that_fails_what_the_chosen_answer_does_not(tmp_path: Path) -> None:
    sets = [[chat("a", "x", text)] for text in ("fine", "bad", "bad " + LONG)]
    assert pairs(tmp_path, *sets, focus=(Focus(reason="no"),))[0][0].rejected == "bad " + LONG
    both_bad = [[chat("a", "x", text)] for text in ("bad", "bad " + LONG)]
    fields = {"clean": False, "focus": (Focus(reason="no"), Focus(reason="short"))}
    assert pairs(tmp_path, *both_bad, **fields)[0][0].meta["focus"] == "short"


def test_a_prompt_whose_worse_answers_fail_something_else_is_off_focus(tmp_path: Path) -> None:
    rows = [chat("a", "x", "fine")], [chat("a", "x", LONG)]
    assert pairs(tmp_path, *rows, focus=(Focus(reason="no"),))[1][0].reason == "off_focus"


def test_hidden_labels_follow_for_the_report_and_change_nothing(tmp_path: Path) -> None:
    good, bad = chat("a", "x", "fine", hidden={"fault": "leak"}), chat("a", "x", "bad", hidden={"fault": "register"})
    (pair,), _, _ = pairs(tmp_path, [good], [bad])
    assert pair.chosen == "fine"
    assert pair.meta["hidden"] == {"chosen": "leak", "rejected": "register"}


def test_sets_must_answer_the_same_prompts(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"a of Rows .* has another prompt than a"):
        pairs(tmp_path, [chat("a", "x", "fine")], [chat("a", "y", "bad")])
    with pytest.raises(UsageError, match="has no answer"):
        pairs(tmp_path, [chat("a", "x")])


def test_wiring_is_checked_with_the_nearest_name() -> None:
    one = source(chat("a", "x", "y"))
    stage = Prefer(answers=(one,), checks=CHECKS, weights={"shart": 1.0}, focus=(Focus(reason="wron"),), min_margin=0)
    problems = list(stage.check())
    assert "did you mean 'short'?" in problems[0]
    assert "did you mean 'wrong'?" in problems[1]
    assert "must be over 0" in problems[2]
    assert "Prefer.answers is empty" in next(iter(Prefer(answers=(), checks=()).check()))
    assert Prefer(answers=(one,), checks=CHECKS, focus=(Focus(reason="no", cap=2),)).expected(lambda s: 5) == 2
