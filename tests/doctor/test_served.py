"""The doctor on models that are asked: endpoints, keys by name alone, engines and what has them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from komainu.doctor import served
from komainu.doctor.served import endpoints, engines, hub, keys
from komainu.doctor.tools import folders, llama_cpp
from komainu.settings import Endpoint, EngineName, Runtime, Settings
from tests.doctor.programs import program

SECRET = "not-to-be-told"


def test_a_key_is_told_by_name_and_never_by_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Settings(endpoints={"teacher": Endpoint(url="https://llm.example.org", key="TEACHER_KEY")})
    for value, state in (("", "bad"), (SECRET, "ok"), (f"{SECRET}\n", "bad")):
        monkeypatch.setenv("TEACHER_KEY", value)
        (found,) = endpoints(here)
        assert found.state == state and "$TEACHER_KEY" in found.text and SECRET not in "".join(found)
    assert "white space" in found.text and found.advice == "export TEACHER_KEY=..."


def test_keys_of_judges_and_trackers_are_looked_for_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONE", SECRET)
    for name in ("OTHER", "WANDB_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    judges = ("strong", "https://a.example.org#m key=ONE max_tokens=9", "https://b.example.org#m key=OTHER")
    found = {f.name: f.state for f in keys(Settings(judges=judges, trackers=("wandb", "tensorboard")))}
    assert found == {"key ONE": "ok", "key OTHER": "bad", "key WANDB_API_KEY": "lacks"}
    assert [*keys(Settings(trackers=("wandb-offline",)))] == []


def test_a_token_of_the_hub_is_looked_for_in_its_variable_and_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    assert hub().state == "lacks" and "export HF_TOKEN=" in hub().advice
    (tmp_path / "token").write_text(SECRET)
    assert hub().state == "ok" and SECRET not in "".join(hub())
    (tmp_path / "token").unlink()
    for value, state in ((SECRET, "ok"), (f" {SECRET}", "bad")):
        monkeypatch.setenv("HF_TOKEN", value)
        assert hub().state == state and SECRET not in "".join(hub())


def test_an_engine_is_looked_for_in_the_python_that_is_to_run_it(tmp_path: Path) -> None:
    has = program(tmp_path, "has", "0.32.0")
    lacks = program(tmp_path, "lacks", code=1)
    for python, state, text in (
        (has, "ok", "0.32.0"),
        (lacks, "bad", "lacks it"),
        (tmp_path / "none", "bad", "cannot be run"),
    ):
        there: dict[EngineName, Runtime] = {"vllm": Runtime(python=str(python))}
        found = {f.name: f for f in engines(Settings(engines=there))}["engine vllm"]
        assert found.state == state and text in found.text
        assert state == "ok" or "[engines.vllm]" in found.advice


def test_an_engine_that_is_nowhere_matters_only_when_it_is_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"sglang": "0.5.23"}
    monkeypatch.setattr(served, "version_of", lambda name: there.get(name, ""))
    found = {f.name: f for f in engines(Settings())}
    assert [*found] == ["engine vllm", "engine sglang"]
    assert found["engine sglang"].text == f"0.5.23, {sys.executable}"
    assert found["engine vllm"].state == "lacks" and ".envs/vllm/bin/pip install vllm" in found["engine vllm"].advice
    (needed, _) = engines(Settings(engine="vllm"))
    assert needed.state == "bad" and needed.advice.startswith("python3 -m venv")


def test_folders_and_a_converter_that_are_named_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KOMAINU_FIXTURES", raising=False)
    here = Settings(items=(str(tmp_path), str(tmp_path / "gone")), llama_cpp=str(tmp_path))
    (found,) = folders(here)
    assert found.state == "bad" and "gone" in found.name and "KOMAINU_ITEMS" in found.advice
    (found,) = llama_cpp(here)
    assert found.state == "bad" and "git clone" in found.advice
    (tmp_path / "convert_hf_to_gguf.py").touch()
    (found,) = llama_cpp(here)
    assert found.state == "ok" and [*llama_cpp(Settings())] == []
