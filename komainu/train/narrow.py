"""What comes after the last attention is computed at the target positions only."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from functools import cache
from types import MethodType
from typing import Any

import torch
from transformers.models.llama.modeling_llama import LlamaDecoderLayer, LlamaForCausalLM


def narrow(model: Any) -> None:
    """Make the last layer of a model that computes as a Llama does at its ends take `rows`, the positions it keeps.

    It must be the same code, statement by statement: a Llama's model and decoder layer as transformers write them
    (Qwen 2 and 3 and Mistral have the same). Others, which scale or cap their logits or have more norms, keep theirs.
    """
    head = model.get_output_embeddings()
    if body(type(model).forward) != body(LlamaForCausalLM.forward) or getattr(head, "bias", None) is not None:
        return
    last = model.get_decoder().layers[-1]
    if body(type(last).forward) == body(LlamaDecoderLayer.forward):
        last.forward = MethodType(last_layer, last)


def narrowed(model: Any) -> bool:
    """Whether `narrow` has found it so."""
    layers: Any = getattr(model.get_decoder(), "layers", None)
    return bool(layers) and getattr(layers[-1].forward, "__func__", None) is last_layer


def last_layer(layer: Any, hidden_states: torch.Tensor, rows: torch.Tensor, **kwargs: Any) -> torch.Tensor:
    """LlamaDecoderLayer.forward, with the feed-forward part at some positions only: [1, N, width] -> [1, T, width]."""
    seen, _ = layer.self_attn(hidden_states=layer.input_layernorm(hidden_states), **kwargs)
    kept = (hidden_states + seen).index_select(1, rows)
    found: torch.Tensor = kept + layer.mlp(layer.post_attention_layernorm(kept))
    return found


@cache
def body(function: Callable[..., Any]) -> str:
    """The statements of a function, without its name, signature, docstring and comments."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function)))).body
    assert isinstance(tree, ast.FunctionDef)
    start = 1 if ast.get_docstring(tree) is not None else 0
    return "\n".join(ast.unparse(statement) for statement in tree.body[start:])
