from __future__ import annotations

import math
from xml.etree import ElementTree

from hypothesis import example, given
from hypothesis import strategies as st

from komainu.release.plots import Dot, around_zero, curve, dots, sweep_plot, told
from komainu.release.svg import Scale, tag, text, ticks
from komainu.release.training import Curve, Run, smoothed
from tests.release.world import SWEEP

NUMBERS = st.floats(-1e9, 1e9, allow_nan=False, allow_subnormal=False)


@given(NUMBERS, NUMBERS)
def test_ticks_cover_what_they_are_for(a: float, b: float) -> None:
    low, high = sorted((a, b))
    found = ticks(low, high)
    slack = 1e-8 * max(abs(low), abs(high))
    assert found[0] <= low + slack and found[-1] >= high - slack
    assert 2 <= len(found) <= 7 and found == sorted(set(found))


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_scale_never_leaves_its_ends(low: float, high: float, value: float) -> None:
    assert 10 <= Scale(low, high, 10, 90).at(value) <= 90


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_text_and_attributes_are_escaped(words: str) -> None:
    found = ElementTree.fromstring(tag("g", text(1, 2, words), aria_label=words))
    assert found.get("aria-label") == words
    assert (found[0].text or "") == words


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=60), st.integers(0, 9))
@example([5e-324], 0)
def test_every_curve_is_a_whole_drawing(values: list[float], series: int) -> None:
    n = len(values)
    run = Run("<SFT>", "sft/1", tuple(range(n)), tuple(range(1, n + 1)), ())
    found = ElementTree.fromstring(curve(run, Curve("loss", "loss", tuple(values)), series % 6))
    for line in found.iter("polyline"):
        places = [float(v) for pair in str(line.get("points")).split() for v in pair.split(",")]
        assert len(places) == 2 * n and all(-0.1 <= v <= 1000.1 for v in places)


def test_a_long_curve_is_thinned() -> None:
    values = tuple(math.sin(i) for i in range(5000))
    run = Run("SFT", "sft/1", tuple(range(5000)), tuple(range(1, 5001)), ())
    assert len(curve(run, Curve("loss", "loss", values), 1)) < 12_000


def test_the_step_in_the_middle_is_told_where_its_words_do_not_reach_into_others() -> None:
    assert told([7]) == [0] and told([0, 1]) == [0, 1] and told([0, 1, 2, 3]) == [0, 3]
    assert told([0, 1, 2]) == [0, 1, 2] and told([*range(80)]) == [0, 40, 79]
    assert told([*range(40), 1000]) == [0, 40]


def test_a_running_mean_begins_with_what_there_is() -> None:
    assert smoothed((1.0, 3.0, 5.0, 7.0), 2, range(4)) == [1.0, 2.0, 4.0, 6.0]
    assert smoothed((1.0, 3.0, 5.0, 7.0), 2, (0, 3)) == [1.0, 6.0]


def test_what_is_withheld_is_drawn_as_bounds_without_a_mark() -> None:
    found = dots("x", [Dot(0, None, 10, 20), Dot(1, 50, 40, 60), Dot(2, None, None, None)])
    assert found.count('class="bounds s0"') == 1 and found.count('class="mark') == 1


def test_differences_lie_around_zero() -> None:
    scale, marks = around_zero([-3.0, 12.0])
    assert scale.at(0) == 50 and marks[2] == 0 and marks[-1] >= 12
    assert around_zero([])[1][2] == 0


def test_the_advised_setting_stands_out() -> None:
    found = sweep_plot(SWEEP["points"], "temperature 0.7, top_p 0.9")
    assert found.count('class="mark s1"') == 1 and found.count('class="mark s0"') == 4
    assert sweep_plot([], "") == ""
