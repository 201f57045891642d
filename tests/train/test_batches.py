"""What each step learns from: every row once an epoch, from a seed and its id; packs are full."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from komainu.errors import UsageError
from komainu.train.base import Fit, Unit, Units
from komainu.train.batches import Batches, micro_batches, order, sizes_of
from komainu.train.packing import LOOK
from komainu.train.preflight import suits
from komainu.train.render import Tokens


def unit(name: str, size: int) -> Unit:
    return Unit(name, (Tokens(name, [0] * size, [True] * size),))


class Realistic(Units):
    """Units whose lengths are log-normal; nothing but their lengths is there."""

    def __init__(self, count: int) -> None:
        dice = random.Random(0)
        self.ids = [f"u{i}" for i in range(count)]
        self.sizes = [max(16, min(8192, round(dice.lognormvariate(6.65, 0.9)))) for _ in self.ids]

    def made(self, place: int) -> Unit:
        return Unit(self.ids[place], ())

    def suspects(self, context: int, bos: int | None, eos: int | None) -> Iterator[int]:
        yield from ()


def test_order_is_each_rows_own_luck() -> None:
    rows = [f"r{i}" for i in range(50)]
    whole = [rows[i] for i in order(rows, 0, 0)]
    fewer = [rows[:40][i] for i in order(rows[:40], 0, 0)]
    assert [r for r in whole if r in rows[:40]] == fewer
    assert order(rows, 0, 0) != order(rows, 0, 1) != order(rows, 1, 1)


def test_a_global_batch_goes_on_where_the_last_one_ended() -> None:
    fit = Fit(lr=1.0, global_batch=3)
    units = [Unit(f"u{i}", ()) for i in range(7)]
    batches = Batches(fit, units)
    drawn = [u.id for step in range(7) for u in batches.of(step)]
    assert all(sorted(drawn[e * 7 : e * 7 + 7]) == [f"u{i}" for i in range(7)] for e in range(3))
    assert [u.id for u in Batches(fit, units).of(4)] == drawn[12:15]


def test_rows_in_the_order_given_are_trained_in_it_epoch_after_epoch() -> None:
    units = [Unit(f"u{i}", ()) for i in range(7)]
    batches = Batches(Fit(lr=1.0, global_batch=3, order="given"), units)
    drawn = [u.id for step in range(7) for u in batches.of(step)]
    assert drawn == [f"u{i}" for i in range(7)] * 3
    assert any("order" in problem for problem in Fit(lr=1.0, order="random").problems())  # type: ignore[arg-type]
    assert Fit(lr=1.0, order="shuffled").id == Fit(lr=1.0).id != Fit(lr=1.0, order="given").id


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=60), st.sampled_from(["shuffled", "given"]), st.integers(1, 4))
def test_packs_hold_every_row_once_an_epoch_and_no_more_tokens_than_they_may(
    sizes: list[int], how: str, batch: int
) -> None:
    units = [unit(f"u{i}", size) for i, size in enumerate(sizes)]
    batches = Batches(Fit(lr=1.0, global_batch=batch, pack=30, order=how), units)  # type: ignore[arg-type]
    for epoch in (0, 1):
        lots = batches.lots(epoch)
        assert sorted(i for lot in lots for i in lot) == [*range(len(units))] and len(lots) == batches.count
        assert all(sum(sizes[i] for i in lot) <= 30 for lot in lots)
    steps = [u.id for step in range(batches.count) for u in batches.of(step)]  # `batch` epochs
    assert sorted(steps) == sorted(f"u{i}" for i in range(len(units)) for _ in range(batch))


def test_packs_are_full_shuffled_or_in_order() -> None:
    units = Realistic(20_000)
    total = sum(units.sizes)
    shuffled = Batches(Fit(lr=1.0, pack=8192), units)
    given_order = Batches(Fit(lr=1.0, pack=8192, order="given"), units)
    assert total / (8192 * shuffled.count) >= 0.999
    assert total / (8192 * given_order.count) >= 0.995
    places = [i for lot in given_order.lots(0) for i in lot]
    assert all(abs(i - at) <= LOOK for at, i in enumerate(places))
    assert shuffled.lots(0) != shuffled.lots(1) and given_order.lots(0) == given_order.lots(1)


def test_packs_of_short_rows_come_no_sooner_than_others() -> None:
    batches = Batches(Fit(lr=1.0, pack=8192), Realistic(20_000))
    counts = [len(lot) for lot in batches.lots(0)]
    half = len(counts) // 2
    first, second = sum(counts[:half]) / half, sum(counts[half:]) / (len(counts) - half)
    assert abs(first / second - 1) < 0.05


def test_a_pack_counts_as_one_of_a_batch_and_of_the_steps() -> None:
    units = [unit(f"u{i}", 10) for i in range(12)]
    fit = Fit(lr=1.0, global_batch=2, pack=30, epochs=3.0)
    batches = Batches(fit, units)
    assert batches.count == 4 and fit.total_steps(batches.count) == 6
    assert [len(batches.of(step)) for step in range(6)] == [6] * 6
    assert fit.id != Fit(lr=1.0, global_batch=2, epochs=3.0).id == Fit(lr=1.0, global_batch=2, epochs=3.0, pack=0).id
    assert any("pack" in problem for problem in Fit(lr=1.0, pack=-1).problems())


def test_micro_batches_are_as_few_as_they_can_be_and_lose_nothing() -> None:
    units = [unit(f"u{i}", size) for i, size in enumerate([6, 6, 4, 12, 4, 10])]
    lots = micro_batches(units, 10)
    assert [[u.id for u in lot] for lot in lots] == [["u0", "u4"], ["u1", "u2"], ["u3"], ["u5"]]
    dice = random.Random(1)
    for _ in range(20):
        some = [unit(str(i), dice.randrange(1, 90)) for i in range(60)]
        found = micro_batches(some, 200)
        assert sorted(u.id for lot in found for u in lot) == sorted(u.id for u in some)
        assert all(sum(sizes_of(lot)) <= 200 for lot in found)
        assert len(found) <= -(-sum(sizes_of(some)) // 200) + 1


@pytest.mark.parametrize("how", ["shuffled", "given"])
def test_a_row_longer_than_a_pack_is_named(how: Literal["shuffled", "given"]) -> None:
    fit = Fit(lr=1.0, global_batch=1, steps=1, pack=30, order=how)
    with pytest.raises(UsageError, match="row long: 31 tokens, a pack holds 30"):
        suits(fit, [unit("short", 3), unit("long", 31)])
    with pytest.raises(UsageError, match="1 packs of 30 tokens are fewer than global_batch=2"):
        suits(Fit(lr=1.0, global_batch=2, pack=30), [unit("a", 3), unit("b", 3)])
