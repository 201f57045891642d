"""What a sweep's factors did, from the boards of its points: pairing, seeds, groups, the table, the page."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from komainu.cli import main
from komainu.cli_factors import read
from komainu.eval.base import Answers, Scores
from komainu.eval.bench.exact import ExactMatch
from komainu.eval.board import Board, Entry
from komainu.eval.factors import Factors
from komainu.eval.headline import gaps
from komainu.models.base import Model
from komainu.store import Store
from komainu.sweeps.record import Outcome, Point, Shelf, Sweep
from tests.eval.world import Items, context, right

FACTORS = {"lr": ("1", "2"), "mix": ("a", "b"), "seed": ("0", "1", "2")}
Found = dict[str, Any]


def say(model: Model, text: str, sample: int) -> str:
    """lr=2 knows more than lr=1, every seed some other items, and mix makes no difference."""
    _, lr, seed = model.name.split("/")
    i = int(text.split()[1])
    return right(i) if (7 * i + 3 * int(seed)) % 20 < (14 if lr == "2" else 6) else "わかりません。"


def board(lr: str, mix: str, seed: str, *, own: bool = False, also: bool = False, warm: bool = False) -> Board:
    items = Items(n=120, start=1000 * int(seed) if own else 0)
    benches = [ExactMatch(language=x) for x in ("ja", "en")]

    def entry(name: str, model: Model) -> Entry:
        answers = Answers(model=model, items=items)
        return Entry(name=name, scores=tuple(Scores(answers=answers, bench=b) for b in benches))

    tuned = entry("tuned", Model(name=f"{mix}/{lr}/{seed}", temperature=float(lr) if warm else 0.0))
    return Board(entries=(entry("base", Model(name="base/1/0")), tuned) if also else (tuned,))


def sweep(root: Path, left_out: int = 0, factors: dict[str, tuple[str, ...]] = FACTORS, **how: Any) -> Sweep:
    """Build the points of a sweep but the last ones."""
    ctx = context(root, say)
    values = [dict(zip(factors, each, strict=True)) for each in product(*factors.values())]
    every = [{"lr": "1", "mix": "a", "seed": "0", **each} for each in values]
    stages = [board(each["lr"], each["mix"], each["seed"], **how) for each in every]
    for stage in stages[: len(stages) - left_out]:
        ctx.store.build(stage, ctx)
    made = Sweep(
        "it", "r.py:it", factors, tuple(Point(v, str(v), s.place) for v, s in zip(values, stages, strict=True))
    )
    Shelf(root).keep(made)
    return made


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    monkeypatch.setenv("KOMAINU_STORE", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    def tell(*words: str, code: int = 0) -> str:
        capfd.readouterr()
        assert main(["eval", "board", "--sweep", *words]) == code
        out, err = capfd.readouterr()
        return out or err

    return tell


def effects(found: Found, response: str = "avg") -> dict[str, Found]:
    return {e["factor"]: e for e in found["effects"] if e["response"] == response}


def test_each_factor_is_judged_where_it_alone_differs(tmp_path: Path, told: Any) -> None:
    sweep(tmp_path)
    found = json.loads(told("it", "--json"))
    by = effects(found)
    assert {*by} == {"lr", "mix"} and found["seeds"] == ["seed"]  # a seed is no treatment
    assert by["lr"]["word"] == "better" and by["lr"]["effect"] == pytest.approx(40, abs=3)
    assert by["lr"]["low"] > 20 and by["lr"]["high"] < 60
    assert by["lr"]["p"] > 0
    assert by["lr"]["p_adjusted"] == pytest.approx(2 * by["lr"]["p"], rel=1e-4, abs=0)  # Holm, of two effects
    assert by["mix"]["word"] == "not distinguishable" and by["mix"]["effect"] == 0
    assert {(e["blocks"], e["runs"], e["n"]) for e in by.values()} == {(6, 3, 120)}
    assert {*effects(found, "exact (ja) exact")} == {"lr", "mix"}
    assert [s["groups"] for s in found["settings"]] == [[1], [1], [2], [2]]
    assert {*found["groups"][0]} == {"lr=2 mix=a", "lr=2 mix=b"}


def test_seeds_with_items_of_their_own_are_paired_within(tmp_path: Path, told: Any) -> None:
    sweep(tmp_path, own=True)
    by = effects(json.loads(told("it", "--json")))
    assert by["lr"]["n"] == 360 and by["lr"]["word"] == "better" and by["lr"]["effect"] == pytest.approx(40, abs=3)


def test_points_that_were_measured_in_other_ways_are_not_compared(tmp_path: Path, told: Any) -> None:
    sweep(tmp_path, warm=True, factors={"lr": ("1", "2"), "mix": ("a", "b")})
    by = effects(json.loads(told("it", "--json")))
    assert by["lr"]["word"] == "not compared" and by["mix"]["blocks"] == 2


def test_points_that_are_missing_leave_their_blocks_out_and_are_told(tmp_path: Path, told: Any) -> None:
    made = sweep(tmp_path, left_out=2)
    Shelf(tmp_path).tell(made, made.points[-1], Outcome("failed", "OverBudget", "the cap"))
    Shelf(tmp_path).tell(made, made.points[-2], Outcome("pruned", "halving", "loss 3", step=8))
    found = json.loads(told("it", "--json"))
    assert effects(found)["lr"]["blocks"] == 4 and effects(found)["mix"]["blocks"] == 4
    assert [p["state"] for p in found["points"]].count("built") == 10
    said = told(made.id[:6])
    assert "1 points are not in this: failed" in said and "among the survivors" in said and "OverBudget" in said


def test_one_run_of_each_setting_is_told_to_know_nothing_of_luck(tmp_path: Path, told: Any) -> None:
    sweep(tmp_path, factors={"lr": ("1", "2")})
    assert "may be the luck of a training" in told("it")
    assert effects(json.loads(told("it", "--json")))["lr"]["sd"] is None


def test_the_last_entry_is_looked_at_unless_another_is_named(tmp_path: Path, told: Any) -> None:
    sweep(tmp_path, factors={"lr": ("1", "2")}, also=True)
    assert json.loads(told("it", "--json"))["entry"] == "tuned"
    found = json.loads(told("it", "--json", "--filter", "base"))
    assert found["entry"] == "base" and effects(found)["lr"]["word"] == "not distinguishable"
    assert "base, tuned" in told("it", "--filter", "else", code=2)


def test_what_points_share_is_paid_once(tmp_path: Path, told: Any) -> None:
    sweep(tmp_path, factors={"lr": ("1", "2")})
    found = json.loads(told("it", "--json"))
    assert found["shared"]["stages"] == 1  # the items
    assert {p["cost"]["stages"] for p in found["points"]} == {4}  # answers, two scores, the board
    assert all(p["cost"]["seconds"] >= 0 and p["cost"]["money"] is not None for p in found["points"])


@pytest.mark.parametrize(("words", "said"), [(["nothing"], "has no sweep"), (["it", "--csv"], "--sweep goes with")])
def test_what_cannot_be_shown_is_refused(tmp_path: Path, told: Any, words: list[str], said: str) -> None:
    sweep(tmp_path, factors={"lr": ("1", "2")}, left_out=2)
    assert said in told(*words, code=2)
    assert "no point of this sweep is built yet" in told("it", code=2)


class Reader(HTMLParser):
    """The elements of a page, and whether they close in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.seen.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_has_the_plots_and_stands_alone(tmp_path: Path, told: Any) -> None:
    sweep(tmp_path, left_out=1)
    told("it", "--page", "a.html")
    told("it", "--page", "b.html")
    text = (tmp_path / "a.html").read_text()
    assert text == (tmp_path / "b.html").read_text()
    reader = Reader()
    reader.feed(text)
    assert reader.open == [] and "script" not in reader.seen and not re.search(r"(src|href)=\"(?!#)", text)
    assert text.count("<polyline") == 11  # a line a built point
    assert "1 to 2: +4" in text and "1 points are not in this: to run" in text


def test_what_a_point_says_is_text_on_the_page(tmp_path: Path, told: Any) -> None:
    made = sweep(tmp_path, left_out=1, factors={"lr": ("1", "2")})
    Shelf(tmp_path).tell(made, made.points[-1], Outcome("failed", "Bad", "<script>alert(1)</script>"))
    told("it", "--page", "a.html")
    assert "&lt;script&gt;" in (tmp_path / "a.html").read_text()


def test_the_fast_way_and_the_careful_way_agree(tmp_path: Path) -> None:
    made = sweep(tmp_path, factors={"lr": ("1", "2")})
    tried, _ = read(Store(tmp_path), made.points, [])
    found = Factors(tried, made.varied)
    for response in found.responses:
        one, two = (found.average(i, response) for i in (0, 1))
        careful = gaps(one, two, one.weights(response.languages))
        fast = found.block(0, 1, response)
        assert careful and fast and [*fast.items] == careful.items and found.vector(0, response)
        assert fast.parts == pytest.approx(careful.parts) and fast.errors == pytest.approx(careful.errors)
