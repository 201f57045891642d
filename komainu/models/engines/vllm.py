"""vLLM (0.32): its launch line.

Sources: vllm/engine/arg_utils.py, config/model.py and model_executor/layers/rotary_embedding of 0.32.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from komainu.models.engines.base import PORT, Launch

# A generation_config.json may hold sampling defaults (a repetition penalty, top_k), which would apply to every request
# that does not name them. The file still tells the stop tokens, so it is not turned off as a whole.
NEUTRAL = {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}


@dataclass(frozen=True, kw_only=True)
class VLLM(Launch):
    """The module, not the `vllm` command: the CPU wheel is a package of another name, which the command looks up."""

    module: ClassVar[str] = "vllm.entrypoints.openai.api_server"

    def options(self) -> Iterator[str]:
        yield from ("--model", str(self.directory), "--served-model-name", self.name)
        yield from ("--host", "127.0.0.1", "--port", PORT, "--dtype", self.runtime.dtype)
        yield from ("--override-generation-config", json.dumps(NEUTRAL))
        if self.context or self.rope:
            yield from ("--max-model-len", str(self.context or self.window.context(self.rope)))
        if self.rope:
            yield from ("--hf-overrides", json.dumps(self.scaled()))

    def scaled(self) -> dict[str, Any]:
        """The overrides for dynamic scaling.

        vLLM's table of positions is as long as max_position_embeddings, which must therefore be the longer context,
        and `max_trained_positions` tells it the one that was trained; without it the base is not stretched at all.
        """
        assert self.rope is not None
        window = self.window
        return {
            "max_position_embeddings": window.context(self.rope),
            "rope_parameters": {**window.dynamic(self.rope), "max_trained_positions": window.trained},
        }
