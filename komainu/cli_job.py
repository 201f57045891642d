"""What parsing gives: a verb to be done after parsing has ended; and the option that all verbs have."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


class Job(NamedTuple):
    """A parsed command: a function of a module of komainu, and its arguments."""

    verb: str
    args: tuple[Any, ...]
    json: bool
    module: str = "cli_verbs"
