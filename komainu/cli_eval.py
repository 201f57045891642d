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
        "sampling, where they are to be others (name, temperature, top_p, min_p, max_tokens, seed, rope); of a URL the "
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
User = Annotated[
    str | None,
    typer.Option(
        "--user",
        metavar="'MODEL [KEY=VALUE]...'",
        help="The model that plays the user where there is one to play, said as MODEL is; else MODEL plays it.",
    ),
]
Accept = Annotated[
    float,
    typer.Option(
        "--accept-missing", metavar="SHARE", min=0, max=1, help="Show a headline that lacks up to this share."
    ),
]
Plan = Annotated[bool, typer.Option("--plan", help="Tell what would be asked, and ask nothing.")]

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


class Wish(NamedTuple):
    """Who is to be asked what: the words of `eval run`."""

    model: Asked
    suite: Suite = None
    bench: Benches = None
    limit: Limit = 0
    items: Items = None
    judge: Judges = None
    user: User = None
    runs: Annotated[int, typer.Option(min=1, help="Ask so often, each time with the next seed.")] = 1
    accept_missing: Accept = 0.0


@group.command()
@gathering(Wish)
def run(
    wish: Wish,
    plan: Plan = False,
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


class Made(NamedTuple):
    """Whose answers in which file judges are to mark: the words of `eval judge`."""

    bench: Annotated[str, typer.Argument(metavar="BENCH", help="The name of a benchmark that judges mark.")]
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON lines: `id` or `prompt`, and `response`.")]
    judge: Judges = None
    name: Annotated[str, typer.Option(help="What the model is called; the file's name unless it is said.")] = ""
    items: Items = None
    accept_missing: Accept = 0.0


@group.command()
@gathering(Made)
def judge(made: Made, plan: Plan = False, json: Json = False) -> Job:
    """Let judges mark answers that were made elsewhere, and show the scores."""
    return Job("plan_judge" if plan else "judge", (made,), json, MODULE)


class Sheet(NamedTuple):
    """Which results are to be shown how: the words of `eval board`."""

    targets: Annotated[list[str] | None, typer.Argument(metavar="[TARGET]...", help="Else all named results.")] = None
    sort: Annotated[str, typer.Option(metavar="COLUMN", help="Its key or name, or model; a - before it turns.")] = ""
    filter: Annotated[list[str] | None, typer.Option(metavar="TEXT", help="A word, size<=14 or ja_avg>70.")] = None
    accept_missing: Accept = 0.0
    csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False
    markdown: Annotated[bool, typer.Option("--markdown", help="Print a Markdown table.")] = False
    sweep: Annotated[str, typer.Option(metavar="NAME", help="Of a sweep: what varied, and what it did.")] = ""
    page: Annotated[Path | None, typer.Option(metavar="FILE", help="With --sweep: a page with plots.")] = None


@group.command()
@gathering(Sheet)
def board(sheet: Sheet, json: Json = False) -> Job:
    """Show the family's table over the results of the store."""
    if sheet.sweep:
        return Job("effects", (sheet,), json, "komainu.cli_factors")
    return Job("board", (sheet, json), json, "komainu.cli_board")


@group.command()
def rank(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV or JSON lines: a, b, wins_a, wins_b, ties.")],
    json: Json = False,
) -> Job:
    """Rank models by pairwise comparisons (Bradley-Terry)."""
    return Job("rank", (file,), json, "komainu.cli_rank")


class Measured(NamedTuple):
    """Which scores of judges are measured how: the words of `eval panel`."""

    sources: Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Names or ids of the store, or files.")]
    gold: Annotated[str, typer.Option(metavar="JUDGE", help="Whom the others are measured against.")] = ""
    judge: Annotated[
        list[str] | None, typer.Option("--judge", metavar="NAME", help="Of the panel; may be repeated.")
    ] = None
    metric: Annotated[str, typer.Option(metavar="NAME", help="Only this; else the mean over all of an answer.")] = ""
    kin: Annotated[Path | None, typer.Option(metavar="FILE", help="Rows of model, family, teacher.")] = None
    canary: Annotated[
        list[str] | None, typer.Option(metavar="SOURCE", help="Earlier scores of the same answers; may be repeated.")
    ] = None
    shift: Annotated[float, typer.Option(min=0, help="How far a mean may move, as a share of the scale.")] = 0.02
    kappa: Annotated[float, typer.Option(help="How well a judge must agree with itself.")] = 0.6


@group.command()
@gathering(Measured)
def panel(wish: Measured, json: Json = False) -> Job:
    """Measure judges against people or another judge.

    Code 3 when a judge is no longer what it was on the --canary.
    """
    return Job("panel", (wish,), json, "komainu.cli_panel")


@group.command("import")
def import_(
    kind: Annotated[Literal["shaberi", "rp-bench"], typer.Argument(metavar="KIND", help="shaberi or rp-bench.")],
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="A folder of Shaberi's judgements; files of rp-bench's evaluations."),
    ],
    judge: Annotated[
        list[str] | None, typer.Option("--judge", metavar="NAME", help="Of the panel; may be repeated.")
    ] = None,
    json: Json = False,
) -> Job:
    """Take published results into the store; asks nothing."""
    return Job(kind.replace("-", "_"), (paths, judge or []), json, "komainu.cli_import")


@group.command()
def view(
    targets: Annotated[
        list[str],
        typer.Argument(metavar="TARGET [KEY=VALUE]...", help="Boards, what was made from them, or scores; several."),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder of the site.")] = Path("view"),
    json: Json = False,
) -> Job:
    """Show boards with their items, answers and verdicts as a static site.

    It works from a file: no server, nothing from outside.
    """
    return Job("view", (targets, out), json, "komainu.cli_view")


@group.command()
def export(
    target: Annotated[str, typer.Argument(metavar="TARGET", help="A board: a recipe, or a name or id of the store.")],
    values: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...")] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="The folder of the files.")] = Path("every_eval_ever"),
    developer: Annotated[str, typer.Option(metavar="NAME", help="Whose models they are.")] = "unknown",
    json: Json = False,
) -> Job:
    """Write a board's numbers, items and answers in the schema of Every Eval Ever."""
    return Job("export", (target, values or (), out, developer), json, "komainu.cli_view")


@group.command()
def compare(
    targets: Annotated[list[str], typer.Argument(metavar="TARGET...", help="Results: names or ids of the store.")],
    accept_missing: Accept = 0.0,
    json: Json = False,
) -> Job:
    """Compare all pairs of the models of some results: which is better, and what would decide it."""
    return Job("compare", (targets, accept_missing), json, "komainu.cli_compare")
