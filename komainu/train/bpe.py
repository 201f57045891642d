"""Fitting the byte-level BPE."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from komainu.models.splits import QWEN2, SCRIPTS
from komainu.train.tokenizer import END, PAD, ROLES, TEMPLATE

REGEXES = {"scripts": SCRIPTS, "qwen2": QWEN2}


def fit_tokenizer(texts: Iterator[str], vocab: int, splits: Literal["scripts", "qwen2"] = "scripts") -> Any:
    """Train on `texts`; the result is a plain fast tokenizer with EOS, padding and a chat template."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(REGEXES[splits]), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    bpe.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab,
        special_tokens=[PAD, END, *ROLES],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token=END,
        pad_token=PAD,
        additional_special_tokens=[*ROLES],
        chat_template=TEMPLATE,
        clean_up_tokenization_spaces=False,
    )
