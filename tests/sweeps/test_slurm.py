"""Points as Slurm jobs, without a Slurm: what is submitted, and how an end is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from komainu.cluster.base import Work
from komainu.cluster.sbatch import render
from komainu.cluster.slurm import SlurmQueue
from komainu.data.ask import Ask
from komainu.data.base import Dataset
from komainu.data.textbook.prompts import Prompts
from komainu.errors import JobFailed, UsageError
from komainu.models.base import Model
from komainu.settings import Endpoint, Settings, Slurm, Training
from komainu.sweeps.run import Ended
from komainu.sweeps.slurm import Job, keyless, starter

WORDS = ["run", "r.py:it", "n=1", "--json"]
Play = Callable[[Work], None]


@pytest.fixture
def submitted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Start a run whose job does what a function says; returns the job, its work and its settings."""

    def submit(play: Play) -> tuple[Job, Work, Settings]:
        seen: list[tuple[Work, Settings]] = []

        def run(self: SlurmQueue, work: Work, watch: Callable[[], None]) -> None:
            seen.append((work, self.settings))
            play(work)

        monkeypatch.setattr(SlurmQueue, "run", run)
        job = starter(Settings(slurm=Slurm(time="1:00:00")), tmp_path)(WORDS, tmp_path / "logs" / "sft-abc.log", 0)
        assert isinstance(job, Job)
        job.thread.join(10)
        return (job, *seen[0])

    return submit


def test_a_point_is_one_task_and_is_not_warned(submitted: Any, tmp_path: Path) -> None:
    job, work, settings = submitted(lambda work: None)
    assert job.ended() == Ended(0, "", "")
    assert work.tasks == 1 and work.argv[1:] == ("-m", "komainu.cli", *WORDS)
    assert work.result == tmp_path.resolve() / "sft" / "abc" / "record.json"
    script = render(work, settings.slurm)
    assert "--signal" not in script and "--requeue" in script and "--time=1:00:00" in script
    assert "komainu-point-abc-" in script


def test_an_end_is_told_as_the_run_told_it(submitted: Any) -> None:
    def fail(work: Work) -> None:
        work.log.write_text(
            'build SFT\n{"error": "a gate\\ndid not hold", "code": 3, "kind": "GateFailed"}\nsrun: error'
        )
        raise JobFailed("komainu-point: job 3 failed\nlast words")

    assert submitted(fail)[0].ended() == Ended(1, "GateFailed", "did not hold")


def test_a_job_that_told_nothing_is_told_by_slurm(submitted: Any) -> None:
    def fail(work: Work) -> None:
        raise JobFailed("komainu-point: job 3 on node2 lost a node\nlast words")

    ended = submitted(fail)[0].ended()
    assert (ended.kind, ended.why) == ("JobFailed", "komainu-point: job 3 on node2 lost a node") and not ended.killed


def test_what_cannot_be_a_job_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="leave --slurm out"):
        starter(Settings(train=Training(where="slurm")), tmp_path)
    with pytest.raises(UsageError, match="4 nodes"):
        starter(Settings(slurm=Slurm(nodes=4)), tmp_path)


def test_a_point_that_asks_with_a_key_is_refused() -> None:
    asks = Dataset(sources=(Prompts(side="train", n=2),), steps=(Ask(model=Model(name="teacher")),))
    keyless([asks], Settings(endpoints={"teacher": Endpoint(url="http://t")}))
    with pytest.raises(UsageError, match="no job gets a key"):
        keyless([asks], Settings(endpoints={"teacher": Endpoint(url="http://t", key="TEACHER_KEY")}))
