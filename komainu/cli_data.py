"""The command line's group `data`; parses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import typer

from komainu.cli_job import Job, Json, Push, gathering

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


class Check(NamedTuple):
    """How a file is to be looked at: the words of `data check`."""

    file: Annotated[
        str, typer.Argument(metavar="FILE", help="Chats or pairs, in any layout: a file, folder, glob or part of one.")
    ]
    layout: Annotated[str, typer.Option(metavar="NAME", help="The layout; else each object tells its own.")] = ""
    lang: Annotated[
        Literal["ja", "en", ""],
        typer.Option(help="What answers are to be in where rows do not say; else as their requests tell."),
    ] = ""
    tokenizer: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Render and mask every row with its chat template; count tokens.")
    ] = None
    context: Annotated[int, typer.Option(min=0, help="With --tokenizer: the most tokens a row may have.")] = 0
    against: Annotated[
        list[str] | None, typer.Option("--against", metavar="FILE", help="Benchmark items; may be repeated.")
    ] = None
    gate: Annotated[
        list[str] | None,
        typer.Option("--gate", metavar="NAME=SHARE", help="Code 3 when more rows have this problem; may be repeated."),
    ] = None
    page: Annotated[Path | None, typer.Option(metavar="PATH", help="Write a page with histograms and samples.")] = None


class Publication(NamedTuple):
    """What is to be published, and as what: the words of `data card`."""

    target: Annotated[str, typer.Argument(metavar="NAME_OR_REF", help="Chats or pairs: a name or id of the store.")]
    name: Annotated[str, typer.Option(metavar="OWNER/NAME", help="What it is to be called on the hub.")]
    licence: Annotated[str, typer.Option(metavar="NAME", help="What it is published under.")]
    about: Annotated[str, typer.Option(metavar="TEXT", help="What it is, in a sentence or two.")] = ""
    terms: Annotated[
        list[str] | None, typer.Option("--terms", metavar="MODEL=TEXT", help="What a model's terms say of its output.")
    ] = None
    allow: Annotated[
        list[str] | None, typer.Option("--allow", metavar="NAME", help="A licence of rows that you have cleared.")
    ] = None
    out: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Write a copy here.")] = None


@group.command()
@gathering(Check)
def check(wish: Check, json: Json = False) -> Job:
    """Look at a file of chats or pairs: what it holds, and what is wrong with it."""
    return Job("check", (wish,), json, "komainu.cli_check")


@group.command()
def look(
    target: Annotated[
        list[str],
        typer.Argument(metavar="NAME_OR_REF", help="Chats or pairs of the store, a recipe, or files of rows."),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder of the site.")] = Path("look"),
    json: Json = False,
) -> Job:
    """Write a set of rows as a static site: search, drops, duplicates, what each row was before."""
    return Job("look", (target, out), json, "komainu.cli_look")


@group.command()
def export(
    target: Annotated[str, typer.Argument(metavar="NAME_OR_REF", help="An artifact of chats or pairs.")],
    to: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder.")],
    layout: Annotated[str, typer.Option(metavar="NAME", help="messages, sharegpt, alpaca, kto, trl, or another.")],
    format: Annotated[Literal["parquet", "jsonl.zst", "jsonl"], typer.Option(help="Of the shards.")] = "parquet",
    shard_rows: Annotated[int, typer.Option("--shard-rows", min=1, help="Rows a shard has at most.")] = 50_000,
    json: Json = False,
) -> Job:
    """Write rows as shards that datasets, axolotl and LLaMA-Factory load as they are."""
    return Job("export", (target, to, layout, format, shard_rows), json, "komainu.cli_export")


@group.command()
def trace(
    target: Annotated[str, typer.Argument(metavar="NAME_OR_REF", help="An artifact: a name or id of the store.")],
    row: Annotated[str, typer.Argument(metavar="ROWID", help="A row of it, or one that it dropped.")],
    json: Json = False,
) -> Job:
    """Follow a row back to its source rows, the calls and the steps it came from."""
    return Job("trace", (target, row), json, "komainu.cli_trace")


@group.command()
def touched(
    source: Annotated[str, typer.Argument(metavar="[SOURCE]", help="An artifact: a name or id of the store.")] = "",
    row: Annotated[str, typer.Option(metavar="ID", help="Only this row of it.")] = "",
    licence: Annotated[str, typer.Option(metavar="NAME", help="Only its rows of this licence, or those of all.")] = "",
    json: Json = False,
) -> Job:
    """Tell which artifacts, models and scores are affected when a source is taken away."""
    return Job("touched", (source, row, licence), json, "komainu.cli_trace")


@group.command()
@gathering(Publication)
def card(wish: Publication, json: Json = False) -> Job:
    """Write a set as a directory for the hub, with a card of its sources, licences and models."""
    return Job("card", (wish,), json, "komainu.cli_publish")


@group.command()
@gathering(Push)
def push(wish: Push, json: Json = False) -> Job:
    """Put a set's directory on the hub in one commit."""
    return Job("push", (wish,), json, "komainu.cli_publish")
