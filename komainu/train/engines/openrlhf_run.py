"""Run inside OpenRLHF's own environment: its parser alone (`check`), or its training on a CPU (`train`).

OpenRLHF imports flash-attn and names CUDA wherever it places a tensor, though DeepSpeed itself runs on a CPU. Where
there is no GPU, four functions of flash-attn are done here in plain torch, what it asks of CUDA is answered for the
CPU, and torch's AdamW is in the place of DeepSpeed's, which would be compiled first. With a GPU nothing of this is
used: its launcher then starts OpenRLHF itself.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import runpy
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any


def main(what: str, *rest: str) -> None:
    """`check FILE MODULE FLAGS...` writes the parsed flags; `train MODULE FLAGS...` runs the module."""
    if importlib.util.find_spec("flash_attn") is None:
        stand_in()
    if what == "check":
        said, module, *given = rest
        read_only(Path(said))
    else:
        on_the_cpu()
        module, *given = rest
    sys.argv = [module, *given]
    runpy.run_module(module, run_name="__main__")


def read_only(said: Path) -> None:
    """Let the parser of the module write what it has parsed, and end; flags may not be shortened."""
    parse = argparse.ArgumentParser.parse_args

    def parse_args(self: argparse.ArgumentParser, *given: Any, **more: Any) -> None:
        self.allow_abbrev = False
        found = vars(parse(self, *given, **more))
        said.write_text(json.dumps(found, default=str), encoding="utf-8")
        raise SystemExit(0)

    setattr(argparse.ArgumentParser, "parse_args", parse_args)  # noqa: B010


def stand_in() -> None:
    """flash_attn.bert_padding and flash_attn.utils.distributed, as far as OpenRLHF imports them."""
    import torch
    from einops import rearrange

    def index_first_axis(x: Any, indices: Any) -> Any:
        return x[indices]

    def unpad_input(x: Any, mask: Any) -> tuple[Any, ...]:
        lengths = mask.sum(-1, dtype=torch.int32)
        indices = mask.flatten().nonzero().flatten()
        bounds = torch.nn.functional.pad(lengths.cumsum(0, dtype=torch.int32), (1, 0))
        return x.flatten(0, 1)[indices], indices, bounds, int(lengths.max()), lengths

    def pad_input(x: Any, indices: Any, batch: int, length: int) -> Any:
        whole = x.new_zeros(batch * length, *x.shape[1:])
        whole[indices] = x
        return whole.unflatten(0, (batch, length))

    def all_gather(x: Any, group: Any) -> Any:
        raise NotImplementedError("ring attention needs flash-attn itself")

    padding = {f.__name__: f for f in (index_first_axis, pad_input, rearrange, unpad_input)}
    held: dict[str, dict[str, Any]] = {
        "": {},
        ".bert_padding": padding,
        ".utils": {},
        ".utils.distributed": {"all_gather": all_gather},
    }
    for name, functions in held.items():
        module = ModuleType(f"flash_attn{name}")
        module.__spec__ = ModuleSpec(module.__name__, None)  # transformers looks for one
        module.__dict__.update(functions)
        sys.modules[module.__name__] = module


def on_the_cpu() -> None:
    """What OpenRLHF asks of CUDA, answered for the CPU."""
    import torch
    from torch.distributed import device_mesh

    mesh = device_mesh.init_device_mesh

    def on_cpu(device: str, *given: Any, **more: Any) -> Any:
        return mesh("cpu", *given, **more)

    setattr(device_mesh, "init_device_mesh", on_cpu)  # noqa: B010
    for name, does in {
        "set_device": lambda device: None,
        "synchronize": lambda *device: None,
        "empty_cache": lambda: None,
        "current_device": lambda: "cpu",
    }.items():
        setattr(torch.cuda, name, does)

    nothing_compiled()


def nothing_compiled() -> None:
    """torch's own AdamW and all-reduce, where DeepSpeed would compile its own for minutes."""
    import deepspeed.ops
    import torch
    from deepspeed.ops import adam
    from deepspeed.runtime import engine
    from deepspeed.runtime.zero import utils

    class AdamW(torch.optim.AdamW):
        """AdamW with the arguments of DeepSpeed's."""

        def __init__(self, params: Any, adam_w_mode: bool = True, **more: Any) -> None:
            assert adam_w_mode
            super().__init__(params, **more)

    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    for module in (engine, adam):
        setattr(module, "FusedAdam", AdamW)  # noqa: B010
    utils.ZERO_SUPPORTED_OPTIMIZERS.append(AdamW)


if __name__ == "__main__":
    main(*sys.argv[1:])
