"""Commands that a page names can be typed as they stand: verbs and options, recipes and their settings, modules."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from itertools import takewhile
from types import ModuleType
from typing import Any

import click
import pytest
import typer.main

from komainu.cli import app
from komainu.recipe import arguments, find_function, hints_of, open_module, split
from komainu.sweeps.points import combinations, factors
from tests.test_docs import NAMES, ROOT, code

RECIPE = re.compile(r"(recipes/\w+\.py):(\w+)")
STANDS_FOR = re.compile(r"[\[\]…]|\.\.\.|^(VERB|RECIPE|N)$|:RECIPE$")  # a reader's own, or what may be left out


def commands(page: str) -> Iterator[tuple[str, ...]]:
    """The words of every command of a page that is whole: more than the name of a verb, and no synopsis."""
    for text in code(page):
        for part in re.split(r"\s*(?:&&|;|\s\|\s)\s*", text.strip()):
            try:
                words = shlex.split(part, comments=True)
            except ValueError:  # a line of a script that is no command
                continue
            if len(words) > 1 and (words[0] in ("komainu", "make") or words[:2] == ["python", "-m"]):
                said = [word for word in words[2:] if not word.startswith("-")]
                named = words[1] in ("eval", "data", "release")
                if (len(said) > named or words[0] != "komainu") and not any(map(STANDS_FOR.search, words)):
                    yield tuple(words)


FOUND = {page: [*commands(page)] for page in NAMES}
TARGETS = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@cache
def opened(file: str) -> ModuleType:
    return open_module(file)


def parsed(words: tuple[str, ...]) -> dict[str, Any]:
    """What the command line makes of a command; nothing is run. Raises click's errors."""
    command: Any = typer.main.get_command(app)
    context = click.Context(command, info_name="komainu")
    while hasattr(command, "commands"):
        name, *rest = words
        command, words = command.commands[name], tuple(rest)
        context = click.Context(command, info_name=name, parent=context)
    command.parse_args(context, [*words])
    return context.params


def bound(words: tuple[str, ...]) -> None:
    """Give a recipe that is named the settings behind it. Raises UsageError for one that it does not take."""
    for at, word in enumerate(words):
        if named := RECIPE.fullmatch(word):
            own = takewhile(lambda word: not RECIPE.fullmatch(word), words[at + 1 :])
            settings = [word for word in own if re.match(r"\w+=", word)]
            function = find_function(opened(named[1]), named[1], named[2])
            given = combinations(factors(settings))[0] if "sweep" in words else split(settings)
            arguments(function, hints_of(function, named[1]), given)


@pytest.mark.parametrize("page", [page for page, found in FOUND.items() if found])
def test_every_command_of_a_page_is_one(page: str) -> None:
    for words in FOUND[page]:
        if words[0] == "komainu":
            parsed(words[1:])
            bound(words)
        elif words[0] == "make":
            assert words[1] in TARGETS, words
        elif words[2].partition(".")[0] in ("bench", "komainu", "tests"):
            assert find_spec(words[2]) is not None, words


def test_commands_with_recipes_are_among_them_and_those_for_a_gpu() -> None:
    recipes = [words for found in FOUND.values() for words in found if any(map(RECIPE.fullmatch, words))]
    assert len(recipes) > 20
    whole = {" ".join(words) for words in FOUND["docs/training.md"]}
    assert {"python -m bench.gpu 8b h200", "make test-engines"} <= whole
