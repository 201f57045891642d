"""A model with its weights in 8 or 4 bits, for vLLM on GPUs."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Literal

from komainu.context import Context
from komainu.environment import Environment, bare
from komainu.errors import UsageError
from komainu.rows import Chat
from komainu.stage import Stage, Weights, needs

SCRIPT = Path(__file__).parent / "outside" / "llm_compressor.py"
ENVIRONMENT = Environment(name="llmcompressor", steps=(("torch==2.13.0", "llmcompressor==0.14.0.1"),))
LINES = 15  # of the program's output shown when it fails


@dataclass(frozen=True, kw_only=True)
class Compressed(Stage):
    """What llm-compressor makes of a model: `fp8` (weights by channel, activations by token as they come) or `awq`.

    AWQ (arXiv 2306.00978; 4-bit weights in groups, 16-bit activations) looks at `rows` chats of `calibration`, each
    cut at `tokens`; FP8 needs none. The head stays as it is. It runs on a CUDA GPU, in an environment of its own;
    elsewhere the error says the command. The answers of what comes out are measured like any model's.
    """

    makes: ClassVar[type] = Weights
    model: Stage
    scheme: Literal["fp8", "awq"] = "fp8"
    calibration: Stage | None = None
    rows: int = 256
    tokens: int = 2048

    def check(self) -> Iterator[str]:
        yield from needs(self, "model", self.model, Weights)
        if self.calibration is not None:
            yield from needs(self, "calibration", self.calibration, Chat)
        if (self.scheme == "awq") != (self.calibration is not None):
            yield "Compressed.calibration: awq needs chats to look at, fp8 takes none"
        if self.rows < 1 or self.tokens < 1:
            yield "Compressed.rows and Compressed.tokens must be at least 1"

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        job = self.job(out, ctx)
        file = out / ".work" / "job.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(job, ensure_ascii=False, indent=1), encoding="utf-8")
        if shutil.which("nvidia-smi") is None:
            where = shlex.join(["python", str(SCRIPT), str(file)])
            needed = " ".join(ENVIRONMENT.steps[0])
            raise UsageError(f"Compressed needs a CUDA GPU. With {needed} this is what runs there: {where}")
        python = ENVIRONMENT.python(Path(ctx.settings.environments))
        return launch(python, file)

    def job(self, out: Path, ctx: Context) -> dict[str, Any]:
        """All that the script is told."""
        chats: list[list[dict[str, str]]] = []
        if self.calibration is not None:
            some = islice((row for row in ctx.open(self.calibration).rows() if isinstance(row, Chat)), self.rows)
            chats = [[{"role": m.role, "content": m.content} for m in chat.messages] for chat in some]
        return {
            "model": str(ctx.open(self.model).path),
            "out": str(out),
            "scheme": {"fp8": "FP8_DYNAMIC", "awq": "W4A16_ASYM"}[self.scheme],
            "chats": chats,
            "tokens": self.tokens,
        }


def launch(python: Path, job: Path) -> dict[str, Any]:
    """Run the script; returns its facts. UsageError with its last words where it fails. It gets no keys."""
    command = [str(python), str(SCRIPT), str(job)]
    done = subprocess.run(command, env=bare(), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        last = "\n".join(f"  {line}" for line in (done.stdout + done.stderr).splitlines()[-LINES:])
        raise UsageError(
            f"llm-compressor ended with {done.returncode}. Its last words:\n{last}\nMend what they name and run again"
        )
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return facts
