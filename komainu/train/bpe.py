"""Fitting the byte-level BPE."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from komainu.train.tokenizer import END, PAD, ROLES, TEMPLATE

# kanji, hiragana, katakana, words (with the space before), single digits, the rest one by one
WORDS = r"\p{Han}+|\p{Hiragana}+|[\p{Katakana}ー]+| ?\p{Latin}+| ?\d| ?[^\s\p{L}\d]|\s"


def fit_tokenizer(texts: Iterator[str], vocab: int) -> Any:
    """Train on `texts`; the result is a plain fast tokenizer with EOS, padding and a chat template."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), behavior="isolated"),
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
