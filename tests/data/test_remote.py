"""Shard tasks on other machines, with a stand-in for Slurm and Ray: what is lost, done before or refused."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from komainu import shards
from komainu.cluster.base import Fate
from komainu.context import Context
from komainu.data import remote
from komainu.data.decontaminate import Decontaminate
from komainu.data.dedup import Exact
from komainu.data.executor import Inline, executor
from komainu.data.flow import Flow
from komainu.data.near_dup import Near
from komainu.data.prepared import Prepared
from komainu.data.shard_files import packed, read_chunks, read_done, unpacked, write_chunks, write_done
from komainu.data.stretch import Chunk, Done, cut
from komainu.elsewhere import Ranks
from komainu.errors import JobFailed, UsageError
from komainu.recipe import load
from komainu.settings import Data, Settings
from komainu.store import Store
from tests.data.fakes import Fake, chat, context, source

RECIPE = """
from komainu.data.base import Dataset
from komainu.data.decontaminate import Decontaminate
from komainu.data.dedup import Exact
from komainu.data.filter import Filter
from komainu.data.near_dup import Near
from komainu.data.privacy import Privacy
from tests.data.fakes import No, chat, source
from tests.data.steps import Everyother, Refuses, Twice

ASKED = "今日は良い天気ですから、公園まで散歩に行きましょう。{}番の道と{}番の橋を通ります。"
SAID = [chat(f"r{i}", f"{ASKED.format(i % 140, i % 7)} taro{i}@mise.shop", "abc"[i % 7 % 3]) for i in range(300)]
AGAINST = source(*[chat(f"i{i}", ASKED.format(i, i)) for i in range(5)])


def made(wrong: bool = False, ours: bool = False):
    steps = (Filter(checks=(No(text="c"),)), Privacy(), Exact(on="both"), Twice(), Near(threshold=0.95))
    steps = (Refuses(row="r117", ours=ours), *steps) if wrong else steps
    return Dataset(sources=(source(*SAID),), steps=(*steps, Everyother(ahead=4), Decontaminate(against=(AGAINST,))))
"""


class Farm:
    """Does tasks in this process, in a bad order. Those of `lose` are lost so many times."""

    poll = 0.0
    begun: ClassVar[list[list[int]]] = []
    lose: ClassVar[dict[int, int]] = {}
    stop: ClassVar[int] = 10**9
    cancelled: ClassVar[int] = 0

    def __init__(self, argv: Sequence[str]) -> None:
        self.argv = argv

    def begin(self, numbers: Sequence[int]) -> None:
        Farm.begun.append([*numbers])
        for number in reversed(numbers):
            if Farm.lose.get(number, 0):
                Farm.lose[number] -= 1
                continue
            if Farm.stop <= 0:
                raise KeyboardInterrupt
            Farm.stop -= 1
            shards.main([*self.argv[3:], str(number)])

    def fates(self) -> Mapping[int, Fate]:
        return {0: Fate(False, "failed with signal 9 on node3")}

    def cancel(self) -> None:
        Farm.cancelled += 1

    def leave(self) -> str:
        return "its tasks go on"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setenv("KOMAINU_STORE", "store")
    monkeypatch.delenv("KOMAINU_SETTINGS", raising=False)
    Path("many.py").write_text(RECIPE)
    for name, value in {"begun": [], "lose": {}, "stop": 10**9, "cancelled": 0}.items():
        monkeypatch.setattr(Farm, name, value)
    monkeypatch.setattr(
        remote.Remote,
        "array",
        lambda self, stretch, folder: Farm((*self.elsewhere.sharing(self.out.name, folder), str(stretch.first))),
    )
    monkeypatch.setattr(remote, "TICK", 0.0)
    monkeypatch.setattr("komainu.data.stream.Stream.__init__.__defaults__", (10,))


def built(store: str = "store", on: Any = "slurm", **values: bool) -> tuple[bytes, bytes, dict[str, Any]]:
    given = [f"{name}={value}".lower() for name, value in values.items()]
    os.environ["KOMAINU_STORE"] = store
    settings = Settings(store=store, processes=1, data=Data(on=on, rows=50))
    ctx = Context(Store(Path(store)), Fake(), settings, elsewhere=Ranks(settings, "many.py:made", given))
    made = ctx.store.build(load("many.py:made", given).stage, ctx)
    return (made.path / "rows.jsonl").read_bytes(), (made.path / "dropped.jsonl").read_bytes(), made.summary


def test_other_machines_write_what_one_process_writes() -> None:
    alone = built("alone", "processes")
    assert Farm.begun == []
    assert built() == alone
    assert alone[2]["dropped"].keys() == {"Filter", "Exact", "Twice", "Everyother", "Decontaminate", "Near"}
    assert [len(each) for each in Farm.begun] == [6, 3, 1]


def test_shards_in_several_arrays_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "WAVE", 4)
    assert built() == built("alone", "processes")
    assert [len(each) for each in Farm.begun] == [4, 2, 3, 1]


def test_a_shard_that_is_lost_is_begun_again_and_nothing_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    Farm.lose = {0: 3, 2: 1}
    assert built() == built("alone", "processes")
    assert Farm.begun[:4] == [[0, 1, 2, 3, 4, 5], [0, 2], [0], [0]]
    assert "shard 0 is begun again: its task failed with signal 9 on node3" in caplog.text
    assert "shard 2 is begun again: its task gone without a trace" in caplog.text


def test_a_shard_that_is_always_lost_ends_the_run_with_why_and_its_last_words() -> None:
    Farm.lose = {0: 99}
    with pytest.raises(JobFailed, match=r"shard 0 of .* 4 times and lost each time: failed with signal 9 on node3"):
        built()
    assert Farm.cancelled == 1


def test_a_second_run_does_only_what_is_not_done(caplog: pytest.LogCaptureFixture) -> None:
    Farm.stop = 2
    with pytest.raises(KeyboardInterrupt):
        built()
    assert Farm.cancelled == 0 and "its tasks go on" in caplog.text
    Farm.stop, Farm.begun = 10**9, []
    assert built() == built("alone", "processes")
    assert Farm.begun[0] == [0, 1, 2, 3]


def test_what_other_code_has_made_of_a_shard_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    Farm.stop = 2
    with pytest.raises(KeyboardInterrupt):
        built()
    monkeypatch.setattr(remote, "code_of", lambda stretch: "a mended step")
    Farm.stop, Farm.begun = 10**9, []
    built()
    assert Farm.begun[0] == [0, 1, 2, 3, 4, 5]


def test_the_error_of_a_row_is_that_of_one_process() -> None:
    with pytest.raises(UsageError, match=r"^r117: nothing to be done$"):
        built(wrong=True)
    with pytest.raises(UsageError, match=r"^r117: nothing to be done$"):
        built(wrong=True)  # begun anew, not remembered
    assert Farm.begun == [[0, 1, 2, 3, 4, 5], [2]]


def test_a_bug_comes_back_with_the_line_it_came_from() -> None:
    with pytest.raises(JobFailed, match=r"shard 2: (.|\n)*steps\.py(.|\n)*ZeroDivisionError: r117"):
        built(wrong=True, ours=True)


def test_few_rows_and_datasets_without_a_recipe_stay_here(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    stretches = cut([Exact()])
    ctx = Context(Store(tmp_path), Fake(), Settings(data=Data(on="ray", rows=50), processes=1))
    assert isinstance(executor(stretches, ctx, 51, tmp_path), Inline)  # type: ignore[arg-type]
    assert "no recipe is known that ray could find this dataset in" in caplog.text
    ctx.elsewhere = Ranks(ctx.settings, "many.py:made", [])
    assert isinstance(executor(stretches, ctx, 50, tmp_path), Inline)  # type: ignore[arg-type]
    assert isinstance(executor(stretches, ctx, 51, tmp_path), remote.Remote)  # type: ignore[arg-type]


lines = st.lists(st.tuples(st.binary(max_size=5), st.integers(0, 2**60)), max_size=5)


@hypothesis(max_examples=20, deadline=None)
@given(st.lists(st.tuples(lines, st.text(max_size=3), st.integers(0, 2**40)), max_size=4))
def test_chunks_come_back_from_a_file_as_they_were(parts: list[Any]) -> None:
    import tempfile

    chunks = [Chunk([line for line, _ in some], [at for _, at in some], file, line) for some, file, line in parts]
    with tempfile.TemporaryDirectory() as folder:
        key = write_chunks(Path(folder) / "x", chunks, "code")
        assert write_chunks(Path(folder) / "y", chunks, "other code") != key
        found, read = read_chunks(Path(folder) / "x")
        assert (found, [*read]) == (key, chunks)
        assert {path.name for path in Path(folder).iterdir()} == {"x", "y"}


def test_prepared_values_come_back_from_a_file_as_they_were(tmp_path: Path) -> None:
    rows = [chat("a", "hello world"), chat("b", "問い")]
    ctx = context(tmp_path)
    against = source(chat("i", "hello world", ""))
    ctx.store.build(against, ctx)
    steps: tuple[Prepared, ...] = (Exact(), Near(), Decontaminate(against=(against,)))
    for step in steps:
        loaded = step.load(ctx)
        value = step.prepare(rows, loaded)
        assert repr(unpacked(packed(value), step.kind())) == repr(value)
        flow = Flow("x", 2, 1, notes={"found": {"email": 2}})
        flow.dropped["why"] += 1
        done = Done([b"l"], [3], [(4, b"d")], [flow], value)
        write_done(tmp_path / "done", [done])
        assert repr([*read_done(tmp_path / "done", step)]) == repr([done])
