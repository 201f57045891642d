"""A program that serves a model directory over the OpenAI protocol, as the command that starts it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from komainu.models.base import RopeScaling
from komainu.models.rope import Window, window_in
from komainu.settings import Runtime

PORT = "{port}"  # filled in when it is started


@dataclass(frozen=True, kw_only=True)
class Launch:
    """What is served and how. A new engine is one file: the module that is run, its environment, `options`.

    `context` is how many tokens a prompt and its answer may have together; 0 leaves it to the engine. Raises
    UsageError when `rope` cannot be given to this model.
    """

    module: ClassVar[str]  # run as `python -m module`
    environment: ClassVar[Mapping[str, str]] = {"HF_HUB_OFFLINE": "1"}  # the model is on the disk
    directory: Path
    name: str
    context: int = 0
    rope: RopeScaling | None = None
    runtime: Runtime = field(default_factory=Runtime)

    def options(self) -> Iterator[str]:
        """The engine's own flags, but for those of `runtime`; {port} stands for the port."""
        raise NotImplementedError(f"{type(self).__name__} needs options()")

    @property
    def window(self) -> Window:
        return window_in(self.directory)

    @property
    def argv(self) -> tuple[str, ...]:
        """The whole command. It begins with `env`, so it needs no shell and can be pasted into one."""
        given = {**self.environment, **self.runtime.environment}
        variables = (f"{name}={value}" for name, value in given.items())
        python = self.runtime.python
        python = os.path.abspath(python) if os.sep in python else python  # it is pasted in any folder; links stay
        return ("env", *variables, python, "-m", self.module, *self.options(), *self.runtime.flags)

    def command(self, python: str, port: int) -> str:
        """The command as a line to paste."""
        return shlex.join(part.replace("{python}", python).replace(PORT, str(port)) for part in self.argv)
