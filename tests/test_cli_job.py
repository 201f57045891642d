"""Commands with many options: the fields of a NamedTuple."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import typer

from komainu.cli_job import Job, gathering


class Wish(NamedTuple):
    name: Annotated[str, typer.Argument(help="Who.")] = "nobody"
    often: Annotated[int, typer.Option("--often", min=1)] = 1


@gathering(Wish)
def greet(wish: Wish, word: Annotated[str, typer.Option("--word")], loud: bool = False) -> Job:
    """Greet someone."""
    return Job("greet", (wish, word, loud), json=False)


def parsed(*words: str) -> Job:
    app = typer.Typer()
    app.command()(greet)
    job = app(args=[*words], standalone_mode=False)
    assert isinstance(job, Job)
    return job


def test_the_fields_are_options_and_come_together_and_the_commands_own_stay_with_it() -> None:
    assert parsed("ann", "--often", "3", "--word", "hi").args == (Wish("ann", 3), "hi", False)
    assert parsed("--word", "hi", "--loud").args == (Wish(), "hi", True)


def test_a_gathering_command_keeps_its_name_and_what_it_does() -> None:
    assert (greet.__name__, greet.__doc__) == ("greet", "Greet someone.")
