"""What parsing a command line gives, the option that all verbs have, commands of many options, what Tab offers."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, NamedTuple, get_type_hints

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


class Job(NamedTuple):
    """A parsed command: a function of `module` and its arguments, done after parsing has ended."""

    verb: str
    args: tuple[Any, ...]
    json: bool
    module: str = "komainu.cli_verbs"


class Push(NamedTuple):
    """What goes to a hub, and where: the words of `data push` and `release push`."""

    target: Annotated[str, typer.Argument(metavar="CARD", help="A card: a name or id of the store.")]
    to: Annotated[
        str, typer.Option(metavar="OWNER/NAME", help="The repository of the hub; what the card says that it is called.")
    ]
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List files, sizes and hashes; send nothing.")] = False
    token: Annotated[str, typer.Option(metavar="VARIABLE", help="The environment variable with the token.")] = (
        "HF_TOKEN"
    )
    private: Annotated[bool, typer.Option("--private", help="A new repository is private.")] = False


def gathering(kind: Callable[..., Any]) -> Callable[[Callable[..., Job]], Callable[..., Job]]:
    """A command whose first parameter is a `kind`, a NamedTuple: each of its fields is an argument or an option."""

    def decorate(command: Callable[..., Job]) -> Callable[..., Job]:
        fields, (_, *own) = parameters(kind), parameters(command)

        def gathered(**said: Any) -> Job:
            given = kind(**{field.name: said.pop(field.name) for field in fields})
            return command(given, **said)

        gathered.__name__, gathered.__doc__ = command.__name__, command.__doc__
        gathered.__signature__ = Signature([*fields, *own])  # type: ignore[attr-defined]
        return gathered

    return decorate


def parameters(of: Callable[..., Any]) -> list[Parameter]:
    """By name only, so that those with a default may come first; annotations as they are, not as text."""
    hints = get_type_hints(of, include_extras=True)
    found = signature(of).parameters
    return [p.replace(kind=Parameter.KEYWORD_ONLY, annotation=hints[name]) for name, p in found.items()]


def offered(ctx: typer.Context, incomplete: str) -> list[str]:
    """What a shell offers for a word behind a verb. What that needs is loaded only when a shell asks."""
    said = (ctx.params.get(name) for name in ("target", "model", "values", "targets"))
    before = [word for some in said if some for word in ([some] if isinstance(some, str) else some)]
    found: list[str] = importlib.import_module("komainu.cli_complete").words(before, incomplete)
    return found


def spelled(metavar: str, help: str) -> Any:
    """An argument that a shell completes."""
    return typer.Argument(metavar=metavar, help=help, autocompletion=offered)


Target = Annotated[str, spelled("RECIPE.PY:FUNCTION", "A recipe function.")]
Anything = Annotated[str, spelled("TARGET", "recipe.py:function, or a name or id of the store.")]
Two = Annotated[list[str], spelled("A [KEY=VALUE]... B [KEY=VALUE]...", "Two targets.")]
Values = Annotated[list[str] | None, spelled("[KEY=VALUE]...", "The function's parameters.")]
Levels = Annotated[list[str] | None, spelled("[KEY=A,B,C]...", "Parameters; 0..2 are whole numbers.")]
Weights = Annotated[str, spelled("MODEL", "A model directory, or a name or id of the store.")]
