"""The command line's group `eval`; parses."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import typer

from komainu.cli_job import Job, Json, gathering

MODULE = "komainu.cli_eval_verbs"
Asked = Annotated[
    list[str],
    typer.Argument(
        metavar="MODEL [KEY=VALUE]...",
        help="A model directory, URL#model, an endpoint of komainu.toml, or a name or id of the store; its name and "
        "sampling, where they are to be others (name, temperature, top_p, min_p, max_tokens, seed).",
    ),
]
Suite = Annotated[Literal["en", "ja", "all"] | None, typer.Option(help="The suite; all, unless --bench is given.")]
Benches = Annotated[list[str] | None, typer.Option("--bench", metavar="NAME", help="Only this; may be repeated.")]
Limit = Annotated[int, typer.Option(min=0, help="So many items of each set; 0: all.")]
Items = Annotated[Path | None, typer.Option(metavar="PATH", help="The items: a file, or a folder that has them.")]
Accept = Annotated[
    float,
    typer.Option(
        "--accept-missing", metavar="SHARE", min=0, max=1, help="Show a headline that lacks up to this share."
    ),
]
Key = Annotated[str, typer.Option(metavar="VARIABLE", help="The environment variable that holds the key of the URL.")]

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


class Wish(NamedTuple):
    """Who is to be asked what: the words of `eval run`."""

    model: Asked
    suite: Suite = None
    bench: Benches = None
    limit: Limit = 0
    items: Items = None
    key: Key = ""
    accept_missing: Accept = 0.0


@group.command()
@gathering(Wish)
def run(
    wish: Wish,
    plan: Annotated[bool, typer.Option("--plan", help="Tell what would be asked, and ask nothing.")] = False,
    json: Json = False,
) -> Job:
    """Ask a model the benchmarks of a suite, and show its scores.

    What is answered is kept, so to resume is to run again.
    """
    return Job("plan" if plan else "run", (wish,), json, MODULE)


@group.command()
def score(
    bench: Annotated[str, typer.Argument(metavar="BENCH", help="The name of a benchmark.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON lines: `id` or `prompt`, and `response`.")],
    items: Items = None,
    json: Json = False,
) -> Job:
    """Score answers that were made elsewhere; asks nothing."""
    return Job("score", (bench, file, items), json, MODULE)
