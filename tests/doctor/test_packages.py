"""The doctor on Python packages: what is missing, what of it matters, and the command that gets it."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from komainu.doctor import packages as doctor
from tests.doctor.programs import install

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
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    monkeypatch.setattr(doctor, "__file__", str(tmp_path / "komainu" / "doctor" / "packages.py"))
    return install(monkeypatch, dict(VERSIONS))


def test_a_missing_extra_is_told_with_the_command_that_gets_it(installed: dict[str, str], tmp_path: Path) -> None:
    found = {f.name: f for f in doctor.packages()}
    assert [*found] == ["packages", "packages for train", "packages for eval"]
    assert found["packages"].state == found["packages for train"].state == "ok"
    lacking = found["packages for eval"]
    assert (lacking.state, lacking.advice) == ("lacks", f"pip install --editable '{tmp_path}[eval]'")
    assert lacking.text == "numpy 2.0, scipy missing"


def test_what_is_always_needed_must_be_there_and_pins_must_hold(installed: dict[str, str], tmp_path: Path) -> None:
    del installed["typer"]
    installed["torch"] = "2.12.1"
    found = {f.name: f for f in doctor.packages()}
    assert found["packages"].state == "bad" and found["packages"].advice == f"pip install --editable '{tmp_path}'"
    assert found["packages for train"].text == "torch 2.12.1, torch==2.13.0 missing"


def test_an_installed_komainu_declares_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ["msgspec", "torch==2.13.0; extra == 'train'", 'komainu[train]; extra == "all"']
    monkeypatch.setattr(doctor, "__file__", str(tmp_path / "komainu" / "doctor" / "packages.py"))
    monkeypatch.setattr(metadata, "requires", lambda name: lines)
    monkeypatch.setattr(doctor, "version_of", {"msgspec": "0.22"}.get)
    assert doctor.requirements() == {"": ["msgspec"], "train": ["torch==2.13.0"]}
    assert [f.advice for f in doctor.packages()] == ["", "pip install 'komainu[train]'"]


def test_the_real_project_is_read() -> None:
    assert any(r.startswith("msgspec") for r in doctor.requirements()[""])
