"""The doctor on Slurm: needed only where komainu.toml sends something there, and then it must answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from komainu.doctor.scheduler import slurm
from komainu.settings import Data, Endpoint, Settings, Slurm, Training
from tests.doctor.programs import program

THERE = Settings(train=Training(where="slurm"), slurm=Slurm(partition="gpu"))


@pytest.fixture
def bin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of programs."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def cluster(folder: Path, says: str = "gpu|4|up\ncpu|16|up", code: int = 0, complains: str = "") -> None:
    for name in ("sbatch", "squeue"):
        program(folder, name)
    program(folder, "sinfo", says, code, complains)


def test_its_absence_matters_only_to_what_needs_it(bin: Path) -> None:
    found = slurm(Settings())
    assert found.state == "lacks" and found.text == "there is no sbatch, squeue, sinfo"
    assert "apt-get install slurm-client" in found.advice
    server = Endpoint(start=("serve", "{port}"), on="slurm")
    for settings, user in (
        (THERE, "`where` of [train]"),
        (Settings(data=Data(on="slurm")), "`on` of [data]"),
        (Settings(endpoints={"teacher": server}), "`on` of [endpoints.teacher]"),
    ):
        found = slurm(settings)
        assert found.state == "bad" and found.advice.startswith(f"{user} needs it: ")


def test_a_controller_that_does_not_answer_is_told_in_its_words(bin: Path) -> None:
    cluster(bin, says="", code=1, complains="slurm_load_partitions: Unable to contact slurm controller")
    found = slurm(THERE)
    assert found.state == "bad" and "Unable to contact slurm controller" in found.text and "slurmctld" in found.advice


def test_a_partition_that_is_not_there_is_told_with_the_nearest(bin: Path) -> None:
    cluster(bin)
    assert slurm(THERE).text == "gpu (4 nodes), cpu (16 nodes)" and slurm(THERE).state == "ok"
    found = slurm(Settings(train=Training(where="slurm"), slurm=Slurm(partition="gpus")))
    assert found.state == "bad" and "did you mean 'gpu'" in found.advice
    found = slurm(Settings(data=Data(on="slurm", slurm=Slurm(partition="big"))))
    assert found.state == "bad" and "[data.slurm]" in found.text
    assert slurm(Settings(slurm=Slurm(partition="gpu,big"))).state == "ok"
