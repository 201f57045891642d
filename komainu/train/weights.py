"""Model directories in and out: standard Hugging Face layout, safetensors only, nothing remote."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, GenerationConfig
from transformers.utils.logging import disable_progress_bar

from komainu.errors import UsageError
from komainu.models.folder import load_config, load_tokenizer
from komainu.rows import Row
from komainu.train.adapter import Bits, missing
from komainu.train.attention import FLAT, supports
from komainu.train.dense import through_onednn
from komainu.train.intact import check_directory, check_weights
from komainu.train.precision import halve
from komainu.train.shardfiles import SHARD
from komainu.train.tokens import kept
from komainu.train.varlen import prove

if TYPE_CHECKING:
    from komainu.store import Store
    from komainu.train.base import Train

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of malloc.h
disable_progress_bar()  # ours is the one bar


def set_up_cpu(threads: int) -> None:
    """CPU threads of torch in this process (0 leaves torch's own choice: all cores), and memory that stays ours.

    glibc hands every freed block over 128 KB back to the kernel, and a training step frees hundreds: the page
    faults cost a tenth of its time.
    """
    if threads:
        torch.set_num_threads(threads)
    if platform.libc_ver()[0] == "glibc":
        libc = ctypes.CDLL(None)
        libc.mallopt(M_MMAP_THRESHOLD, 1 << 30)
        libc.mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1)


def load_model(path: Path, bits: Bits = "", *, waits: bool = False) -> Any:
    """The model in float32 (the master weights), ready for flat batches, on the GPU where there is one.

    With `bits` its linear layers are held in so many, and cannot be trained. One that `waits` stays in the machine's
    memory: a GPU that is to hold a shard of it, or its halves, need not hold all of it first.
    """
    model, told = AutoModelForCausalLM.from_pretrained(
        path,
        local_files_only=True,
        trust_remote_code=False,
        use_safetensors=True,
        dtype=torch.float32,
        output_loading_info=True,
        **(in_bits(bits) if bits else {}),
    )
    check_weights(path, model, told["missing_keys"])
    return for_training(model, waits=waits)


def load_frozen(path: Path, bits: Bits = "") -> Any:
    """The model for looking at alone, without dropout; what a GPU computes in bfloat16 is held in it."""
    model = load_model(path, bits, waits=not bits).requires_grad_(False).eval()
    if not bits:
        return on_gpu(model)
    from bitsandbytes.nn import Linear4bit

    for layer in model.modules():
        if isinstance(layer, Linear4bit):
            layer.train()  # else a CPU packs it anew, with coarser scales than those it is trained with
    return model


def on_gpu(model: Any, *, half: bool = True) -> Any:
    """A model that has waited, on the GPU where there is one; with `half` its frozen matrices as `halve` holds them."""
    if not torch.cuda.is_available():
        return model
    if half:
        halve(model)
    return model.to("cuda")


def in_bits(bits: Bits) -> dict[str, Any]:
    """What loading a model is told, so that its linear layers are held so (QLoRA, arXiv 2305.14314)."""
    for lacking in missing(bits):
        raise UsageError(lacking)
    gpu = torch.cuda.is_available()
    config = BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=bits,
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if gpu else torch.float32,
    )
    return {"quantization_config": config, "device_map": {"": torch.cuda.current_device() if gpu else "cpu"}}


def for_training(model: Any, *, waits: bool = False) -> Any:
    """Switch a model to flat attention; refuses an architecture that flat attention would compute wrongly."""
    if why := supports(model.config):
        raise UsageError(
            f"{type(model).__name__} cannot be trained here: {why}"
            "; take another base, or another engine (docs/engines.md)"
        )
    model.set_attn_implementation(FLAT)
    model.train()
    if torch.cuda.is_available():
        prove(model.config, torch.device("cuda"))
        return model if waits else model.to("cuda")
    through_onednn(model)
    return model


def recompute(model: Any) -> None:
    """Keep of each layer only what goes in, and compute the rest again on the way back: the same gradient."""
    model.activation_checkpointing_enable({"use_reentrant": False})


def context_of(config: Any) -> int:
    """Tokens the model's positions reach. Raises UsageError where the config does not say."""
    found = getattr(config, "max_position_embeddings", None)
    if not isinstance(found, int):
        raise UsageError(f"the config of {config.model_type} does not say max_position_embeddings; take another base")
    return found


def save_model(model: Any, tokenizer: Any, out: Path, weights: dict[str, torch.Tensor] | None = None) -> None:
    """Write a directory that plain transformers and vLLM load as it is, in shards of 5 GiB. `weights`: in place of the
    model's own, where these are spread over ranks."""
    if weights is not None:
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(model.config, dtype=torch.float32)
        model.load_state_dict(weights, strict=False, assign=True)
        model.tie_weights()
    model.config._attn_implementation = "sdpa"
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id
    )
    model.save_pretrained(out, max_shard_size=SHARD)
    tokenizer.save_pretrained(out)


def look(stage: Train, path: Path, rows: Iterable[Row], store: Store) -> None:
    """What training would refuse, found from the directory's config and tokenizer alone. Raises UsageError.

    The store keeps the tokens for the training.
    """
    config = load_config(path)
    if why := supports(config):
        raise UsageError(
            f"{path} cannot be trained here: {why}; take another base, or another engine (docs/engines.md)"
        )
    tokenizer = load_tokenizer(path)
    check_directory(path, config, tokenizer)
    stage.examine(tokenizer, context_of(config), kept(store, stage, tokenizer, rows))
