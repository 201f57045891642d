"""FP8 and AWQ: what would run on a GPU is told where there is none, and the script's calls are those that are meant."""

from __future__ import annotations

import json
import runpy
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

from komainu.context import Context
from komainu.errors import UsageError
from komainu.release.compressed import SCRIPT, Compressed, launch
from komainu.stage import Stage, Weights
from tests.train.world import Chats, context


@dataclass(frozen=True, kw_only=True)
class Model(Stage):
    makes: ClassVar[type] = Weights

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        (out / "config.json").write_text("{}")
        return {}


AWQ = Compressed(model=Model(), scheme="awq", calibration=Chats(n=12), rows=5, tokens=64)


def jobs(root: Path, stage: Compressed, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, Any], str]:
    """The job of a stage on a machine without a GPU, and what is told."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    ctx = context(root)
    with pytest.raises(UsageError, match="needs a CUDA GPU") as told:
        ctx.store.build(stage, ctx)
    (file,) = root.glob("compressed/*/.work/job.json")
    return json.loads(file.read_text()), str(told.value)


def test_without_a_gpu_the_command_is_told_and_its_job_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, told = jobs(tmp_path, AWQ, monkeypatch)
    assert "llmcompressor==0.14.0.1" in told and str(SCRIPT) in told and "job.json" in told
    assert job["scheme"] == "W4A16_ASYM" and len(job["chats"]) == 5 and job["tokens"] == 64
    assert job["chats"][0][0]["role"] == "user"


@pytest.mark.parametrize("scheme", ["fp8", "awq"])
def test_the_script_makes_the_calls_that_are_meant(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], scheme: str
) -> None:
    stage = AWQ if scheme == "awq" else Compressed(model=Model())
    job, _ = jobs(tmp_path, stage, monkeypatch)
    calls: list[tuple[str, Any]] = []

    class Thing:
        """Stands for a class of another library: notes how it is made and used."""

        def __init__(self, *args: Any, **how: Any) -> None:
            calls.append((type(self).__name__, how or args))

        @classmethod
        def from_pretrained(cls, path: str, **how: Any) -> Any:
            return cls(path)

        def save_pretrained(self, out: str, **how: Any) -> None:
            calls.append(("save", (out, how)))

        def apply_chat_template(self, chat: Any, tokenize: bool) -> str:
            return " ".join(m["content"] for m in chat)

        def __call__(self, text: str, **how: Any) -> Any:
            return Rows(ids=[len(text)])

    class Rows(Thing):
        data: ClassVar[dict[str, Any]] = {"input_ids": [1]}

        @classmethod
        def from_list(cls, rows: list[Any]) -> Any:
            return rows

    def module(name: str, **members: Any) -> None:
        made = ModuleType(name)
        vars(made).update(members)
        monkeypatch.setitem(sys.modules, name, made)

    quantise, awq = type("QuantizationModifier", (Thing,), {}), type("AWQModifier", (Thing,), {})
    module("llmcompressor", oneshot=lambda **how: calls.append(("oneshot", how)))
    module("llmcompressor.modifiers.quantization", QuantizationModifier=quantise)
    module("llmcompressor.modifiers.transform.awq", AWQModifier=awq)
    module("transformers", AutoModelForCausalLM=Thing, AutoTokenizer=Thing)
    module("datasets", Dataset=Rows)
    file = tmp_path / "job.json"
    file.write_text(json.dumps(job))
    monkeypatch.setattr(sys, "argv", [str(SCRIPT), str(file)])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    found = dict(calls)
    assert found["QuantizationModifier"] == {"targets": ["Linear"], "scheme": job["scheme"], "ignore": ["lm_head"]}
    recipe = [type(each).__name__ for each in found["oneshot"]["recipe"]]
    assert recipe == (["AWQModifier"] if scheme == "awq" else []) + ["QuantizationModifier"]
    assert ("dataset" in found["oneshot"]) == (scheme == "awq")
    assert ("save", (job["out"], {"save_compressed": True})) in calls
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["calibrated_on"] == (5 if scheme == "awq" else 0)


def test_a_script_that_fails_says_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"(?s)llm-compressor ended with 1.*No module named 'llmcompressor'"):
        launch(Path(sys.executable), tmp_path / "none.json")


def test_calibration_and_scheme_must_go_together() -> None:
    assert [*AWQ.check()] == []
    assert any("awq needs chats" in p for p in replace(AWQ, calibration=None).check())
    assert any("fp8 takes none" in p for p in replace(AWQ, scheme="fp8").check())
