from __future__ import annotations

import os
import subprocess
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu import environment
from komainu.environment import READY, Environment, bare, kept
from komainu.errors import UsageError


def wheel(folder: Path, name: str) -> Path:
    """The smallest wheel there is, with one module."""
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr(f"{name}.py", "WORD = 'here'\n")
        out.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        out.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        out.writestr(f"{info}/RECORD", "")
    return path


def test_an_environment_is_made_once_goes_on_after_a_failure_and_has_its_own_packages(tmp_path: Path) -> None:
    late = tmp_path / "second-1.0-py3-none-any.whl"
    steps = (("--no-index", str(wheel(tmp_path, "first"))), ("--no-index", str(late)))
    mine = Environment(name="mine", steps=steps)
    with pytest.raises(UsageError, match=r"(?s)the environment mine cannot be made: .*second.*it goes on from here"):
        mine.python(tmp_path / "envs")
    assert not [*(tmp_path / "envs").glob(f"*/{READY}")]
    wheel(tmp_path, "second")
    python = mine.python(tmp_path / "envs")
    code = "import first, second, sys; print(first.WORD, second.WORD, 'komainu' in sys.modules, sys.path)"
    said = subprocess.run([python, "-c", code], env=bare(), capture_output=True, text=True, check=True).stdout
    assert said.startswith("here here False") and str(Path(environment.__file__).parents[1]) not in said
    late.unlink()
    assert mine.python(tmp_path / "envs") == python  # nothing is installed again


def test_two_that_want_the_same_environment_make_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Path] = []

    def make(self: Environment, place: Path) -> None:
        made.append(place)
        time.sleep(0.1)
        (place / READY).touch()

    monkeypatch.setattr(Environment, "_make", make)
    mine = Environment(name="mine", steps=())
    threads = [threading.Thread(target=mine.python, args=(tmp_path,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1


def test_another_version_of_a_package_is_another_environment() -> None:
    how: tuple[dict[str, Any], ...] = (
        {"steps": (("a==1",),)},
        {"steps": (("a==2",),)},
        {"steps": (("a==1",),), "pins": "b==1"},
    )
    assert len({Environment(name="x", **each).id for each in how}) == 3


def test_a_program_of_others_gets_no_key_and_nothing_of_our_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUDGE_KEY", "sk-planted")
    monkeypatch.setenv("PYTHONPATH", "/ours")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    found = bare(MORE="1")
    assert "sk-planted" not in found.values() and "PYTHONPATH" not in found
    assert found["PATH"] == os.environ["PATH"] and found["LC_ALL"] == "C.UTF-8" and found["MORE"] == "1"


@given(st.dictionaries(st.text(), st.text()))
def test_only_what_is_listed_is_kept(variables: dict[str, str]) -> None:
    assert kept(variables).items() <= variables.items()
    assert not [name for name in kept(variables) if name.upper().endswith(("KEY", "TOKEN")) and "_" not in name]
