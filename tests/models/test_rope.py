"""RoPE scaling: one rule for every engine, part of a model's identity, honoured by the engine of this process."""

from __future__ import annotations

import json
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import GPTNeoXConfig, PhiConfig

from komainu.errors import UsageError
from komainu.models.base import MOST, Model, Question, RopeScaling
from komainu.models.engine import Engine, widen
from komainu.models.rope import SHORT, NoContext, window_in, window_of
from komainu.rows import Message
from komainu.settings import Settings
from komainu.spec import Spec

LLAMA = {"max_position_embeddings": 2048, "hidden_size": 4096, "num_attention_heads": 32, "rope_theta": 10_000.0}
TWO = RopeScaling(factor=2)


def test_scaling_is_part_of_a_models_identity_and_none_of_it_is_not() -> None:
    plain = Model(name="m")
    assert plain.id == Model(name="m", rope=None).id
    assert "rope" not in plain.config(full=False)
    assert len({plain.id, Model(name="m", rope=TWO).id, Model(name="m", rope=RopeScaling(factor=4)).id}) == 3


@pytest.mark.parametrize("factor", [1, 0, -2, MOST + 1, 2.0, True])
def test_a_factor_that_is_no_widening_is_refused(factor: Any) -> None:
    with pytest.raises(UsageError, match=r"RopeScaling.factor is .* from 2 to 32"):
        RopeScaling(factor=factor)


def test_the_base_is_stretched_as_ntk_aware_scaling_says() -> None:
    window = window_of(LLAMA, "m")
    assert (window.trained, window.rotated, window.context(TWO), window.context(None)) == (2048, 128, 4096, 2048)
    assert window.stretched(TWO) == pytest.approx(10_000 * 3 ** (128 / 126))  # factor * grown - (factor - 1) = 3
    assert window.stretched(RopeScaling(factor=4)) == pytest.approx(10_000 * 13 ** (128 / 126))


@pytest.mark.parametrize(
    ("tokens", "factor"), [(1, 0), (2048, 0), (2049, 2), (4096, 2), (4097, 4), (8000, 4), (8193, 8), (2048 * 32, 32)]
)
def test_a_request_gets_the_least_scaling_that_it_needs(tokens: int, factor: int) -> None:
    found = window_of(LLAMA, "m").rope_for(tokens)
    assert (found.factor if found else 0) == factor


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"max_position_embeddings": SHORT}, "only contexts under 8192"),
        ({"rope_scaling": {"type": "linear", "factor": 2.0}}, "scaling of its own, 'linear'"),
        ({"rope_parameters": {"rope_type": "yarn", "factor": 2.0}}, "scaling of its own, 'yarn'"),
        ({"rope_parameters": {"full_attention": {"rope_type": "default"}}}, "rotate differently"),
        ({"rope_theta": None, "head_dim": 2}, "no rotary dimensions"),
        ({"text_config": LLAMA}, "part of another one"),
    ],
)
def test_a_model_that_cannot_be_scaled_says_why(changed: dict[str, Any], why: str) -> None:
    window = window_of({**LLAMA, **changed}, "m")
    assert window.rope_for(100) is None
    for ask in (lambda: window.rope_for(20_000), lambda: window.stretched(TWO)):
        with pytest.raises(UsageError, match=f"cannot be given RoPE scaling: .*{why}"):
            ask()


def test_positions_that_are_not_rotary_are_not_scaled_and_nothing_is_scaled_beyond_the_most() -> None:
    with pytest.raises(UsageError, match="names no rotary positions"):
        window_of({"max_position_embeddings": 512}, "m").rope_for(600)
    with pytest.raises(UsageError, match="more than 32 times as many"):
        window_of(LLAMA, "m").rope_for(2048 * 32 + 1)


def test_a_directory_without_a_context_is_refused(tmp_path: Path) -> None:
    for text in (None, "{", "[]", "{}", '{"max_position_embeddings": "2048"}', '{"n_positions": 0}'):
        if text is not None:
            (tmp_path / "config.json").write_text(text)
        with pytest.raises(UsageError, match=r"config\.json"):
            window_in(tmp_path)


@pytest.mark.parametrize("name", ["max_position_embeddings", "n_positions", "max_seq_len"])
def test_a_context_goes_by_several_names(name: str) -> None:
    assert window_of({name: 1024}, "m").trained == 1024


def test_a_config_without_any_is_told_apart_from_a_wrong_one() -> None:
    with pytest.raises(
        NoContext, match=r"m does not tell its context: set max_position_embeddings in its config\.json"
    ):
        window_of({"model_type": "bloom"}, "m")
    with pytest.raises(UsageError) as error:
        window_of({"max_position_embeddings": 0}, "m")
    assert not isinstance(error.value, NoContext)


@pytest.mark.parametrize(
    ("config", "raw"),
    [
        (PhiConfig(hidden_size=64, num_attention_heads=4), {"rope_theta": 10_000.0, "partial_rotary_factor": 0.5}),
        (GPTNeoXConfig(hidden_size=64, num_attention_heads=4), {"rotary_emb_base": 10_000, "rotary_pct": 0.25}),
    ],
    ids=["Phi", "GPT-NeoX"],
)
def test_a_head_that_is_rotated_in_part_is_stretched_by_what_is_rotated(config: Any, raw: dict[str, Any]) -> None:
    """As transformers reads the older spelling of a config, and as config.json has it."""
    shape = {"max_position_embeddings": 2048, "hidden_size": 64, "num_attention_heads": 4}
    old, new = window_of({**shape, **raw}, "m"), window_of(config.to_dict(), "m")
    assert old == new and old.rotated == 16 * old.partial and old.why_not == ""
    part = config.rope_parameters["partial_rotary_factor"]
    widen(config, TWO, Path("m"))
    assert config.rope_parameters["partial_rotary_factor"] == part
    assert config.rope_parameters["rope_theta"] == pytest.approx(10_000 * 3 ** (old.rotated / (old.rotated - 2)))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 9000) | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.dictionaries(
        st.sampled_from(["rope_theta", "rope_type", "type", "factor", "x"]), inner, max_size=3
    ),
    max_leaves=4,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            name: JSON
            for name in (
                "max_position_embeddings",
                "rope_parameters",
                "rope_scaling",
                "rope_theta",
                "num_attention_heads",
                "head_dim",
                "hidden_size",
                "text_config",
                "partial_rotary_factor",
                "rotary_pct",
                "n_positions",
            )
        },
    )
)
def test_no_config_breaks_the_window(config: dict[str, Any]) -> None:
    try:
        window = window_of(config, "m")
        window.rope_for(10_000)
    except UsageError:
        pass


def long(words: int) -> Question:
    return Question((Message("user", "dogs ran. " * words),))


def ask(client: Engine, question: Question, **how: Any) -> Any:
    return next(client.ask(Model(name="tiny", weights=Spec(), max_tokens=24, **how), [question]))


def test_the_engine_takes_a_longer_prompt_with_scaling_and_answers_otherwise(
    tiny_model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    client = Engine(lambda spec: tiny_model, Settings(threads=1))
    assert ask(client, long(60)).finish == "context_overflow"
    assert "RoPE scaling: Model(rope=RopeScaling(factor=2))" in caplog.text
    found = ask(client, long(60), rope=TWO)
    assert found.prompt_tokens > 128 and found.completion_tokens > 0
    assert ask(client, long(4)).text != ask(client, long(4), rope=TWO).text
    assert {rope for _, rope in client.loaded} == {None, TWO}
    loaded = client.open(tiny_model, TWO)
    assert loaded.context == 256
    base = 10_000 * 3 ** (8 / 6)
    assert torch.allclose(loaded.model.model.rotary_emb.inv_freq, 1 / base ** (torch.arange(0, 8, 2).float() / 8))


def test_an_answer_under_scaling_does_not_depend_on_longer_neighbours(tiny_model: Path) -> None:
    client = Engine(lambda spec: tiny_model, Settings(threads=1))
    model = Model(name="tiny", weights=Spec(), max_tokens=24, rope=TWO)
    alone = [next(client.ask(model, [q])) for q in (long(4), long(60))]
    assert list(client.ask(model, [long(4), long(60)])) == alone


def test_a_model_that_scales_by_itself_is_not_scaled_again(tiny_model: Path, tmp_path: Path) -> None:
    path = copytree(tiny_model, tmp_path / "m")
    config = json.loads((path / "config.json").read_text())
    config["rope_parameters"] = {"rope_type": "linear", "factor": 2.0, "rope_theta": 10_000.0}
    (path / "config.json").write_text(json.dumps(config))
    with pytest.raises(UsageError, match="has scaling of its own, 'linear'"):
        ask(Engine(lambda spec: path, Settings(threads=1)), long(4), rope=TWO)
