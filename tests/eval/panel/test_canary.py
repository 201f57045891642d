"""Canaries: a judge that is as it was raises no alarm; one that has moved, scatters or falls silent does."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from komainu.errors import GateFailed, UsageError
from komainu.eval.base import Answers
from komainu.eval.judge.panel import panel
from komainu.eval.panel.canary import Canary, judged_again
from komainu.eval.panel.drift import Bounds, drift
from komainu.eval.panel.marks import Mark, Sheet, sheet
from komainu.models.base import Model, Reply
from komainu.stage import wiring
from tests.eval.judge.test_core import CANDIDATE, KIND, MARK, STRICT, Marks
from tests.eval.world import Items, Parrot, context


def frozen(seed: str = "0") -> list[Mark]:
    rng = random.Random(seed)
    return [Mark("m", f"{i}", judge, float(rng.randint(1, 5)), top=5.0) for i in range(40) for judge in ("a", "b")]


def moved(by: float | None, every: int = 1) -> Sheet:
    """The scores again, those of judge b moved for every n-th answer."""
    again = []
    for n, mark in enumerate(frozen()):
        change = mark.judge == "b" and n // 2 % every == 0
        assert mark.score is not None
        again.append(mark if not change else mark._replace(score=None if by is None else mark.score + by))
    return sheet(again)


def alarms(now: Sheet, bounds: Bounds | None = None) -> dict[str, str]:
    rows = drift(sheet(frozen()), now, "s", *([bounds] if bounds else []))
    return {row["judge"]: row["alarm"] for row in rows}


def test_the_same_scores_raise_no_alarm() -> None:
    assert alarms(sheet(frozen())) == {"a": "", "b": ""}
    (row, _) = drift(sheet(frozen()), sheet(frozen()), "s")
    assert row["exact"] == 1.0 and row["kappa"] == 1.0 and row["shift"] == 0.0 and row["p_holm"] == 1.0


def test_a_judge_whose_mean_has_moved_is_told_and_the_other_is_not() -> None:
    found = alarms(moved(0.5))
    assert found["a"] == "" and found["b"] == "its mean has moved by +0.500, 10.0 % of the scale"
    assert alarms(moved(0.05)) == {"a": "", "b": ""}  # 1 % of the scale is within the bound
    assert alarms(moved(0.05), Bounds(shift=0.005))["b"].startswith("its mean has moved by +0.050")
    assert alarms(moved(1.0, every=20)) == {"a": "", "b": ""}  # two answers of forty may be chance


def test_a_judge_that_scatters_around_the_same_mean_is_told() -> None:
    swapped = [m._replace(score=6 - (m.score or 0)) if m.judge == "b" else m for m in frozen()]
    assert "agrees with itself at a kappa of -" in alarms(sheet(swapped))["b"]


def test_a_judge_that_falls_silent_is_told() -> None:
    assert alarms(moved(None, every=4))["b"] == "10 verdicts are missing that were there"
    assert alarms(moved(None, every=20))["b"] == ""
    assert alarms(moved(None))["b"] == "the judge has no verdict on the frozen answers"
    only_a = sheet(mark for mark in frozen() if mark.judge == "a")
    assert alarms(only_a) == {"a": "", "b": "the judge has no verdict on the frozen answers"}


def test_other_answers_are_no_canary() -> None:
    with pytest.raises(UsageError, match="no answer in common"):
        drift(sheet(frozen()), sheet(mark._replace(item=f"x{mark.item}") for mark in frozen()), "s")


ANSWERS = Answers(model=CANDIDATE, items=Items(n=24))
FROZEN = panel(ANSWERS, Marks(language="en"), (STRICT, KIND))


def test_a_canary_asks_the_judges_again_and_lets_pass_what_is_as_it_was(tmp_path: Path) -> None:
    def say(model: Model, text: str, sample: int) -> str | Reply:
        return answered(model, text, later=False)

    ctx = context(tmp_path, say)
    ctx.store.build(FROZEN, ctx)
    assert isinstance(ctx.client, Parrot)
    before = ctx.client.asked
    again = judged_again(FROZEN, 1)
    summary = ctx.store.build(Canary(frozen=FROZEN, again=again), ctx).summary
    assert ctx.client.asked == before + 2 * 12  # both judges, each English answer; the candidate is not asked
    assert [row["alarm"] for row in summary["drift"]] == ["", ""] and summary["drift"][0]["n"] == 12


def test_a_canary_stops_the_run_when_a_judge_has_changed(tmp_path: Path) -> None:
    ctx = context(tmp_path, lambda model, text, sample: answered(model, text, later=False))
    ctx.store.build(FROZEN, ctx)
    ctx = context(tmp_path, lambda model, text, sample: answered(model, text, later=True))
    with pytest.raises(GateFailed, match=r"kind: its mean has moved by -2\.000"):
        ctx.store.build(Canary(frozen=FROZEN, again=judged_again(FROZEN, 2)), ctx)


def answered(model: Model, text: str, later: bool) -> str:
    """Two judges that mark by the number in the answer; later the kind one takes two off."""
    if model == CANDIDATE:
        return f"answer to {text}"
    mark = text.split("<verdict-")[1][: len(MARK)]
    number = int(text.split("\n")[0].split()[-1]) % 3
    return f"<verdict-{mark}>{1 + number if model == STRICT else 3 + number - (2 if later else 0)}</verdict-{mark}>"


def test_a_canary_of_other_answers_or_of_nothing_new_is_refused() -> None:
    other = panel(replace(ANSWERS, items=Items(n=8)), Marks(language="en"), (STRICT, KIND))
    wrong = [problem for _, problem in wiring(Canary(frozen=FROZEN, again=other))]
    assert any("other answers" in problem for problem in wrong)
    assert any("no judge is asked again" in p for _, p in wiring(Canary(frozen=FROZEN, again=FROZEN)))
    fewer = panel(ANSWERS, Marks(language="en"), (STRICT,))
    assert any("other judges" in p for _, p in wiring(Canary(frozen=FROZEN, again=fewer)))
