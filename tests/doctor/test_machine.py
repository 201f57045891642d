"""The doctor on the machine itself: cores, memory, disks, store, sandbox, browser."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from komainu.doctor import machine as doctor
from komainu.settings import Settings


def test_more_threads_than_cores_must_be_mended() -> None:
    found = {f.name: f for f in doctor.machine(Settings(threads=len(os.sched_getaffinity(0)) + 1))}
    assert found["cpu"].state == "bad" and "or less" in found["cpu"].advice
    total, free = doctor.memory()
    assert 0 < free <= total


def test_the_store_is_probed_without_a_trace(tmp_path: Path) -> None:
    assert doctor.store(tmp_path / "a" / "b").text.endswith("(it will be made)")
    assert [*tmp_path.iterdir()] == []


def test_a_store_without_file_locks_must_be_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(file: object, kind: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    found = doctor.store(tmp_path)
    assert found.state == "bad" and "No locks available" in found.text and "KOMAINU_STORE" in found.advice
    assert [*tmp_path.iterdir()] == []


def test_a_full_disk_is_told_with_what_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(total=100 * 2**30, free=2**30))
    found, *_ = doctor.disks(Settings(store=str(tmp_path), environments=str(tmp_path / "envs")))
    assert (found.state, found.text) == ("lacks", "1 of 100 GiB free") and "komainu ls --unnamed" in found.advice


def test_another_disk_for_environments_is_looked_at_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "gettempdir", lambda: str(tmp_path))
    settings = Settings(store=str(tmp_path), environments=str(tmp_path / "envs"))
    assert [f.name for f in doctor.disks(settings)] == ["disk"]
    if os.stat("/proc").st_dev != tmp_path.stat().st_dev:
        settings = Settings(store=str(tmp_path), environments="/proc")
        assert [f.name for f in doctor.disks(settings)] == ["disk", "disk of environments"]


def test_without_a_browser_the_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert doctor.browser().state == "lacks" and "apt-get install chromium" in doctor.browser().advice
