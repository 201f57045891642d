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
        "sampling, where they are to be others (name, temperature, top_p, min_p, max_tokens, seed); of a URL the "
        "environment variable that holds its `key`.",
    ),
]
Suite = Annotated[Literal["en", "ja", "all"] | None, typer.Option(help="The suite; all, unless --bench is given.")]
Benches = Annotated[list[str] | None, typer.Option("--bench", metavar="NAME", help="Only this; may be repeated.")]
Limit = Annotated[int, typer.Option(min=0, help="So many items of each set; 0: all.")]
Items = Annotated[Path | None, typer.Option(metavar="PATH", help="The items: a file, or a folder that has them.")]
Judges = Annotated[
    list[str] | None,
    typer.Option(
        "--judge",
        metavar="'MODEL [KEY=VALUE]...'",
        help="A model that marks answers, said as MODEL is; may be repeated. Without it those of komainu.toml.",
    ),
]
Accept = Annotated[
    float,
    typer.Option(
        "--accept-missing", metavar="SHARE", min=0, max=1, help="Show a headline that lacks up to this share."
    ),
]

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


class Wish(NamedTuple):
    """Who is to be asked what: the words of `eval run`."""

    model: Asked
    suite: Suite = None
    bench: Benches = None
    limit: Limit = 0
    items: Items = None
    judge: Judges = None
    runs: Annotated[int, typer.Option(min=1, help="Ask so often, each time with the next seed.")] = 1
    accept_missing: Accept = 0.0


class PanelWish(NamedTuple):
    """Which scores of judges are looked at, and how: the words of `eval panel`."""

    sources: list[str]
    gold: str
    judges: list[str]
    metric: str
    kin: Path | None
    canary: list[str]
    shift: float
    kappa: float


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


class Sheet(NamedTuple):
    """Which results are to be shown how: the words of `eval board`."""

    targets: Annotated[list[str] | None, typer.Argument(metavar="[TARGET]...", help="Else all named results.")] = None
    sort: Annotated[str, typer.Option(metavar="COLUMN", help="Its key or name, or model; a - before it turns.")] = ""
    filter: Annotated[list[str] | None, typer.Option(metavar="TEXT", help="A word, size<=14 or ja_avg>70.")] = None
    accept_missing: Accept = 0.0
    csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")] = False


@group.command()
@gathering(Sheet)
def board(sheet: Sheet, json: Json = False) -> Job:
    """Show the family's table over the results of the store."""
    return Job("board", (sheet, json), json, "komainu.cli_board")


@group.command()
def rank(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or JSON lines: a, b, wins_a, wins_b, ties.")],
    json: Json = False,
) -> Job:
    """Rank models by pairwise comparisons (Bradley-Terry)."""
    return Job("rank", (file,), json, "komainu.cli_rank")


@group.command()
def panel(
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE...", help="Names or ids of the store, or files of scores; see docs.")
    ],
    gold: Annotated[str, typer.Option(metavar="JUDGE", help="Whom the others are measured against.")] = "",
    judge: Annotated[list[str] | None, typer.Option("--judge", help="Only these; may be repeated.")] = None,
    metric: Annotated[str, typer.Option(help="Only this metric; else an answer's mean over all.")] = "",
    kin: Annotated[Path | None, typer.Option(metavar="FILE", help="Rows of model, family, teacher.")] = None,
    canary: Annotated[
        list[str] | None, typer.Option(metavar="SOURCE", help="Earlier scores of the same answers; may be repeated.")
    ] = None,
    shift: Annotated[float, typer.Option(min=0, help="How far a mean may move, as a share of the scale.")] = 0.02,
    kappa: Annotated[float, typer.Option(help="How well a judge must agree with itself.")] = 0.6,
    json: Json = False,
) -> Job:
    """Measure judges against people or another judge.

    Code 3 when a judge is no longer what it was on the --canary.
    """
    wish = PanelWish(sources, gold, judge or [], metric, kin, canary or [], shift, kappa)
    return Job("panel", (wish,), json, "komainu.cli_panel")


@group.command()
def compare(
    targets: Annotated[list[str], typer.Argument(metavar="TARGET...", help="Results: names or ids of the store.")],
    accept_missing: Accept = 0.0,
    json: Json = False,
) -> Job:
    """Compare all pairs of the models of some results: which is better, and what would decide it."""
    return Job("compare", (targets, accept_missing), json, "komainu.cli_compare")
