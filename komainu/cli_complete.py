"""What a shell offers when Tab is pressed: names of the store, functions of a recipe file, its parameters.

A recipe is read, not run. What cannot be read offers nothing: a shell has no place for errors. Nor is anything offered
that a shell would have to quote: bash takes it as it is, and zsh what stands behind a `$` for a command.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from komainu import settings
from komainu.errors import Error
from komainu.store import Store

SIMPLE = {"str", "int", "float", "bool", "None", "tuple", "list", "Sequence", "Literal"}
PLAIN = re.compile(r"[\w@%+=:,./-]*")  # is the same in every shell
NO_STAGE = SIMPLE | {"dict", "Iterator", "Iterable"}  # what a function returns that is no recipe


class Part(str):
    """The rest of a word whose beginning the shell keeps. Typer compares what is offered with the last part that a
    shell has cut a word into, which for bash is the mark alone when nothing stands behind it."""

    def startswith(self, *_: object) -> bool:
        return True


def words(before: Sequence[str], incomplete: str) -> list[str]:
    """What may follow: for a target names of the store and functions of the file that has been named so far; behind
    one `key=value` for each parameter that is not given yet."""
    typed, cut = glued(before, incomplete)
    text, recipes = typed[-1], [word for word in typed[:-1] if ".py:" in word]
    given = {word.partition("=")[0] for word in typed[:-1]}
    some = [each for each in takes(recipes[-1]) if each.partition("=")[0] not in given] if recipes else []
    if not some or len(typed) == 1:
        some = [*names(), *functions(text)]
    return [Part(each.removeprefix(cut)) for each in some if each.startswith(text) and PLAIN.fullmatch(each)]


def glued(before: Sequence[str], incomplete: str) -> tuple[list[str], str]:
    """The words as they were typed, and how much of the last one the shell has parted from it.

    bash parts words at `=` and `:`; Typer takes a last `=` away.
    """
    parts = [*before]
    if not incomplete and any(".py" in part for part in parts[:-1]) and parts[-1].isidentifier():
        parts.append("=")
    found, cut = [""], ""
    for word in (*parts, incomplete):
        if found[-1] and (word in ("=", ":") or found[-1].endswith(("=", ":"))):
            cut = found[-1] + word if word in ("=", ":") else cut
            found[-1] += word
        else:
            found.append(word)
            cut = ""
    return found[1:], cut


def names() -> list[str]:
    try:
        return [*Store(settings.load().root).names()]
    except (Error, OSError):
        return []


def functions(target: str) -> Iterator[str]:
    """`file.py:function` for each recipe of a file."""
    file, dot, _ = target.partition(".py")
    if dot:
        yield from (f"{file}.py:{function.name}" for function in recipes_of(parsed(Path(f"{file}.py"))))


def takes(target: str) -> Iterator[str]:
    """`key=value` for each parameter of a recipe function."""
    file, _, name = target.rpartition(":")
    tree = parsed(Path(file))
    for function in recipes_of(tree):
        if function.name == name:
            spelled = function.args
            some = [*spelled.posonlyargs, *spelled.args, *spelled.kwonlyargs]
            free = len(some) - len(spelled.defaults) - len(spelled.kw_defaults)
            defaults = [*[None] * free, *spelled.defaults, *spelled.kw_defaults]
            for argument, default in zip(some, defaults, strict=True):
                yield from (f"{argument.arg}={value}" for value in values(argument.annotation, default, tree))


def values(kind: ast.expr | None, default: ast.expr | None, tree: ast.Module) -> list[str]:
    """The choices of a Literal or a bool, else a plain default, else nothing to begin with."""
    kind = aliased(kind, tree)
    if isinstance(kind, ast.Subscript) and ast.unparse(kind.value).endswith("Literal"):
        choices = kind.slice.elts if isinstance(kind.slice, ast.Tuple) else [kind.slice]
        return [str(each.value) for each in choices if isinstance(each, ast.Constant)]
    if isinstance(kind, ast.Name) and kind.id == "bool":
        return ["true", "false"]
    said = str(default.value) if isinstance(default, ast.Constant) and default.value is not None else ""
    return [said if PLAIN.fullmatch(said) else ""]


def recipes_of(tree: ast.Module) -> list[ast.FunctionDef]:
    """The public functions of a file whose parameters can be spelled, and that return what may be a stage."""
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    return [f for f in found if f.returns and not words_of(f.returns) & NO_STAGE and all(spelled(f, tree))]


def spelled(function: ast.FunctionDef, tree: ast.Module) -> Iterator[bool]:
    arguments = function.args
    for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        kind = aliased(argument.annotation, tree)
        literal = isinstance(kind, ast.Subscript) and ast.unparse(kind.value).endswith("Literal")
        yield kind is not None and (literal or words_of(kind) <= SIMPLE)


def words_of(kind: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(kind) if isinstance(node, ast.Name)}


def aliased(kind: ast.expr | None, tree: ast.Module) -> ast.expr | None:
    """An annotation, or what a name of the file that stands for it is."""
    if isinstance(kind, ast.Name):
        for node in tree.body:
            if isinstance(node, ast.Assign) and [ast.unparse(t) for t in node.targets] == [kind.id]:
                return node.value
    return kind


def parsed(file: Path) -> ast.Module:
    """A file as it stands; nothing where there is none, or none that is Python."""
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return ast.Module([], [])
