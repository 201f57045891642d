"""The context: ordered concurrent maps, what a record is told of the machine, and a client that is closed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from komainu.context import Context
from komainu.settings import Settings
from komainu.store import Store
from tests.core_fakes import Nobody, Source, context


def test_a_map_keeps_the_order_and_works_at_once(tmp_path: Path) -> None:
    ctx = Context(Store(tmp_path), Nobody(), Settings(workers=4))
    together = threading.Barrier(4, timeout=10)

    def slow(n: int) -> int:
        together.wait()
        time.sleep(0.001 * (7 - n))
        return n * n

    assert [*ctx.map(slow, range(8))] == [n * n for n in range(8)]


def test_a_map_reads_its_items_as_it_goes_and_begins_nothing_after_an_error(tmp_path: Path) -> None:
    ctx = Context(Store(tmp_path), Nobody(), Settings(workers=1))
    begun: list[int] = []

    def fail(n: int) -> int:
        begun.append(n)
        if n == 2:
            raise ValueError("two")
        return n

    with pytest.raises(ValueError, match="two"):
        [*ctx.map(fail, iter(range(10**9)))]
    assert len(begun) < 10


def test_a_model_is_located_where_its_stage_made_it(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    built = ctx.store.build(Source(), ctx)
    assert ctx.locate(Source()) == built.path


def test_the_client_is_closed_when_the_context_ends(tmp_path: Path) -> None:
    class Closing(Nobody):
        closed = False

        def close(self) -> None:
            self.closed = True

    client = Closing()
    with pytest.raises(ZeroDivisionError), Context(Store(tmp_path), client):
        raise ZeroDivisionError
    assert client.closed
    with Context(Store(tmp_path), Nobody()) as ctx:  # one that holds nothing needs no close
        assert "machine" in ctx.made_with()


def test_ctrl_c_in_a_map_ends_the_calls_that_its_threads_wait_for(tmp_path: Path) -> None:
    class Hanging(Nobody):
        closed = threading.Event()

        def close(self) -> None:
            self.closed.set()

    def items() -> Iterator[int]:
        yield 1
        raise KeyboardInterrupt

    client, waited = Hanging(), []
    with pytest.raises(KeyboardInterrupt):
        list(Context(Store(tmp_path), client).map(lambda n: waited.append(client.closed.wait(10)), items()))
    assert waited == [True]
