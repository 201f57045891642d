"""The engine of a Dataset: whatever process looks at the rows, and however they are cut, every byte is the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from komainu.context import Context
from komainu.data import executor, stream
from komainu.data.ask import Ask
from komainu.data.base import Dataset, Drop, Dropped, Note, Step, labels, line_of
from komainu.data.dedup import Exact
from komainu.data.executor import Inline
from komainu.data.filter import Filter
from komainu.data.flow import added
from komainu.data.pool import Pool
from komainu.data.privacy import Privacy
from komainu.data.stretch import Chunk, Done, Stretch, Together, cut
from komainu.errors import JobFailed, UsageError
from komainu.rows import Chat, Row, encode
from komainu.settings import Endpoint, Settings
from komainu.store import Artifact, Store
from tests.data.fakes import TEACHER, Fake, No, Rows, chat, context, source
from tests.data.steps import Everyother, Kills, Looks, Refuses, Sleeps, Tells, Twice

ROOT = Path(__file__).parents[2]
STEPS: tuple[Step, ...] = (
    Filter(checks=(No(text="c"),)),
    Exact(),
    Privacy(),
    Twice(),
    Everyother(),
    Everyother(ahead=5),
    Ask(model=TEACHER, samples=2),
)
texts = st.lists(st.tuples(st.text("abc", max_size=3), st.text("abc", max_size=2)), max_size=40)


class Backwards(Inline):
    """As a pool may: draws some chunks ahead, and does the last one first."""

    def __init__(self, stretches: Sequence[Stretch], ctx: Context, ahead: int) -> None:
        super().__init__(stretches, ctx)
        self.ahead = ahead

    def map(self, stretch: Stretch, chunks: Iterator[Chunk]) -> Iterator[Done]:
        def drawn() -> Iterator[list[Chunk]]:
            while some := [chunk for _, chunk in zip(range(self.ahead), chunks, strict=False)]:
                yield some

        none = True
        for some in drawn():
            none = False
            yield from [stretch.work(chunk, self.things[stretch.first]) for chunk in reversed(some)][::-1]
        if none:
            yield from super().map(stretch, iter(()))


def plainly(rows: Sequence[Row], steps: Sequence[Step], ctx: Context) -> tuple[list[Row], list[Drop]]:
    """Step after step over whole lists; drops in the order of the rows they came from."""
    placed: list[tuple[tuple[int, ...], Row]] = [((i,), row) for i, row in enumerate(rows)]
    lost: list[tuple[tuple[int, ...], Drop]] = []
    for label, step in zip(labels(steps), steps, strict=True):
        made = [m for m in step(iter([row for _, row in placed]), ctx) if not isinstance(m, Note)]
        places = [(*at, k) for at, _ in placed for k in range(step.per_row)]
        placed = []
        for at, one in zip(places, made, strict=True):
            if isinstance(one, Dropped):
                lost.append((at, Drop(label, one.reason, one.row)))
            else:
                placed.append((at, one))
    return [row for _, row in placed], [drop for _, drop in sorted(lost, key=lambda pair: pair[0])]


def files(made: Artifact) -> tuple[bytes, bytes, dict[str, Any]]:
    return (made.path / "rows.jsonl").read_bytes(), (made.path / "dropped.jsonl").read_bytes(), made.summary


def built(root: Path, given: Rows, steps: tuple[Step, ...], processes: int = 1) -> tuple[bytes, bytes, dict[str, Any]]:
    ctx = Context(Store(root / "store"), Fake(), Settings(processes=processes))
    return files(ctx.store.build(Dataset(sources=(given,), steps=steps), ctx))


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rows are enough for a pool, and make several chunks."""
    monkeypatch.setattr(executor, "SMALL", 0)
    monkeypatch.setattr(stream.Stream.__init__, "__defaults__", (3,))


@hypothesis(deadline=None, max_examples=50)
@given(texts, st.lists(st.sampled_from(STEPS), max_size=5), st.integers(1, 9), st.integers(1, 4))
def test_no_cut_into_chunks_and_no_order_of_work_changes_a_byte(
    said: list[tuple[str, str]], steps: list[Step], most: int, ahead: int
) -> None:
    import tempfile

    rows = [chat(f"r{i}", f"{asked} taro{i % 7}@mise.shop", reply) for i, (asked, reply) in enumerate(said)]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        ctx = context(Path(folder))
        given = ctx.store.build(source(*rows), ctx)
        kept, lost = plainly(rows, steps, ctx)
        found = []
        for name, size in (("a", 512), ("b", most)):
            out = Path(folder) / name
            out.mkdir()
            if name == "b":
                patch.setattr(stream, "executor", lambda stretches, ctx, *_: Backwards(stretches, ctx, ahead))
            summary = stream.Stream(steps, ctx, size).run([given], out)
            found.append(files(Artifact(out, {"summary": summary})))
        assert found[0] == found[1]
        assert found[0][0] == b"".join(encode(row) + b"\n" for row in kept)
        assert found[0][1] == b"".join(line_of(d.step, Dropped(d.row, d.reason)) for d in lost)


SAID = [chat(f"r{i}", f"問い{i % 4} taro{i}@mise.shop", "acb"[i % 3] * (i % 4)) for i in range(40)]
MANY = (Privacy(), Filter(checks=(No(text="c"),)), Exact(on="both"), Twice(), Everyother(ahead=4), Filter(checks=()))


@pytest.mark.usefixtures("at_once")
def test_a_pool_of_any_size_writes_what_one_process_writes(tmp_path: Path) -> None:
    alone = built(tmp_path / "1", source(*SAID), MANY)
    assert [built(tmp_path / str(n), source(*SAID), MANY, n) for n in (2, 3)] == [alone, alone]
    assert alone[2]["dropped"].keys() == {"Filter", "Exact", "Twice", "Everyother"}
    assert alone[2]["notes"]["Privacy"] == {"found": {"email": 40}}


@pytest.mark.usefixtures("at_once")
def test_rows_are_looked_at_in_other_processes_that_have_no_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", "none of yours")
    settings = Settings(processes=2, endpoints={"m": Endpoint(url="http://localhost/v1", key="SOME_KEY")})
    ctx = Context(Store(tmp_path), Fake(), settings)
    step = Tells(variable="SOME_KEY", of=os.getpid())
    made = ctx.store.build(Dataset(sources=(source(*SAID),), steps=(step,)), ctx)
    told = [row.meta for row in made.rows() if isinstance(row, Chat)]
    assert len(told) == 40
    assert [(meta["variable"], meta["here"]) for meta in told] == [(None, False)] * 40


def test_few_rows_are_no_work_for_a_pool(tmp_path: Path) -> None:
    rows, *_ = built(tmp_path, source(*SAID), (Tells(variable="HOME", of=os.getpid()),), 2)
    assert rows.count(b'"here":true') == 40


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("processes", [1, 2])
def test_an_error_of_the_user_is_the_same_from_every_process(tmp_path: Path, processes: int) -> None:
    with pytest.raises(UsageError, match=r"^r17: nothing to be done$"):
        built(tmp_path, source(*SAID), (Refuses(row="r17"),), processes)


@pytest.mark.usefixtures("at_once")
def test_an_error_of_ours_tells_the_line_it_came_from(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError, match="r17") as caught:
        built(tmp_path, source(*SAID), (Refuses(row="r17", ours=True),), 2)
    assert "steps.py" in "".join(caught.value.__notes__)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize("processes", [1, 2])
def test_a_damaged_row_is_named_by_file_and_line(tmp_path: Path, processes: int) -> None:
    ctx = Context(Store(tmp_path), Fake(), Settings(processes=processes))
    given = ctx.store.build(source(*SAID), ctx)
    lines = (given.path / "rows.jsonl").read_bytes().splitlines(keepends=True)
    (given.path / "rows.jsonl").write_bytes(b"".join([*lines[:20], b'{"id":3}\n', *lines[21:]]))
    with pytest.raises(UsageError, match=r"rows\.jsonl:21: not a row: "):
        ctx.store.build(Dataset(sources=(source(*SAID),), steps=(Exact(),)), ctx)


@pytest.mark.usefixtures("at_once")
def test_a_killed_process_is_reported_with_its_rows_and_a_second_run_gives_the_same_bytes(tmp_path: Path) -> None:
    steps = (Kills(row="r16", flag=str(tmp_path / "flag")), Exact())
    with pytest.raises(
        JobFailed, match=r"killed by SIGKILL while it worked on lines 16 to 18 of .*rows\.jsonl"
    ) as caught:
        built(tmp_path / "a", source(*SAID), steps, 2)
    assert "run again" in str(caught.value)
    (tmp_path / "flag").touch()
    assert built(tmp_path / "a", source(*SAID), steps, 2) == built(tmp_path / "b", source(*SAID), steps)


def gone(pid: int) -> bool:
    """Whether a process has ended, or is only waiting to be reaped."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def pids(folder: Path, count: int) -> list[int]:
    """The processes that have written themselves down, once there are so many."""
    for _ in range(600):
        if len(found := [int(path.name) for path in folder.iterdir()]) == count:
            return found
        time.sleep(0.05)
    raise AssertionError("they have not begun")


@pytest.mark.usefixtures("at_once")
def test_an_interrupt_ends_the_pool(tmp_path: Path) -> None:
    (stretch,) = cut([Sleeps(folder=str(tmp_path))])
    assert isinstance(stretch, Stretch)

    def interrupted() -> Iterator[Chunk]:
        yield from (Chunk([encode(row) + b"\n"], [i]) for i, row in enumerate(SAID[:4]))
        pids(tmp_path, 2)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), Pool([stretch], context(tmp_path.with_name("store")), 2) as pool:
        for done in pool.map(stretch, interrupted()):
            raise AssertionError(done)
    assert all(map(gone, pool.pids))


KILLED = """
import sys
from pathlib import Path
from komainu.context import Context
from komainu.data import executor
from komainu.data.base import Dataset
from komainu.settings import Settings
from komainu.store import Store
from tests.data.fakes import Fake, chat, source
from tests.data.steps import Sleeps
executor.SMALL = 0
ctx = Context(Store(Path(sys.argv[1])), Fake(), Settings(processes=2))
rows = [chat(f"r{i}", "x") for i in range(2000)]
ctx.store.build(Dataset(sources=(source(*rows),), steps=(Sleeps(folder=sys.argv[2]),)), ctx)
"""


def test_no_process_outlives_a_run_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "pids").mkdir()
    run = [sys.executable, "-c", KILLED, str(tmp_path / "store"), str(tmp_path / "pids")]
    process = subprocess.Popen(run, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        hands = pids(tmp_path / "pids", 2)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    for _ in range(600):
        if all(map(gone, hands)):
            return
        time.sleep(0.05)
    raise AssertionError(f"{hands} are still there")


@pytest.mark.usefixtures("at_once")
def test_steps_that_cannot_be_sent_are_done_here(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Local(Step):
        alone: ClassVar[bool] = True

        def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat]:
            yield from rows

    rows, *_ = built(tmp_path, source(*SAID), (Local(),), 2)
    assert rows.count(b"\n") == 40
    assert "cannot be sent to other processes" in caplog.text


def test_a_step_that_says_it_is_alone_gets_no_context(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"alone=True may not use ctx\.store"):
        built(tmp_path, source(*SAID), (Looks(),))


def test_a_dataset_without_rows_has_the_notes_of_its_steps(tmp_path: Path) -> None:
    rows, dropped, summary = built(tmp_path, source(), (Privacy(), Exact(), Twice()))
    assert (rows, dropped) == (b"", b"")
    assert summary["notes"] == {"Privacy": {"found": {}}, "Twice": {"made": {"first": 0, "second": 0}}}


def test_steps_are_cut_where_rows_must_come_together() -> None:
    ask, clean, double, exact = Ask(model=TEACHER, samples=3), Filter(checks=()), Twice(), Exact()
    pieces = cut([clean, double, exact, ask, ask, clean])
    assert pieces == [
        Stretch(0, 18, (clean, double), ("Filter", "Twice"), exact),
        Together(3, 9, ask),
        Together(4, 3, ask),
        Stretch(5, 1, (clean,), ("Filter#2",)),
    ]
    assert cut([]) == [Stretch(0, 1, (), ())]


def test_notes_of_parts_add_up() -> None:
    one = {"found": {"email": 2, "phone": 1}, "of": "all", "share": 0.5}
    assert added(one, {"found": {"email": 1, "card": 4}, "of": "all"}) == {
        "found": {"card": 4, "email": 3, "phone": 1},
        "of": "all",
        "share": 0.5,
    }
    with pytest.raises(AssertionError, match="give counts"):
        added({"of": "all"}, {"of": "some"})


def test_the_progress_tells_the_pace_and_what_each_step_lets_through() -> None:
    here = stream.Stream([Filter(checks=()), Exact(), Exact()], context(Path("."), Fake()))
    for flow, went, lost in zip(here.flows, (3, 3, 0), (1, 0, 0), strict=True):
        flow.went = went
        flow.dropped.update({"x": lost} if lost else {})
    assert here.note(1234.5) == "1,234 rows/s, Filter 75.0%"
