"""The command line: `komainu run recipe.py:function key=value ...`. Parses, does one verb, prints, ends with a code.

Exit codes: 0 ok, 1 our bug, 2 usage or config, 3 a gate or verification failed, 4 incomplete, 5 over budget,
130 interrupted. With --json exactly one JSON object goes to stdout, an error included; all else goes to stderr.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from komainu import __version__, cli_data, cli_eval, cli_release
from komainu.cli_chat import Chatting, Context, EngineChoice, Votes
from komainu.cli_job import Anything, Job, Json, Levels, Target, Two, Values, Weights, gathering
from komainu.errors import Error

INTERRUPTED = 130
Fresh = Annotated[str, typer.Option("--fresh", metavar="STAGE", help="Ask again what this stage asks, see docs.")]

app = typer.Typer(
    help="Turns an open base model into a bilingual chat model, and proves it with numbers.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(cli_eval.group, name="eval", help="Ask a model whole suites of benchmarks; score answers made elsewhere.")
app.add_typer(cli_data.group, name="data", help="Look at files of training data, and follow their rows.")
app.add_typer(cli_release.group, name="release", help="What goes with a released model.")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"komainu {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show it.")] = False,
) -> None:
    """Turns an open base model into a bilingual chat model, and proves it with numbers."""


@app.command()
def run(
    target: Target,
    values: Values = None,
    fresh: Fresh = "",
    budget: Annotated[
        float | None, typer.Option("--budget", metavar="MONEY", help="Most the target may cost, stopped runs included.")
    ] = None,
    json: Json = False,
) -> Job:
    """Build what is missing, name the result.

    What is built is reused, so to resume is to run again.
    """
    return Job("run", (target, values or [], fresh, budget), json)


@app.command()
def plan(
    target: Target,
    values: Values = None,
    fresh: Fresh = "",
    rows: Annotated[int, typer.Option(min=0, help="Show so many rows of each training, and which tokens count.")] = 0,
    probe: Annotated[
        float | None, typer.Option(metavar="SHARE", help="Ask about this share of each dataset's rows for real.")
    ] = None,
    budget: Annotated[
        float | None, typer.Option("--budget", metavar="MONEY", help="With --probe: most the target may cost so far.")
    ] = None,
    json: Json = False,
) -> Job:
    """Tell what a run would build and cost, and what is wrong."""
    if probe is None:
        return Job("plan", (target, values or [], fresh, rows), json)
    return Job("probe", (target, values or [], fresh, rows, probe, budget), json, "komainu.cli_probe")


class Swept(NamedTuple):
    """Which points are to be run how: the words of `sweep`."""

    target: Target
    values: Levels = None
    name: Annotated[str, typer.Option(help="What the sweep is called; the function's name unless it is said.")] = ""
    jobs: Annotated[int, typer.Option(min=0, help="Points at once; 0: as many as the machine holds.")] = 0
    retry: Annotated[
        list[str] | None, typer.Option(metavar="CLASS", help="Run these failed points again, or all; may be repeated.")
    ] = None
    slurm: Annotated[bool, typer.Option("--slurm", help="Each point a Slurm job, as [slurm] says.")] = False
    halve: Annotated[
        int, typer.Option(metavar="STEPS", min=0, help="Stop the worse half of trainings at STEPS, twice that, ...")
    ] = 0


@app.command()
@gathering(Swept)
def sweep(
    wish: Swept,
    plan: Annotated[bool, typer.Option("--plan", help="Tell the points and what they would build and cost.")] = False,
    json: Json = False,
) -> Job:
    """Run a recipe at every combination of some values.

    What points share is built once. Failed points are run again only with --retry.
    """
    return Job("plan" if plan else "sweep", (wish,), json, "komainu.cli_sweep")


@app.command()
def why(
    target: Anything,
    values: Values = None,
    cell: Annotated[str, typer.Option(metavar="ENTRY/BENCH/LANG/METRIC", help="Trace one number of a board.")] = "",
    json: Json = False,
) -> Job:
    """Tell where an artifact, or one number, comes from."""
    return Job("why", (target, values or [], cell), json)


@app.command()
def diff(
    targets: Two,
    json: Json = False,
) -> Job:
    """Tell what differs between two targets."""
    return Job("diff", (targets,), json)


@app.command()
def ls(
    unnamed: Annotated[bool, typer.Option("--unnamed", help="Only what no name reaches.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="With --unnamed: remove it.")] = False,
    json: Json = False,
) -> Job:
    """List names and artifacts with their sizes."""
    return Job("ls", (unnamed, remove), json)


@app.command()
def status(
    follow: Annotated[bool, typer.Option("--follow", help="Tell again and again, until nothing is built.")] = False,
    json: Json = False,
) -> Job:
    """Tell what runs where, how long it will take, and what was spent."""
    return Job("status", (follow, json), json, "komainu.cli_status")


@app.command()
def verify(
    target: Annotated[str, typer.Argument(metavar="[TARGET]", help="The whole store when not given.")] = "",
    values: Values = None,
    evidence: Annotated[
        str, typer.Option(metavar="BUNDLE", help="Of a card: its evidence, in place of the store.")
    ] = "",
    json: Json = False,
) -> Job:
    """Find any changed byte, missing or added file; compute a card's numbers again.

    TARGET may be the folder of a card. Its every number is computed again, from the store or from BUNDLE.
    """
    return Job("verify", (target, values or [], evidence), json, "komainu.cli_proof")


@app.command()
def doctor(json: Json = False) -> Job:
    """Tell what this machine has and lacks."""
    return Job("doctor", (), json)


@app.command()
def serve(
    model: Weights,
    engine: EngineChoice = None,
    port: Annotated[int, typer.Option(help="Of this machine; 0 takes any free one.")] = 8000,
    context: Context = 0,
    same_template: Annotated[bool, typer.Option("--same-template", help="Refuse a server that cannot be compared.")] = (
        False
    ),
    json: Json = False,
) -> Job:
    """Serve a model over the OpenAI protocol until Ctrl-C."""
    return Job("serve", (model, engine, port, context, same_template), json, "komainu.serving")


@app.command()
@gathering(Chatting)
def chat(wish: Chatting, json: Json = False) -> Job:
    """Talk to a model at the terminal, or over lines of standard input; to two, blind, and vote."""
    return Job("chat", (wish, json), json, "komainu.serving")


@app.command()
def studio(
    host: Annotated[str, typer.Option(help="What it is bound to; one that others can reach needs a token.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any free one.")] = 8765,
    token: Annotated[
        str, typer.Option(metavar="VARIABLE", help="Environment variable with the token; else one is made if needed.")
    ] = "",
    write: Annotated[bool, typer.Option("--write", help="Take votes; else it is read-only.")] = False,
    votes: Votes = Path("votes.jsonl"),
    json: Json = False,
) -> Job:
    """Show the store in a browser, until Ctrl-C."""
    return Job("studio", (host, port, token, write, votes), json, "komainu.cli_studio")


def main(argv: Sequence[str] | None = None) -> int:
    """Do one command and return its exit code. argv: the words after `komainu`; None takes the process's own."""
    words = sys.argv[1:] if argv is None else list(argv)
    as_json = "--json" in words
    try:
        job = app(args=words, prog_name="komainu", standalone_mode=False)
        if not isinstance(job, Job):  # --help and --version have printed and given their exit code
            return int(job or 0)
        logs()
        with contextlib.redirect_stdout(sys.stderr):  # what a recipe or a stage prints is no result
            outcome = getattr(importlib.import_module(job.module), job.verb)(*job.args)
        lines = [json.dumps(outcome.payload, ensure_ascii=False)] if job.json else outcome.lines
        sys.stdout.writelines(f"{line}\n" for line in lines)
        sys.stdout.flush()
        if outcome.then:
            as_json = False  # the one object is out
            outcome.then()
        return int(outcome.code)
    except BrokenPipeError:  # the reader of our output has gone: `komainu ls | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (KeyboardInterrupt, typer.Abort):
        return fail(
            "interrupted: what is finished is kept; run the same command again to resume",
            INTERRUPTED,
            as_json,
            "Interrupted",
        )
    except Exception as error:
        return failed(error, as_json)


def failed(error: Exception, as_json: bool) -> int:
    """Tell of an error: one message for what the user can mend, a traceback for our own bugs."""
    if isinstance(error, Error):
        return fail(str(error), error.code, as_json, type(error).__name__)
    if isinstance(error, ModuleNotFoundError) and not (error.name or "komainu").startswith("komainu"):
        advice = "pip install 'komainu[all]'; `komainu doctor` shows what else is missing"
        return fail(f"{error.name} is not installed: {advice}", Error.code, as_json, type(error).__name__)
    if hasattr(error, "format_message"):  # a usage error of Typer's
        usage = getattr(getattr(error, "ctx", None), "get_usage", lambda: "")()
        return fail("\n".join(filter(None, [error.format_message(), usage])), Error.code, as_json)
    traceback.print_exception(error, file=sys.stderr)
    return fail(f"this is a bug in komainu, or in a stage of the recipe: {error!r}", 1, as_json, type(error).__name__)


def fail(message: str, code: int, as_json: bool, kind: str = "UsageError") -> int:
    print(f"komainu: {message}", file=sys.stderr)
    if as_json:
        print(json.dumps({"error": message, "code": code, "kind": kind}, ensure_ascii=False))
    return code


def logs() -> None:
    """Send komainu's log to stderr; on a terminal, over a progress bar that may stand there."""
    clear = "\r\x1b[K" if sys.stderr.isatty() else ""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter(f"{clear}%(message)s"))
    log = logging.getLogger("komainu")
    log.handlers[:] = [handler]
    log.setLevel(logging.INFO)
    log.propagate = False


if __name__ == "__main__":
    sys.exit(main())
