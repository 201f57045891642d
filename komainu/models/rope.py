"""Dynamic RoPE scaling: how a model trained on a short context is given a longer one, by one rule for every engine.

The rule is the one of vLLM and SGLang for `rope_type: dynamic`: the base is stretched once, for the whole longer
context, so an answer depends on its own prompt alone. transformers' rule of the same name stretches it by the longest
row of the batch so far, which would make an answer depend on its neighbours; it is not used.
Source: NTK-aware scaling (bloc97 and emozilla, 2023); vllm 0.32 and sglang 0.5, DynamicNTKScalingRotaryEmbedding.
Not covered: models that scale already (yarn, llama3, longrope), that rotate differently by layer, or see images.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from komainu.errors import UsageError
from komainu.files import read_object
from komainu.models.base import MOST, RopeScaling
from komainu.settings import Positive

SHORT = 8192  # tokens: a model trained on fewer may be scaled, any other is what it is


class NoContext(UsageError):
    """A config that says nothing of a context: a model without positions, or one that names them as nobody else."""


class Window(NamedTuple):
    """What of a model's config decides how many tokens it takes, and how it counts them."""

    where: str
    trained: int  # tokens of context
    theta: float  # the base of the rotary frequencies
    rotated: int  # dimensions of a head that are rotated
    why_not: str  # why it cannot be scaled; "" when it can
    partial: float = 1.0  # of a head: the share of dimensions that are rotated

    def context(self, rope: RopeScaling | None) -> int:
        return self.trained if rope is None else self.trained * rope.factor

    def stretched(self, rope: RopeScaling) -> float:
        """The base for `factor` times the trained context; raises UsageError for a model that cannot be scaled."""
        if self.why_not:
            raise UsageError(f"{self.where} cannot be given RoPE scaling: {self.why_not}; leave `rope` out")
        grown = rope.factor**2 - (rope.factor - 1)
        return float(self.theta * grown ** (self.rotated / (self.rotated - 2)))

    def rope_for(self, tokens: int) -> RopeScaling | None:
        """The scaling that a request of so many tokens needs, prompt and answer: the least power of two, or none.

        Raises UsageError when it needs more than the model can be given.
        """
        if tokens <= self.trained:
            return None
        if why := self.refusal(tokens):
            raise UsageError(
                f"{self.where} was trained on a context of {self.trained} tokens, {tokens} are needed, and it cannot "
                f"be given RoPE scaling: {why}; use shorter prompts or fewer answer tokens"
            )
        return RopeScaling(factor=self.factor(tokens))

    def factor(self, tokens: int) -> int:
        return 1 << math.ceil(math.log2(tokens / self.trained))

    def dynamic(self, rope: RopeScaling) -> dict[str, Any]:
        """The scaling as an engine's rope_parameters, which take the place of the config's own; raises UsageError."""
        self.stretched(rope)
        part = {"partial_rotary_factor": self.partial} if self.partial != 1 else {}
        return {"rope_type": "dynamic", "factor": float(rope.factor), "rope_theta": self.theta, **part}

    def refusal(self, tokens: int) -> str:
        """Why it cannot be scaled to so many tokens; "" when it can."""
        return self.why_not or (f"that is more than {MOST} times as many" if self.factor(tokens) > MOST else "")


class _Rotary(msgspec.Struct):
    """rope_parameters, or rope_scaling as older configs call it; `type` is the older name of rope_type."""

    rope_type: str | None = None
    type: str | None = None
    rope_theta: float | None = None
    partial_rotary_factor: float | None = None


class _Config(msgspec.Struct):
    """What of a config.json tells the window."""

    max_position_embeddings: Positive | None = None
    n_positions: Positive | None = None  # the same, of GPT-2 and its kin
    max_seq_len: Positive | None = None  # the same, of MPT
    rope_parameters: _Rotary | None = None
    rope_scaling: _Rotary | None = None
    rope_theta: float | None = None
    partial_rotary_factor: float | None = None
    rotary_emb_base: float | None = None  # rope_theta and partial_rotary_factor, as GPT-NeoX calls them
    rotary_pct: float | None = None
    num_attention_heads: Positive | None = None
    head_dim: int | None = None
    hidden_size: int | None = None


def window_in(directory: Path) -> Window:
    """The window of a model directory; raises UsageError when its config.json cannot be read."""
    if not (directory / "config.json").is_file():
        raise UsageError(f"{directory} is not a model directory: it has no config.json; give a folder that has one")
    return window_of(read_object(directory / "config.json"), str(directory))


def window_of(config: Any, where: str) -> Window:
    """The window of a config as config.json holds it; raises UsageError for a wrong one, NoContext when it has none."""
    nested = isinstance(config, dict) and config.get("text_config")
    try:
        found = msgspec.convert(nested or config, _Config)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"{where} does not tell its context: config.json: {error}; mend that, or get the file again"
        ) from None
    trained = found.max_position_embeddings or found.n_positions or found.max_seq_len
    if trained is None:
        raise NoContext(f"{where} does not tell its context: set max_position_embeddings in its config.json")
    rope = found.rope_parameters or found.rope_scaling or _Rotary()
    width = found.head_dim or (found.hidden_size or 0) // (found.num_attention_heads or 1)
    partial = rope.partial_rotary_factor or found.partial_rotary_factor or found.rotary_pct or 1.0
    rotated = int(width * partial)
    theta = rope.rope_theta or found.rope_theta or found.rotary_emb_base or 10_000.0
    return Window(where, trained, theta, rotated, why_not(config, trained, rope, rotated), partial)


def why_not(config: dict[str, Any], trained: int, rope: _Rotary, rotated: int) -> str:
    """Why a model cannot be scaled; "" when it can."""
    kind = rope.rope_type or rope.type or "default"
    if config.get("text_config"):
        return "its text model is part of another one, which is not covered"
    if trained >= SHORT:
        return f"only contexts under {SHORT} tokens are scaled"
    if not config.keys() & {"rope_parameters", "rope_scaling", "rope_theta", "rotary_emb_base"}:
        return "its config names no rotary positions"
    if any(isinstance(value, dict) for value in (config.get("rope_parameters") or {}).values()):
        return "its layers rotate differently, which is not covered"
    if kind != "default":
        return f"it has scaling of its own, {kind!r}"
    return "" if rotated > 2 else "its config tells no rotary dimensions"
