"""SGLang (0.5): its launch line.

Sources: sglang/srt/arg_groups/fields, layers/rotary_embedding and utils/hf_transformers/common.py of 0.5.23. It has no
build for CPUs, so its parser, its table of positions and the protocol are tested, not the server.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from komainu.errors import UsageError
from komainu.models.engines.base import PORT, Launch


@dataclass(frozen=True, kw_only=True)
class SGLang(Launch):
    """`--sampling-defaults openai` leaves generation_config.json's sampling defaults out, and its stop tokens in."""

    module: ClassVar[str] = "sglang.launch_server"

    def options(self) -> Iterator[str]:
        if ":" in self.name:
            raise UsageError(f"SGLang takes no colon in a served name: {self.name!r}")
        yield from ("--model-path", str(self.directory), "--served-model-name", self.name)
        yield from ("--host", "127.0.0.1", "--port", PORT, "--dtype", self.runtime.dtype)
        yield from ("--sampling-defaults", "openai")
        if self.context or self.rope:
            yield from ("--context-length", str(self.context or self.window.context(self.rope)))
        if self.rope:
            yield from ("--json-model-override-args", json.dumps(self.scaled()))

    def scaled(self) -> dict[str, Any]:
        """The overrides for dynamic scaling: SGLang itself multiplies max_position_embeddings by the factor."""
        assert self.rope is not None
        return {"rope_parameters": self.window.dynamic(self.rope)}
