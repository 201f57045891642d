"""Run beside SGLang: a launch line as SGLang's own parser reads it, and the table of positions that it would turn by.

`sglang_read.py HEAD TRAINED FLAGS...` prints one JSON object: `read`, what stands in the fields that the flags fill,
and `table`, rows of cosines and sines of a model with heads of size HEAD that was trained on TRAINED tokens. SGLang
imports Triton for its kernels, none of which is compiled here: the stand-in that it has for macOS takes its place.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import platform
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch._dynamo  # before the stand-in, which it would take for Triton
import torch._inductor.config


def stand_in() -> None:
    """Triton as SGLang itself stands in for it."""
    package = importlib.util.find_spec("sglang")
    assert package is not None and package.submodule_search_locations, "SGLang is not on PYTHONPATH"
    file = Path(package.submodule_search_locations[0]) / "_platform_stubs.py"
    spec = importlib.util.spec_from_file_location("sglang_stubs", file)
    assert spec is not None and spec.loader is not None
    stubs: Any = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = stubs  # its dataclasses look their module up
    spec.loader.exec_module(stubs)
    on_macos = (
        patch.object(sys, "platform", "darwin"),
        patch.object(platform, "machine", return_value="arm64"),
        patch.object(torch.backends.mps, "is_available", return_value=True),
    )
    with on_macos[0], on_macos[1], on_macos[2]:
        stubs.install_platform_stubs()


def main(head: int, trained: int, flags: list[str]) -> dict[str, Any]:
    from sglang.srt.layers.rotary_embedding import get_rope
    from sglang.srt.server_args import ServerArgs

    parser = argparse.ArgumentParser(prog="sglang", allow_abbrev=False)
    ServerArgs.add_cli_args(parser)
    found = ServerArgs.from_cli_args(parser.parse_args(flags))
    given = {word for word in flags if word.startswith("--")}
    filled = {a.dest for a in parser._actions if given & {*a.option_strings}}
    changes = json.loads(found.json_model_override_args)
    scaling = changes.get("rope_parameters")
    base = scaling["rope_theta"] if scaling else 10000.0
    rope = get_rope(head, rotary_dim=head, max_position=trained, base=base, rope_scaling=scaling, dtype=torch.float32)
    return {"read": {name: getattr(found, name) for name in filled}, "table": rope.cos_sin_cache.tolist()}


if __name__ == "__main__":
    stand_in()
    print(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])))
