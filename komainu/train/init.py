"""Fresh weights of a declared shape, from a seed."""

from __future__ import annotations

from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from komainu.train.pretrain import Base
from komainu.train.weights import for_training


def fresh_model(stage: Base, tokenizer: Any) -> Any:
    """A Llama of the stage's shape; the same weights for the same seed, whatever was drawn before."""
    shape = stage.shape
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        intermediate_size=shape.feed_forward,
        max_position_embeddings=shape.context,
        tie_word_embeddings=True,
        initializer_range=(5 * shape.hidden) ** -0.5,  # 0.02 at 500 units: narrow models start larger
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):  # of a CPU: the weights are drawn there
        torch.manual_seed(stage.fit.seed)
        model = LlamaForCausalLM(config)
        # words start further apart than HF starts them: tied embeddings otherwise merge words of one kind early on
        torch.nn.init.normal_(model.get_input_embeddings().weight, std=2.5 * config.initializer_range)
        return for_training(model)
