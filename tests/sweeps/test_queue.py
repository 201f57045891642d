"""The queue: what runs, what waits, what is tried again, and what is written down of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from komainu.errors import UsageError
from komainu.settings import Settings
from komainu.sweeps.queue import TRIES, classes
from komainu.sweeps.record import Outcome, Point
from komainu.sweeps.run import Ended, Places, gpus, places, told
from tests.core_fakes import context, runs
from tests.sweeps.world import World, swept

BAD = Ended(1, "FloatingPointError", "the gradient is not finite")
KILLED = Ended(137, "SIGKILL", "ended by SIGKILL")


def world(tmp_path: Path, *settings: str) -> World:
    return World(tmp_path, *swept(*(settings or ("n=1,2,3",))))


def test_every_point_is_built_and_what_they_share_once(tmp_path: Path) -> None:
    here = world(tmp_path, "n=1,2,3", "word=x,y")
    here.queue().run()
    assert here.states() == ["built"] * 6
    assert sorted(runs(tmp_path)) == ["Join"] * 6 + ["Source"] * 3


def test_no_point_starts_only_to_wait_for_another(tmp_path: Path) -> None:
    here = world(tmp_path)  # all need the same two stages first
    here.queue(places=3).run()
    assert here.most == 2  # the first alone; then the two others at once


def test_there_are_never_more_runs_than_places(tmp_path: Path) -> None:
    here = world(tmp_path, "n=0..8")
    ctx = context(tmp_path)
    ctx.store.build(here.stages[here.sweep.points[0].ref], ctx)
    here.queue(places=3).run()
    assert here.most == 3 and here.states() == ["built"] * 9


def test_a_second_run_of_the_queue_starts_nothing(tmp_path: Path) -> None:
    here = world(tmp_path)
    here.queue().run()
    here.started.clear()
    here.queue().run()
    assert here.started == []


def test_a_failed_point_is_written_down_and_not_run_again_by_itself(tmp_path: Path) -> None:
    here = world(tmp_path)
    here.play = lambda words, time: BAD if "n=2" in words else None
    here.queue().run()
    assert here.states() == ["built", "failed", "built"]
    outcome = here.shelf.outcome(here.sweep, here.sweep.points[1])
    assert outcome == Outcome("failed", BAD.kind, BAD.why, here.sweep.points[1].ref, 1)
    here.play = lambda words, time: None
    here.queue().run()
    assert here.states()[1] == "failed"
    here.shelf.tell(here.sweep, here.sweep.points[1], None)
    here.queue().run()
    assert here.states() == ["built"] * 3
    assert sum("n=2" in words for words in here.started) == 2


def test_what_fails_in_a_shared_stage_fails_the_others_without_running_them(tmp_path: Path) -> None:
    here = world(tmp_path)
    here.play = lambda words, time: BAD
    here.queue().run()
    assert here.states() == ["failed"] * 3 and len(here.started) == 1
    told = here.shelf.outcome(here.sweep, here.sweep.points[2])
    assert told and told.kind == BAD.kind and told.why.startswith("as it,") and told.stage.startswith("source/")


def test_a_run_that_a_signal_ends_is_started_again(tmp_path: Path) -> None:
    here = world(tmp_path)
    here.play = lambda words, time: KILLED if time == 1 else None
    here.queue().run()
    assert here.states() == ["built"] * 3 and len(here.started) == 6


def test_a_run_that_is_killed_every_time_fails(tmp_path: Path) -> None:
    here = world(tmp_path)
    here.play = lambda words, time: KILLED if "n=3" in words else None
    here.queue().run()
    assert here.states() == ["built", "built", "failed"]
    assert sum("n=3" in words for words in here.started) == TRIES


def test_a_hopeless_point_is_stopped_and_told(tmp_path: Path) -> None:
    here = world(tmp_path)
    stop = Outcome("pruned", "halving", "loss 3 is number 2 of 2", "sft/x", None, 8)

    class Watch:
        def hopeless(self, point: Point) -> Outcome | None:
            return stop if point.values["n"] == "2" else None

    queue = here.queue()
    queue.watch = Watch()
    queue.run()
    assert here.states() == ["built", "pruned", "built"]
    assert here.shelf.outcome(here.sweep, here.sweep.points[1]) == stop


def test_an_interrupted_queue_ends_its_runs_and_goes_on_later(tmp_path: Path) -> None:
    here = world(tmp_path)
    ended = []

    class Impatient:
        def hopeless(self, point: Point) -> Outcome | None:
            ended.extend(here.at_once)
            raise KeyboardInterrupt

    queue = here.queue()
    queue.watch = Impatient()
    with pytest.raises(KeyboardInterrupt):
        queue.run()
    assert ended and all(run.stopped for run in ended) and "failed" not in here.states()
    here.queue().run()
    assert here.states() == ["built"] * 3


def test_two_queues_do_not_run_one_sweep(tmp_path: Path) -> None:
    here = world(tmp_path)
    with here.store.lock(f"sweep-{here.sweep.id}"), pytest.raises(UsageError, match="another process"):
        here.queue().run()


def test_points_that_are_one_artifact_run_once(tmp_path: Path) -> None:
    here = world(tmp_path, "n=1,1.0")
    here.queue().run()
    assert here.states() == ["built"] * 2 and len(here.started) == 1


def test_classes_come_with_the_most_frequent_first() -> None:
    point = Point({}, "p", "a/b")
    some = [(point, Outcome("failed", kind, "")) for kind in ("B", "A", "C", "C")]
    assert {kind: len(found) for kind, found in classes(some).items()} == {"C": 2, "A": 1, "B": 1}
    assert [*classes(some)] == ["C", "A", "B"]


def test_how_a_run_ended_is_told_by_its_json_or_its_last_line() -> None:
    said = b'{"error": "nothing was started:\\n  SFT: lr is 0", "code": 2, "kind": "UsageError"}\n'
    assert told(2, said, "x") == Ended(2, "UsageError", "SFT: lr is 0")
    assert told(137, b"", "build SFT") == Ended(137, "SIGKILL", "ended by SIGKILL; build SFT")
    assert told(1, b"garbage", "Killed by nobody") == Ended(1, "exit code 1", "Killed by nobody")


def test_the_machine_is_filled_by_threads_or_by_gpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {*range(8)})
    none = {"CUDA_VISIBLE_DEVICES": ""}
    assert places(Settings(), 0, none) == Places(1, 8, ())
    assert places(Settings(threads=2), 0, none) == Places(4, 2, ())
    assert places(Settings(), 4, none) == Places(4, 2, ())
    found = places(Settings(), 0, {"CUDA_VISIBLE_DEVICES": "3,5"})
    assert found == Places(2, 4, ("3", "5"))
    assert found.environment(1) == {"KOMAINU_THREADS": "4", "CUDA_VISIBLE_DEVICES": "5"}
    (tmp_path / "0000:01:00.0").mkdir()
    assert gpus({}, tmp_path) == ("0",)
