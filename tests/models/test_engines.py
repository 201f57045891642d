"""The command that starts each engine: what it names, what it scales, and that it can be pasted."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from komainu.errors import UsageError
from komainu.models.base import Model, RopeScaling
from komainu.models.engines.sglang import SGLang
from komainu.models.engines.transformers import Transformers
from komainu.models.engines.vllm import VLLM
from komainu.models.server import for_tokens, launch_of
from komainu.settings import EngineName, Runtime, Settings

PLAIN, SCALED = Model(name="m"), Model(name="m", rope=RopeScaling(factor=2))
ENGINES: tuple[EngineName, ...] = ("transformers", "vllm", "sglang")


def options(directory: Path, engine: EngineName, model: Model, **how: Any) -> dict[str, str]:
    """Flag to value."""
    words = [*launch_of(directory, Settings(), model, engine, **how).options()]
    at = [i for i, word in enumerate(words) if word.startswith("--")]
    return {words[i]: words[i + 1] for i in at}


@pytest.mark.parametrize("engine", ENGINES)
def test_the_command_is_the_machines_python_the_engine_and_what_the_machine_adds(
    engine: EngineName, tiny_model: Path
) -> None:
    runtime = Runtime(
        python="/envs/x/bin/python", flags=("--more", "a b"), environment={"A": "1", "HF_HUB_OFFLINE": "0"}
    )
    launch = launch_of(tiny_model, Settings(engines={engine: runtime}), PLAIN, engine)
    head = ("env", "HF_HUB_OFFLINE=0", "A=1", "/envs/x/bin/python", "-m", launch.module)
    assert launch.argv[:6] == head and launch.argv[-2:] == ("--more", "a b")
    assert str(tiny_model) in launch.argv and "m" in launch.argv and "{port}" in launch.argv
    pasted = shlex.split(launch.command("unused", 8123))
    assert pasted == [part.replace("{port}", "8123") for part in launch.argv]
    own = launch_of(tiny_model, Settings(), PLAIN, engine)
    assert own.command("/usr/bin/python3", 1).startswith("env HF_HUB_OFFLINE=1 /usr/bin/python3 -m ")


def test_the_path_of_a_python_holds_in_any_folder_and_its_links_stay(tiny_model: Path) -> None:
    for given, told in ((".envs/x/bin/python", f"{Path.cwd()}/.envs/x/bin/python"), ("python3.12", "python3.12")):
        settings = Settings(engines={"vllm": Runtime(python=given)})
        assert told in launch_of(tiny_model, settings, PLAIN, "vllm").argv


def test_vllm_is_told_neutral_sampling_and_keeps_the_stop_tokens_of_the_directory(tiny_model: Path) -> None:
    found = options(tiny_model, "vllm", PLAIN, context=100)
    neutral = json.loads(found["--override-generation-config"])
    assert neutral == {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
    assert "--generation-config" not in found
    assert found["--max-model-len"] == "100" and found["--dtype"] == "auto"
    assert not found.keys() & {"--hf-overrides"}
    assert "--max-model-len" not in options(tiny_model, "vllm", PLAIN)


def test_vllm_scales_by_overrides_that_name_the_trained_context(tiny_model: Path) -> None:
    found = options(tiny_model, "vllm", SCALED)
    assert json.loads(found["--hf-overrides"]) == {
        "max_position_embeddings": 256,
        "rope_parameters": {
            "rope_type": "dynamic",
            "factor": 2.0,
            "rope_theta": 10000.0,
            "max_trained_positions": 128,
        },
    }
    assert found["--max-model-len"] == "256"


def test_sglang_scales_by_the_factor_alone(tiny_model: Path) -> None:
    plain, scaled = options(tiny_model, "sglang", PLAIN), options(tiny_model, "sglang", SCALED)
    assert plain["--sampling-defaults"] == "openai" and "--context-length" not in plain
    assert scaled["--context-length"] == "256"
    assert json.loads(scaled["--json-model-override-args"]) == {
        "rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0}
    }


@pytest.mark.parametrize("engine", ["vllm", "sglang"])
@pytest.mark.parametrize(
    "config",
    [{"partial_rotary_factor": 0.5, "rope_theta": 10_000.0}, {"rotary_pct": 0.5, "rotary_emb_base": 10_000}],
    ids=["Phi", "GPT-NeoX"],
)
def test_scaling_that_takes_the_place_of_the_configs_own_rotates_as_much_of_a_head(
    engine: EngineName, config: dict[str, Any], tmp_path: Path
) -> None:
    shape = {"max_position_embeddings": 2048, "hidden_size": 64, "num_attention_heads": 4}
    (tmp_path / "config.json").write_text(json.dumps({**shape, **config}))
    found = options(tmp_path, engine, SCALED)
    told = json.loads(found["--hf-overrides" if engine == "vllm" else "--json-model-override-args"])["rope_parameters"]
    assert told["partial_rotary_factor"] == 0.5 and told["rope_theta"] == 10_000


@pytest.mark.parametrize("engine", ENGINES)
def test_a_model_whose_config_tells_no_context_is_served_but_not_scaled(engine: EngineName, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bloom"}')
    assert str(tmp_path) in launch_of(tmp_path, Settings(), for_tokens(tmp_path, PLAIN, 9000), engine).argv
    with pytest.raises(UsageError, match="does not tell its context"):
        launch_of(tmp_path, Settings(), SCALED, engine)


def test_sglang_takes_no_colon_in_a_name(tiny_model: Path) -> None:
    with pytest.raises(UsageError, match="SGLang takes no colon in a served name"):
        launch_of(tiny_model, Settings(), Model(name="a:b"), "sglang")


def test_our_own_server_gets_this_machines_threads_and_batch(tiny_model: Path) -> None:
    launch = launch_of(tiny_model, Settings(threads=3, batch=7), SCALED, "transformers", 200)
    words = " ".join(launch.options())
    assert "--threads 3 --batch 7 --context 200 --rope 2" in words


@pytest.mark.parametrize("kind", [VLLM, SGLang, Transformers])
def test_a_launch_is_a_frozen_value(kind: type[VLLM], tiny_model: Path) -> None:
    assert kind(directory=tiny_model, name="m") == kind(directory=tiny_model, name="m")
    with pytest.raises(AttributeError):
        kind(directory=tiny_model, name="m").name = "n"  # type: ignore[misc]


@pytest.mark.parametrize("engine", ENGINES)
def test_what_cannot_be_served_is_refused_before_anything_starts(
    engine: EngineName, tiny_model: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="is not a model directory"):
        launch_of(tmp_path, Settings(), PLAIN, engine)
    config = json.loads((tiny_model / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 8192}))
    with pytest.raises(UsageError, match="only contexts under 8192"):
        launch_of(tmp_path, Settings(), SCALED, engine)


def test_requests_that_need_more_than_the_trained_context_get_scaling(tiny_model: Path) -> None:
    assert for_tokens(tiny_model, PLAIN, 128) == PLAIN
    assert for_tokens(tiny_model, PLAIN, 129) == SCALED
    assert for_tokens(tiny_model, SCALED, 100) == SCALED
    assert for_tokens(tiny_model, SCALED, 300).rope == RopeScaling(factor=4)
