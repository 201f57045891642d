"""The command line's group `release`; parses."""

from __future__ import annotations

from typing import Annotated

import typer

from komainu.cli_job import Job, Json, Push, gathering

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@group.callback()
def release() -> None:
    """What goes with a released model."""


@group.command()
def evidence(
    card: Annotated[str, typer.Argument(metavar="CARD", help="A card, or a report of one: a name or id of the store.")],
    out: Annotated[str, typer.Option(metavar="PATH", help="The bundle: a folder, or a file that ends in .tar.zst.")],
    json: Json = False,
) -> Job:
    """Write what proves a card where its store is not."""
    return Job("evidence", (card, out), json, "komainu.cli_proof")


@group.command()
@gathering(Push)
def push(wish: Push, json: Json = False) -> Job:
    """Put a released model on the hub in one commit; run again, it goes on where it was stopped."""
    return Job("push_model", (wish,), json, "komainu.cli_publish")
