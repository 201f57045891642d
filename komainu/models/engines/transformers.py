"""komainu's own server over transformers, for models that fit one device: its launch line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from komainu.models.engines.base import PORT, Launch


@dataclass(frozen=True, kw_only=True)
class Transformers(Launch):
    """`threads` and `batch` are the settings of komainu.toml."""

    module: ClassVar[str] = "komainu.models.completions"
    threads: int = 0
    batch: int = 256

    def options(self) -> Iterator[str]:
        yield from (str(self.directory), "--name", self.name, "--port", PORT, "--dtype", self.runtime.dtype)
        yield from ("--threads", str(self.threads), "--batch", str(self.batch))
        if self.context:
            yield from ("--context", str(self.context))
        if self.rope:
            self.window.stretched(self.rope)
            yield from ("--rope", str(self.rope.factor))
