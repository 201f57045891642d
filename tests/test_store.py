"""The store: built once, resumed after a crash, named, collected."""

from __future__ import annotations

import json
import os
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

import komainu.store
from komainu.context import Context
from komainu.errors import Drift, UsageError
from komainu.files import write_json
from komainu.leaves import as_recorded
from komainu.rows import Chat
from komainu.seal import changes
from komainu.stage import Stage
from komainu.store import Store, file_name
from tests.core_fakes import Join, Source, build_elsewhere, context, runs

SLOW = """
import time
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from komainu.files import write_rows
from komainu.rows import Chat, Message
from komainu.stage import Stage
from tests.core_fakes import note


@dataclass(frozen=True, kw_only=True)
class Slow(Stage):
    makes: ClassVar[type] = Chat
    steps: int = 5
    seconds: float = 0.1

    def run(self, out, ctx):
        note(self, ctx)
        log = out / ".work" / "steps"
        for i in range(len(log.read_text()) if log.exists() else 0, self.steps):
            time.sleep(self.seconds)
            with open(log, "a") as file:
                file.write(str(i))
        rows = (Chat(c, (Message("user", c),)) for c in log.read_text())
        return {"rows": write_rows(out / "rows.jsonl", rows)}


def slow(steps: int = 5, seconds: float = 0.1) -> Slow:
    return Slow(steps=steps, seconds=seconds)
"""


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return context(tmp_path / "store")


def family(n: int = 3) -> Join:
    return Join(parts=(Source(n=n), Source(n=2, word="yo")))


def test_a_second_run_builds_nothing(ctx: Context) -> None:
    first = ctx.store.build(family(), ctx)
    assert runs(ctx.store.root) == ["Source", "Source", "Join"]
    assert ctx.store.build(family(), ctx).record == first.record
    assert len(runs(ctx.store.root)) == 3
    assert len([*first.rows()]) == 5


def test_only_what_the_target_lacks_is_built(ctx: Context) -> None:
    built = ctx.store.build(family(), ctx)
    for folder in ctx.store.folders():
        if folder.parent.name == "source":
            (folder / "record.json").unlink()
    assert ctx.store.build(family(), ctx).record == built.record  # its inputs are gone and not needed
    assert len(runs(ctx.store.root)) == 3
    ctx.store.build(family(n=4), ctx)
    assert runs(ctx.store.root)[3:] == ["Source", "Source", "Join"]


def test_a_crash_keeps_what_is_finished_and_the_scratch_of_what_is_not(ctx: Context) -> None:
    (ctx.store.root / "fail").touch()
    with pytest.raises(ConnectionError):
        ctx.store.build(family(), ctx)
    place = ctx.store.place(family())
    assert ctx.store.find(family()) is None and (place / ".work" / "scratch").exists()
    (place / "left over").mkdir()
    (ctx.store.root / "fail").unlink()
    built = ctx.store.build(family(), ctx)
    assert runs(ctx.store.root) == ["Source", "Source", "Join", "Join"]
    assert sorted(p.name for p in built.path.iterdir()) == ["record.json", "rows.jsonl"]


def test_the_record_is_written_last(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    def power_cut(path: Path, value: Any) -> None:
        assert not (path.parent / ".work").exists()
        assert sorted(value["files"]) == ["rows.jsonl"] == [p.name for p in path.parent.iterdir()]
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(komainu.store, "write_json", power_cut)
        with pytest.raises(OSError, match="power cut"):
            ctx.store.build(Source(), ctx)
    assert ctx.store.find(Source()) is None
    assert ctx.store.build(Source(), ctx).summary == {"rows": 3}


@dataclass(frozen=True, kw_only=True)
class Closed(Stage):
    """Writes files that only their owner can read, as safetensors does; one of them is somebody's own."""

    makes: ClassVar[type] = Chat

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        own = ctx.store.root / "own"
        for file in (out / "weights", own):
            file.write_text("w")
            file.chmod(0o600)
        os.link(own, out / "linked")
        return {}


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o077, 0o600)])
def test_who_may_read_an_artifact_may_read_its_files(ctx: Context, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        made = ctx.store.build(Closed(), ctx)
    finally:
        os.umask(before)
    assert (made.path / "weights").stat().st_mode & 0o777 == mode
    assert (made.path / "linked").stat().st_mode & 0o777 == 0o600, "a file of the user's is left as it is"


def test_a_record_tells_how_an_artifact_came_to_be(ctx: Context) -> None:
    record = ctx.store.build(family(), ctx).record
    assert record["config"] == family().config() and record["stage"] == "Join" and record["makes"] == "Chat"
    assert [*record["inputs"]] == ["parts[0]", "parts[1]"]
    assert record["inputs"]["parts[0]"] == f"source/{Source(n=3).id}"
    assert "tests.core_fakes" in record["sources"] and record["made_with"]["komainu"]


def test_a_summary_is_recorded_as_it_will_be_read(ctx: Context) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Odd(Stage):
        makes: ClassVar[type] = Chat
        bad: bool = False

        def run(self, out: Path, ctx: Context) -> dict[str, Any]:
            return {"rows": 0, "by": {10: (1, 2), 9: (3,)}, "mean": float("nan") if self.bad else 0.5}

    built = ctx.store.build(Odd(), ctx)
    assert built.summary == {"rows": 0, "by": {"10": [1, 2], "9": [3]}, "mean": 0.5}
    assert [*changes(built.path)] == []
    with pytest.raises(TypeError, match=r"Odd \w+ returned a summary that is not JSON"):
        ctx.store.build(Odd(bad=True), ctx)


def test_a_changed_default_is_refused_before_any_work(ctx: Context) -> None:
    ctx.store.build(Source(), ctx)
    record = ctx.store.place(Source()) / "record.json"
    record.write_text(record.read_text().replace('"word": "hi"', '"word": "hello"'))
    with pytest.raises(Drift, match=r"word: 'hello' -> 'hi'.*bump `version`"):
        ctx.store.build(Join(parts=(Source(n=9), Source())), ctx)
    assert runs(ctx.store.root) == ["Source"]


def test_a_record_from_before_a_field_came_is_as_good_as_new(ctx: Context) -> None:
    for stage in (Join(parts=(Source(),)), Join(parts=(Source(),), rate=2.0)):
        record = ctx.store.build(stage, ctx).path / "record.json"
        record.write_text(
            record.read_text().replace(f'"rate": {stage.rate}', '"gone": 0' if stage.rate == 2 else '"v": 1')
        )
    before = runs(ctx.store.root)
    ctx.store.build(Join(parts=(Source(),)), ctx)
    assert runs(ctx.store.root) == before
    with pytest.raises(Drift, match="gone: 0 -> nothing"):  # a field that went is not one that came
        ctx.store.build(Join(parts=(Source(),), rate=2.0), ctx)


def test_a_default_that_grows_an_element_or_a_key_is_drift() -> None:
    old = {"is": "A", "v": 1, "list": [], "table": {}, "held": [{"is": "B", "v": 1}]}
    new = {"is": "A", "v": 1, "list": [1], "table": {"k": 1}, "held": [{"is": "B", "v": 1, "came": None}], "came": 7}
    assert as_recorded(new, old) == {**old, "list": [1], "table": {"k": 1}}
    assert as_recorded({"is": "C", "came": 1}, {"is": "A"}) == {"is": "C", "came": 1}


def test_a_damaged_record_is_named(ctx: Context) -> None:
    record = ctx.store.build(Source(), ctx).path / "record.json"
    for text in ("{", "[]", "{}", '"\udcff"'):
        record.write_bytes(text.encode(errors="surrogateescape"))
        with pytest.raises(UsageError, match=r"record.json is damaged .* remove .* and run again"):
            ctx.store.find(Source())


def test_a_stage_may_only_open_its_inputs(ctx: Context) -> None:
    with pytest.raises(LookupError, match="hold it in a field"):
        ctx.open(Source())


def test_two_processes_build_a_stage_once(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    both = [build_elsewhere(tmp_path / "store", f"{tmp_path}/slow.py:slow") for _ in range(2)]
    said = [p.communicate(timeout=60) for p in both]
    assert [p.returncode for p in both] == [0, 0], said
    assert said[0][0] == said[1][0]
    assert runs(tmp_path / "store") == ["Slow"]


def test_killed_in_the_middle_it_goes_on_where_it_stopped(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW)
    target = f"{tmp_path}/slow.py:slow"
    first = build_elsewhere(tmp_path / "store", target, "steps=8")
    deadline = time.monotonic() + 30
    while not (done := [*tmp_path.glob("store/slow/*/.work/steps")]) or len(done[0].read_text()) < 3:
        assert time.monotonic() < deadline and first.poll() is None, first.communicate()
        time.sleep(0.02)
    store = Store(tmp_path / "store")
    assert store.holder(done[0].parent.parent.name) == first.pid
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    assert [*store.ls()] == [] and store.holder(done[0].parent.parent.name) is None
    steps = len(done[0].read_text())
    again = build_elsewhere(store.root, target, "steps=8")
    assert again.wait(60) == 0, again.communicate()
    again.communicate()
    (built,) = store.ls()
    assert [r.id for r in built.rows()] == [*"01234567"] and steps >= 3
    assert runs(store.root) == ["Slow", "Slow"] and [*changes(built.path)] == []


def test_names_point_at_artifacts_and_can_move(ctx: Context) -> None:
    names = ["family", "family,size=s", "fine,base=a/b c", "fine,base=a_b c", ".hidden", "日本"]
    for name in names:
        ctx.store.build(Source(word=name), ctx)
        ctx.store.name(name, Source(word=name))
        assert ctx.store.resolve(name).record["config"]["word"] == name
    assert [*ctx.store.names()] == sorted(names)
    ctx.store.build(Source(), ctx)
    ctx.store.name("family", Source())
    assert ctx.store.resolve("family").id == Source().id
    ctx.store.name("long " * 100, Source())
    assert ctx.store.resolve("long " * 100).id == Source().id
    assert len(file_name("日" * 300)) < 255 and file_name("日" * 300) != file_name("日" * 301)


def test_an_artifact_is_found_by_ref_id_or_the_beginning_of_one(ctx: Context) -> None:
    built = ctx.store.build(Source(), ctx)
    ctx.store.name("family", Source())
    for text in (built.ref, built.id, built.id[:8], str(built.path), "family"):
        assert ctx.store.resolve(text).id == built.id
    ctx.store.build(family(), ctx)
    with pytest.raises(UsageError, match="begins 3 ids"):
        ctx.store.resolve("")
    with pytest.raises(UsageError, match="no artifact 'famly'; did you mean 'family'"):
        ctx.store.resolve("famly")


def test_gc_keeps_what_names_reach(ctx: Context) -> None:
    ctx.store.build(family(), ctx)
    ctx.store.build(family(n=7), ctx)
    ctx.store.name("family", family())
    ctx.store.place(Source(n=99)).mkdir()
    assert {a.id for a in ctx.store.unreached()} == {family(n=7).id, Source(n=7).id}
    assert {a.id for a in ctx.store.gc()} == {family(n=7).id, Source(n=7).id}
    assert len([*ctx.store.ls()]) == 3 and len(ctx.store.folders()) == 3
    assert ctx.store.gc() == []


def test_gc_waits_for_no_build_and_disturbs_none(ctx: Context) -> None:
    with (
        ctx.store.lock(komainu.store.BUILDING, shared=True),
        pytest.raises(UsageError, match="collect when it has ended"),
    ):
        ctx.store.gc()


def test_rows_written_twice_are_the_same_bytes(ctx: Context, tmp_path: Path) -> None:
    other = context(tmp_path / "other")
    files = [c.store.build(family(), c).path / "rows.jsonl" for c in (ctx, other)]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_record_of_a_moved_store_still_holds(ctx: Context, tmp_path: Path) -> None:
    ctx.store.build(family(), ctx)
    ctx.store.name("family", family())
    os.rename(ctx.store.root, tmp_path / "moved")
    moved = Store(tmp_path / "moved")
    assert moved.resolve("family").id == family().id
    assert all([*changes(a.path)] == [] for a in moved.ls())


def test_an_ablation_is_replace_and_shares_its_inputs(ctx: Context) -> None:
    ctx.store.build(family(), ctx)
    ctx.store.build(replace(family(), rate=2.0), ctx)
    assert runs(ctx.store.root) == ["Source", "Source", "Join", "Join"]


def test_a_record_is_canonical_json(ctx: Context, tmp_path: Path) -> None:
    path = ctx.store.build(Source(word="日本"), ctx).path / "record.json"
    write_json(tmp_path / "again.json", json.loads(path.read_bytes()))
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()
