from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from komainu.eval.bench.exact import ExactMatch
from komainu.eval.bench.leakage import LeakageRate
from komainu.eval.sampler import Cut, SamplerSweep, sampler_sweep
from komainu.models.base import Model, Reply
from komainu.stage import wiring
from tests.eval.world import Items, Say, context, right

MODEL = Model(name="m")
QUALITY = (ExactMatch(language="ja"), ExactMatch(language="en"))
LEAKAGE = (LeakageRate(language="ja"),)


def sweep(**changes: Any) -> SamplerSweep:
    options: dict[str, Any] = {"quality": QUALITY, "leakage": LEAKAGE, **changes}
    return sampler_sweep(MODEL, Items(n=200), **options)


def hot(model: Model, text: str, sample: int) -> str:
    """Leaks more the hotter and less the more is cut; knows a little more when not greedy."""
    i = int(text.split()[1])
    rng = random.Random(f"{i}:{model.temperature}:{model.top_p}:{model.min_p}")
    cut = model.top_p < 1 or model.min_p > 0
    if rng.random() < model.temperature * (0.02 if cut else 0.6):
        return "答えはanswerです。" if i % 2 == 0 else "no"
    greedy_misses = model.temperature == 0 and i % 10 < 2
    return "わかりません。" if greedy_misses else right(i)


def built(root: Path, stage: SamplerSweep, say: Say = hot) -> dict[str, Any]:
    ctx = context(root, say)
    return ctx.store.build(stage, ctx).summary


def test_the_sweep_crosses_temperatures_and_cuts_with_one_greedy_point() -> None:
    names = [point.name for point in sweep(temperatures=(0.0, 1.0)).points]
    assert names == [
        "temperature 0",
        "temperature 1",
        "temperature 1, top_p 0.9",
        "temperature 1, min_p 0.1",
    ]


def test_each_point_tells_quality_and_leakage_with_intervals(tmp_path: Path) -> None:
    found = built(tmp_path, sweep(temperatures=(0.0, 1.0)))
    whole = found["points"][1]
    assert (whole["temperature"], whole["top_p"], whole["min_p"]) == (1.0, 1.0, 0.0)
    assert whole["leakage"]["low"] < whole["leakage"]["mean"] < whole["leakage"]["high"]
    assert 45 < whole["leakage"]["mean"] < 75 and whole["leakage"]["word"] == "worse"
    assert whole["quality"]["mean"] < 60 and whole["quality"]["word"] == "worse"
    assert len(whole["scores"]) == 3 and all((tmp_path / ref).exists() for ref in whole["scores"])


def test_the_advice_is_the_best_quality_of_the_points_with_low_leakage(tmp_path: Path) -> None:
    found = built(tmp_path, sweep(temperatures=(0.0, 1.0)))
    assert found["points"][0]["leakage"]["mean"] == 0.0
    assert found["advice"]["temperature"] == 1.0 and found["advice"]["point"] != "temperature 1"
    assert "of the 3 of 4 settings" in found["advice"]["why"]


def test_equal_points_give_the_coolest(tmp_path: Path) -> None:
    stage = sweep(temperatures=(0.7, 0.2), cuts=(Cut(),))
    found = built(tmp_path, stage, lambda _, text, __: right(int(text.split()[1])))
    assert found["advice"]["temperature"] == 0.2
    assert [p["leakage"]["word"] for p in found["points"]] == ["best", "not distinguishable"]


def test_points_that_lack_verdicts_are_not_advised(tmp_path: Path) -> None:
    def say(model: Model, text: str, sample: int) -> str | Reply:
        lost = model.temperature == 0.2 and text in ("say 0", "say 2")
        return Reply("", finish="length") if lost else right(int(text.split()[1]))

    found = built(tmp_path, sweep(temperatures=(0.2, 0.7), cuts=(Cut(),)), say)
    assert found["points"][0]["quality"]["word"] == "withheld" and found["points"][0]["leakage"]["mean"] is None
    assert found["advice"]["temperature"] == 0.7
    nothing = built(tmp_path / "none", sweep(temperatures=(0.7,), cuts=(Cut(),)), lambda *_: Reply("", finish="length"))
    assert nothing["advice"] is None


def test_two_builds_give_the_same_bytes(tmp_path: Path) -> None:
    stage, found = sweep(temperatures=(0.0, 0.7)), []
    for root in ("a", "b"):
        ctx = context(tmp_path / root, hot)
        found.append((ctx.store.build(stage, ctx).path / "sweep.json").read_bytes())
    assert found[0] == found[1]


def test_wrong_sweeps_are_refused() -> None:
    stage = sweep(temperatures=(0.0, 0.7))
    assert not list(wiring(stage))
    a, b, *_ = stage.points

    def said(*points: Any) -> str:
        return " ".join(problem for _, problem in wiring(SamplerSweep(points=points)))

    assert "is empty" in said()
    assert "stands 2 times" in said(a, a)
    assert "another model or other settings" in said(a, replace(b, quality=a.quality))
    assert "needs scores of quality and of leakage" in said(replace(a, leakage=()))
    assert "lacks the bench exact (en)" in said(a, replace(b, quality=b.quality[:1]))


@pytest.mark.parametrize("temperature", [0.2, 1.0])
def test_scores_say_how_the_model_was_asked(tmp_path: Path, temperature: float) -> None:
    stage = sweep(temperatures=(temperature,), cuts=(Cut(top_p=0.9),))
    ctx = context(tmp_path, hot)
    ctx.store.build(stage, ctx)
    sampling = ctx.open(stage.points[0].quality[0]).summary["sampling"]
    assert (sampling["temperature"], sampling["top_p"], sampling["min_p"]) == (temperature, 0.9, 0.0)
