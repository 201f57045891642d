"""`pytest -m engines`: SGLang's own parser reads our launch line, and its own class computes our table of positions.

Both come from its package, which is put beside this process's torch; SGLang's kernels and its server are not run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from komainu.environment import Environment, bare
from komainu.models.base import Model, RopeScaling
from komainu.models.engine import widen
from komainu.models.rope import window_in
from komainu.models.server import launch_of
from komainu.settings import Runtime, Settings, load

HERE = Path(__file__)
PINS = HERE.with_name("sglang.txt").read_text(encoding="utf-8")
NEEDED = tuple(line for line in PINS.splitlines() if not line.startswith("#"))
ENVIRONMENT = Environment(name="sglang", steps=(("--no-deps", *NEEDED),), pins=PINS)
MODELS = (Model(name="m"), Model(name="m", rope=RopeScaling(factor=2)), Model(name="m", rope=RopeScaling(factor=8)))

pytestmark = pytest.mark.engines


def flags(directory: Path, model: Model, context: int = 0, dtype: str = "auto") -> list[str]:
    settings = Settings(engines={"sglang": Runtime(dtype=dtype)})  # type: ignore[arg-type]
    return [
        word.replace("{port}", "8123") for word in launch_of(directory, settings, model, "sglang", context).options()
    ]


def read(directory: Path, words: list[str]) -> subprocess.CompletedProcess[str]:
    window = window_in(directory)
    python = ENVIRONMENT.python(Path(load().environments))
    (packages,) = python.parent.parent.glob("lib/python3.*/site-packages")
    command = [sys.executable, str(HERE.with_name("sglang_read.py")), str(window.rotated), str(window.trained), *words]
    variables = bare(PYTHONPATH=str(packages), SGLANG_USE_CPU_ENGINE="1", OMP_NUM_THREADS="1")
    return subprocess.run(command, env=variables, capture_output=True, text=True, timeout=300)


def found(directory: Path, words: list[str]) -> dict[str, Any]:
    done = read(directory, words)
    assert done.returncode == 0, done.stderr[-3000:]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def table(directory: Path, model: Model) -> torch.Tensor:
    """Cosines, then sines, of every position that a model takes: what the engine in this process turns by."""
    config = LlamaConfig.from_pretrained(directory)
    if model.rope:
        widen(config, model.rope, directory)
    positions = torch.arange(config.max_position_embeddings)[None]
    cos, sin = LlamaRotaryEmbedding(config)(torch.zeros(1, dtype=torch.float32), positions)
    half = window_in(directory).rotated // 2
    return torch.cat((cos[0, :, :half], sin[0, :, :half]), dim=-1)


@pytest.mark.parametrize("model", MODELS)
def test_its_parser_reads_what_was_meant_and_its_table_of_positions_is_ours(model: Model, tiny_model: Path) -> None:
    words = flags(tiny_model, model, dtype="float32")
    answer = found(tiny_model, words)
    length = {"context_length": window_in(tiny_model).context(model.rope)} if model.rope else {}
    scaling = {"json_model_override_args": words[-1]} if model.rope else {}
    assert answer["read"] == {
        "model_path": str(tiny_model),
        "served_model_name": "m",
        "host": "127.0.0.1",
        "port": 8123,
        "dtype": "float32",
        "sampling_defaults": "openai",
        **length,
        **scaling,
    }
    ours = table(tiny_model, model)
    assert ours.shape[0] == window_in(tiny_model).context(model.rope)
    assert torch.equal(torch.tensor(answer["table"]), ours)


def test_a_context_without_scaling_is_read_too(tiny_model: Path) -> None:
    answer = found(tiny_model, flags(tiny_model, Model(name="a name/with slash"), context=100))
    assert answer["read"]["context_length"] == 100 and answer["read"]["dtype"] == "auto"
    assert answer["read"]["served_model_name"] == "a name/with slash"


@pytest.mark.parametrize(
    "change",
    [("--sampling-defaults", "--sampling-default"), ("openai", "open")],
    ids=["a shortened flag", "a value that it does not know"],
)
def test_a_flag_or_value_that_it_does_not_have_is_refused(change: tuple[str, str], tiny_model: Path) -> None:
    words = [word.replace(*change) if word == change[0] else word for word in flags(tiny_model, Model(name="m"))]
    done = read(tiny_model, words)
    assert done.returncode == 2 and "sampling-default" in done.stderr, os.linesep.join(done.stderr.splitlines()[-3:])
