from __future__ import annotations

import random
from statistics import fmean

import pytest
from scipy.stats import pearsonr, spearmanr

from komainu.eval.bench.llm_jp_eval.average import averages, correlations
from komainu.eval.bench.llm_jp_eval.datasets import CATEGORIES, DATASETS, of_category
from komainu.rows import Score


def scores(*values: float | None, why: str = "") -> list[Score]:
    return [Score(f"row-{i}", "score", value, why=why) for i, value in enumerate(values)]


def everything(n: int = 40, seed: int = 0) -> dict[str, list[Score]]:
    rng = random.Random(seed)
    names = [d.name for d in DATASETS.values() if d.category != "STS"]
    return {name: scores(*(float(rng.random() < 0.3 + i / 40) for _ in range(n))) for i, name in enumerate(names)}


def mean_of(some: list[Score]) -> float:
    return fmean(score.value for score in some if score.value is not None)


def test_categories_count_alike_and_so_do_the_datasets_in_them() -> None:
    found = averages(everything() | {"mawps": scores(*[1.0] * 500)})
    given = everything() | {"mawps": scores(*[1.0] * 500)}
    means = {c: fmean(mean_of(given[d.name]) for d in of_category(c)) for c in CATEGORIES}
    for category, told in found["categories"].items():
        assert told["mean"] == pytest.approx(means[category], abs=1e-6) and not told["partial"]
    whole = found["average"]
    assert whole["mean"] == pytest.approx(fmean(means.values()), abs=1e-6)
    assert whole["low"] < whole["mean"] < whole["high"] and not whole["partial"] and whole["lacking"] == {}


def test_a_missing_category_is_told_and_is_no_zero() -> None:
    given = everything()
    del given["mbpp"], given["chabsa"]
    given["xlsum_ja"] = scores(None, None, why="not_available: x")
    found = averages(given)
    assert found["categories"]["CG"] == {"mean": None, "low": None, "high": None, "partial": True, "datasets": {}}
    assert found["categories"]["SUM"]["mean"] is None
    assert found["categories"]["SUM"]["datasets"]["xlsum_ja"]["missing"] == 2
    there = [c["mean"] for name, c in found["categories"].items() if name not in ("CG", "EL", "SUM")]
    assert found["average"]["mean"] == pytest.approx(fmean(there), abs=1e-6)
    assert found["average"]["partial"] and found["average"]["lacking"] == {
        "chabsa": "no items",
        "mbpp": "no items",
        "xlsum_ja": "100.0 % of its verdicts are missing; the first: not_available: x",
    }


def test_a_dataset_that_lacks_makes_its_category_partial() -> None:
    given = everything()
    del given["jamp"]
    found = averages(given)
    rest = [mean_of(given[d.name]) for d in of_category("NLI") if d.name != "jamp"]
    assert found["categories"]["NLI"]["mean"] == pytest.approx(fmean(rest), abs=1e-6)
    assert found["categories"]["NLI"]["partial"] and not found["categories"]["QA"]["partial"]
    assert found["average"]["lacking"] == {"jamp": "no items"}


@pytest.mark.parametrize(("missing", "partial"), [(1, False), (2, True)])
def test_a_few_missing_verdicts_are_left_out_and_more_are_told(missing: int, partial: bool) -> None:
    given = everything() | {"mawps": scores(*[1.0] * (200 - missing), *[None] * missing, why="late")}
    found = averages(given)
    assert found["categories"]["MR"]["mean"] == 1.0 and found["average"]["partial"] is partial
    assert found["average"]["lacking"] == (
        {"mawps": "1.0 % of its verdicts are missing; the first: late"} if partial else {}
    )


def test_nothing_at_all_has_no_average() -> None:
    found = averages({})["average"]
    assert found["mean"] is None and found["partial"] and len(found["lacking"]) == 27


def test_several_samples_of_an_item_count_once() -> None:
    twice = [*scores(1.0, 0.0, 0.0), Score("row-0", "score", 0.0)]
    told = averages({"mawps": twice})["categories"]["MR"]
    assert told["mean"] == pytest.approx(1 / 6, abs=1e-6) and told["datasets"]["mawps"]["n"] == 3


def test_the_interval_resamples_within_datasets_and_is_the_same_every_time() -> None:
    spread = averages({"mawps": scores(*[0.0, 1.0] * 50)})["categories"]["MR"]
    assert spread["high"] - spread["low"] == pytest.approx(2 * 1.96 * 0.05, rel=0.1)  # sd of the mean: 0.5 / 10
    two = averages({name: scores(*[0.0, 1.0] * 50) for name in ("kuci", "jcommonsenseqa", "commonsensemoralja")})
    width = two["categories"]["MC"]["high"] - two["categories"]["MC"]["low"]
    assert width == pytest.approx(2 * 1.96 * 0.05 / 3**0.5, rel=0.1)
    assert averages(everything()) == averages(everything())


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    rng, hits = random.Random(1), 0
    for _ in range(60):
        given = {n: scores(*(float(rng.random() < p) for _ in range(60))) for n, p in (("aio", 0.3), ("niilc", 0.6))}
        told = averages(given)["categories"]["QA"]
        hits += told["low"] <= 0.45 <= told["high"]
    assert hits >= 52


def test_correlations_are_those_of_scipy() -> None:
    rng = random.Random(2)
    right = [round(rng.uniform(0, 5), 1) for _ in range(80)]
    pairs: list[tuple[float | None, float]] = [(float(round(r + rng.gauss(0, 1))), r) for r in right]
    pairs[3] = (None, pairs[3][1])
    said = [-2.0 if value is None else value for value, _ in pairs]
    found = correlations(pairs)
    assert found["n"] == 80 and found["no_number"] == 1
    assert found["pearson"]["mean"] == pytest.approx(pearsonr(said, right).statistic, abs=1e-6)
    assert found["spearman"]["mean"] == pytest.approx(spearmanr(said, right).statistic, abs=1e-6)
    for name in ("pearson", "spearman"):
        assert found[name]["low"] < found[name]["mean"] < found[name]["high"]


def test_a_correlation_that_does_not_exist_is_zero_and_none_without_answers() -> None:
    assert correlations([(3.0, 1.0), (3.0, 2.0)])["pearson"]["mean"] == 0
    assert correlations([])["spearman"] == {"mean": None, "low": None, "high": None}
