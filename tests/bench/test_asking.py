"""The benchmark of asking is fair: the same work for all, nothing faster than the ideal, every answer looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench import asking
from bench.asking import OURS, Client, run, stub, table
from bench.load import Load, answer, makespan, number_in, prompt

SMALL = Load("tail", 300, 0.05, 0.7, limit=32)


@given(st.lists(st.floats(0.001, 100), min_size=1), st.integers(1, 40))
def test_no_order_beats_the_bound_and_one_place_is_the_sum(seconds: list[float], limit: int) -> None:
    bound = max(sum(seconds) / limit, *seconds)
    assert bound * (1 - 1e-9) <= makespan(seconds, limit) <= sum(seconds) / limit + max(seconds) + 1e-9
    assert makespan(seconds, 1) == pytest.approx(sum(seconds))


def test_a_flat_load_takes_whole_waves() -> None:
    flat = Load("flat", 20_000, 0.2, 0.0)
    assert flat.ideal(20_000) == pytest.approx(79 * 0.2) and flat.bound(20_000) == pytest.approx(15.625)


def test_latencies_depend_on_the_prompt_alone_and_have_the_median_and_the_tail_they_say() -> None:
    load = Load("tail", 2_000, 1.0, 0.7)
    drawn = sorted(load.latency(i) for i in range(load.n))
    assert drawn[1000] == pytest.approx(1.0, rel=0.1) and drawn[1980] > 4
    assert load.latency(7) == Load("other", 9, 1.0, 0.7).latency(7) != Load("tail", 9, 1.0, 0.7, seed=1).latency(7)


@given(st.integers(0, 999_999))
def test_a_prompt_and_its_answer_carry_its_number(which: int) -> None:
    assert number_in(prompt(which).encode()) == number_in(answer(which).encode()) == which


def test_our_client_through_the_real_cache_gets_every_answer_and_never_exceeds_the_limit() -> None:
    with stub(SMALL) as url:
        found = run(OURS, SMALL, url, Path())
    assert found.n == 300 and 1 < found.most <= 32
    assert found.wall >= SMALL.bound(300) and found.cpu > 0 and found.server > 0
    lines = [*table(SMALL, {OURS: [found, found]})]
    assert "medians of 2 rounds" in lines[0] and lines[4].startswith("| komainu, cache on | 300 |")


def test_a_client_that_loses_or_repeats_a_prompt_ends_the_benchmark(monkeypatch: pytest.MonkeyPatch) -> None:
    counts: list[dict[str, Any]] = [{}, {"calls": 301, "most": 3, "cpu": 0.1}]
    monkeypatch.setattr(asking, "counted", lambda url: counts.pop(0))
    with stub(SMALL) as url, pytest.raises(SystemExit, match="300 of 300 answers are right, and the server saw"):
        run(OURS, SMALL, url, Path())


def test_a_client_that_fails_is_shown() -> None:
    with stub(SMALL) as url, pytest.raises(SystemExit, match=r"(?s)nobody ended with 1.*No module named"):
        run(Client("nobody", "nobody", None), SMALL, url, Path())
