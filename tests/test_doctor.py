"""The doctor: what is missing, what of it matters, and what to do."""

from __future__ import annotations

import os
from importlib import metadata
from pathlib import Path

import pytest

from komainu import doctor
from komainu.settings import EngineName, Runtime, Settings

VERSIONS = {"msgspec": "0.22", "typer": "0.29", "torch": "2.13.0+cpu", "numpy": "2.0"}
PROJECT = """
[project]
dependencies = ["msgspec", "typer>=0.15"]
[project.optional-dependencies]
train = ["torch==2.13.0"]
eval = ["numpy", "scipy"]
all = ["komainu[train,eval]"]
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A checkout with PROJECT, and the versions that are installed."""
    (tmp_path / "komainu").mkdir()
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    monkeypatch.setattr(doctor, "__file__", str(tmp_path / "komainu" / "doctor.py"))
    versions = dict(VERSIONS)

    def version(name: str) -> str:
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    monkeypatch.setattr(metadata, "version", version)
    return versions


def test_a_missing_extra_is_told_with_the_way_to_get_it(installed: dict[str, str]) -> None:
    found = {f.name: f for f in doctor.packages()}
    assert [*found] == ["packages", "packages for train", "packages for eval"]
    assert found["packages"].state == found["packages for train"].state == "ok"
    lacking = found["packages for eval"]
    assert (lacking.state, lacking.advice) == ("lacks", "pip install 'komainu[eval]'")
    assert lacking.text == "numpy 2.0, scipy missing"


def test_what_is_always_needed_must_be_there_and_pins_must_hold(installed: dict[str, str]) -> None:
    del installed["typer"]
    installed["torch"] = "2.12.1"
    found = {f.name: f for f in doctor.packages()}
    assert found["packages"].state == "bad" and found["packages"].advice == "pip install 'komainu'"
    assert found["packages for train"].text == "torch 2.12.1, torch==2.13.0 missing"


def test_an_installed_komainu_declares_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["msgspec", "torch==2.13.0; extra == 'train'", 'komainu[train]; extra == "all"']
    monkeypatch.setattr(doctor, "__file__", str(tmp_path / "komainu" / "doctor.py"))
    monkeypatch.setattr(metadata, "requires", lambda name: lines)
    assert doctor.requirements() == {"": ["msgspec"], "train": ["torch==2.13.0"]}


def test_the_real_project_is_read() -> None:
    assert any(r.startswith("msgspec") for r in doctor.requirements()[""])


def test_more_threads_than_cores_must_be_mended() -> None:
    found = {f.name: f for f in doctor.machine(Settings(threads=len(os.sched_getaffinity(0)) + 1))}
    assert found["cpu"].state == "bad" and "or less" in found["cpu"].advice
    total, free = doctor.memory()
    assert 0 < free <= total


def test_a_gpu_that_the_installed_torch_cannot_use_is_told(
    installed: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA H200, 143771 MiB'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert "torch 2.13.0+cpu cannot use it" in doctor.gpu(Settings()).text
    installed["torch"] = "2.13.0"
    assert doctor.gpu(Settings()) == doctor.Finding("gpu", "ok", "NVIDIA H200, 143771 MiB")
    tool.write_text("#!/bin/sh\nexit 9\n")
    assert doctor.gpu(Settings()).state == "lacks"
    monkeypatch.setenv("PATH", "/nowhere")
    assert doctor.gpu(Settings()).state == "ok"


def test_the_store_is_probed_without_a_trace(tmp_path: Path) -> None:
    assert doctor.store(tmp_path / "a" / "b").text.endswith("(it will be made)")
    assert [*tmp_path.iterdir()] == []


def test_an_engine_needs_a_python_that_is_there() -> None:
    engines: dict[EngineName, Runtime] = {"vllm": Runtime(python="/nowhere/bin/python"), "transformers": Runtime()}
    found = {f.name: f for f in doctor.engines(Settings(engines=engines))}
    assert found["engine vllm"].state == "bad" and "[engines.vllm]" in found["engine vllm"].advice
    assert found["engine transformers"].state == "ok"
    assert [*doctor.engines(Settings())] == []
