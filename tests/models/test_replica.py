"""What is known of one server: its limit, its rest, its death and its return. Times are given."""

from __future__ import annotations

import pytest

from komainu.models.failures import Trouble
from komainu.models.pace import Pace
from komainu.models.replica import SICK, Replica

BUSY = Trouble("status 429", status=429)
BROKEN = Trouble("status 500", status=500, kind="infrastructure")
REFUSED = Trouble("refused", kind="infrastructure", down=True)


def replica(ceiling: int = 64, busy: int = 64) -> Replica:
    made = Replica("http://h:1", ceiling, patience=25.0)
    for _ in range(busy):
        made.begin(0.0)
    return made


def test_it_starts_at_the_ceiling() -> None:
    made = replica(busy=63)
    assert made.ready(0.0)
    made.begin(0.0)
    assert not made.ready(0.0)


@pytest.mark.parametrize(
    "trouble", [BUSY, Trouble("x", status=503, kind="infrastructure"), Trouble("x", kind="infrastructure", slow=True)]
)
def test_overload_lowers_the_limit_once_for_all_that_was_sent_before_and_answers_raise_it(trouble: Trouble) -> None:
    made = replica()
    for i in range(30):
        made.failed(trouble, i, started=0.0, now=1.0)
    assert made.limit == pytest.approx(0.7 * 64)
    made.failed(trouble, 31, started=1.5, now=2.0)
    assert made.limit == pytest.approx(0.49 * 64)
    rounds = 0
    while made.limit < 64:
        for _ in range(int(made.limit)):
            made.answered(3.0)
        rounds += 1
    assert 6 <= rounds <= 16  # a sixteenth of the ceiling a round
    made.answered(3.0)
    assert made.limit == 64


def test_the_limit_never_falls_below_one() -> None:
    made = replica(ceiling=2, busy=1)
    for i in range(9):
        made.failed(BUSY, i, started=float(i), now=float(i))
    assert made.limit == 1.0


def test_a_failure_that_tells_nothing_of_load_leaves_the_limit() -> None:
    made = replica()
    made.failed(BROKEN, 1, 0.0, 1.0)
    assert made.limit == 64


def test_a_server_that_names_a_time_is_left_alone_until_then() -> None:
    made = replica(busy=9)
    made.failed(Trouble("x", status=429, after=5.0), 1, 0.0, 10.0)
    made.busy = 0
    assert not made.ready(14.9) and made.ready(15.1)
    assert made.failures == 0  # it is well


def test_nobody_listening_takes_it_out_at_once_and_a_look_brings_it_back_with_one_request() -> None:
    made = replica(busy=0)
    made.failed(REFUSED, 1, 0.0, 10.0)
    assert made.out and not made.ready(100.0) and not made.to_look_at(10.4) and made.to_look_at(10.6)
    made.looked_at(False, 11.0)
    assert not made.to_look_at(11.9) and made.to_look_at(12.1)  # 0.5 s, then 1 s
    made.looked_at(True, 12.1)
    assert made.ready(12.1) and made.limit == 1.0
    made.failed(BROKEN, 2, 12.1, 12.2)
    assert made.out  # one more failure is enough
    made.looked_at(True, 20.0)
    made.answered(21.0)
    assert made.failures == 0 and made.limit == 5.0


def test_failures_of_many_questions_in_a_row_take_it_out_and_those_of_one_do_not() -> None:
    made = replica(busy=1)
    for _ in range(5 * SICK):
        made.failed(BROKEN, "the one bad question", 0.0, 1.0)
    assert not made.out
    made.answered(2.0)
    for i in range(SICK):
        assert not made.out
        made.failed(BROKEN, i, 2.0, 3.0)
    assert made.out


def test_one_answer_between_failures_is_enough() -> None:
    made = replica(busy=1)
    for i in range(10 * SICK):
        made.failed(BROKEN, i, 0.0, 1.0)
        if i % (SICK - 1) == 0:
            made.answered(1.0)
    assert not made.out


def test_a_silent_server_is_looked_at_and_its_time_runs_out() -> None:
    made = replica(busy=0)
    made.begin(100.0)
    assert not made.to_look_at(108.0) and made.to_look_at(108.5) and not made.silent(124.9)
    assert made.silent(125.0)
    made.looked_at(True, 120.0)  # it only takes long
    assert not made.silent(125.0)
    made.busy = 0
    assert not made.silent(999.0)  # nothing is asked of it


def test_it_is_dead_when_nobody_was_there_for_the_whole_of_its_patience() -> None:
    made = replica(busy=1)
    made.failed(REFUSED, 1, 10.0, 10.0)
    made.looked_at(False, 34.9)
    assert not made.dead
    made.looked_at(False, 35.0)
    assert made.dead
    made.looked_at(True, 36.0)
    made.answered(37.0)
    assert not made.dead


def test_it_is_dead_when_all_it_does_for_the_whole_of_its_patience_is_fail_though_it_lives() -> None:
    made = replica(busy=1)
    timeout = Trouble("no answer", kind="infrastructure", slow=True)
    for i in range(SICK):
        made.failed(timeout, i, started=10.0, now=20.0)
    made.looked_at(True, 21.0)
    assert not made.out and not made.dead
    made.failed(timeout, SICK, started=21.0, now=34.9)
    assert not made.dead
    made.failed(timeout, SICK, started=21.0, now=35.0)  # since the first were sent
    assert made.dead


def test_a_server_that_failed_at_first_and_then_takes_long_is_not_dead() -> None:
    made = replica(busy=1)
    for i in range(SICK):
        made.failed(BROKEN, i, 10.0, 11.0)
    made.looked_at(True, 12.0)
    made.begin(12.0)
    made.answered(99.0)
    made.failed(BROKEN, 1, 99.0, 100.0)
    assert not made.dead


def test_a_pace_spreads_a_minute_evenly() -> None:
    pace = Pace(60)
    assert [pace.wait(1, 100.0) for _ in range(4)] == [0.0, 1.0, 2.0, 3.0]
    assert pace.wait(1, 200.0) == 0.0  # what was not used does not add up to a burst
    pace.correct(2)
    assert pace.wait(1, 200.0) == 3.0
