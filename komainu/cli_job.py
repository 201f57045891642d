"""What parsing a command line gives, and the option that all verbs have."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


class Job(NamedTuple):
    """A parsed command: a function of `module` and its arguments, done after parsing has ended."""

    verb: str
    args: tuple[Any, ...]
    json: bool
    module: str = "komainu.cli_verbs"
