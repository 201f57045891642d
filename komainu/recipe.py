"""Recipes: `recipe.py:function key=value ...` becomes a Stage, with the values converted by their annotations."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, get_type_hints

from komainu.convert import convert, describe
from komainu.errors import Error, UsageError, nearest
from komainu.stage import Stage


class Recipe(NamedTuple):
    """What a recipe function returned, and the name its artifact gets: `family,size=s`."""

    name: str
    stage: Stage


def load(target: str, settings: Sequence[str] = ()) -> Recipe:
    """Call the function of `recipe.py:function` (or `package.module:function`) with `key=value` settings.

    Raises UsageError for a file, function, parameter or value that does not fit, and for an error in the recipe.
    """
    (made,) = load_each(target, [settings])
    return made


def load_each(target: str, many: Iterable[Sequence[str]]) -> list[Recipe]:
    """The recipes of one function with several settings; its file is run once."""
    file, _, wanted = target.rpartition(":")
    if not file:
        file, wanted = target, ""
    module = open_module(file)
    function = find_function(module, file, wanted)
    hints = hints_of(function, file)

    def made(settings: Sequence[str]) -> Recipe:
        given = split(settings)
        values = arguments(function, hints, given)
        stage = guarded(lambda: function(**values), module)
        if not isinstance(stage, Stage):
            raise UsageError(f"{target} must return a Stage, not {type(stage).__name__}")
        order = [p for p in inspect.signature(function).parameters if p in given]
        return Recipe(",".join([wanted, *(f"{p}={given[p]}" for p in order)]), stage)

    return [made(settings) for settings in many]


def split(settings: Sequence[str]) -> dict[str, str]:
    """`key=value` texts as a dict, in the order given."""
    found: dict[str, str] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key.isidentifier():
            raise UsageError(f"{setting!r} is not a setting; settings are key=value")
        if key in found:
            raise UsageError(f"{key} is given twice: {found[key]!r} and {value!r}; say it once")
        found[key] = value
    return found


def arguments(function: Callable[..., Any], hints: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """The given settings, converted; raises UsageError for an unknown or a missing parameter."""
    parameters = inspect.signature(function).parameters
    name = function.__name__
    named = [p for p in parameters.values() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    for key in given:
        if key not in [p.name for p in named]:
            raise UsageError(f"{name} has no parameter {key!r}{nearest(key, (p.name for p in named))}")
    missing = [p for p in named if p.default is p.empty and p.name not in given]
    if missing:
        wanted = ", ".join(f"{p.name}={describe(hints.get(p.name, str)).upper()}" for p in missing)
        raise UsageError(f"{name} needs {wanted}")
    return {key: convert(value, hints.get(key, str), f"{name}: {key}") for key, value in given.items()}


def open_module(target: str) -> ModuleType:
    """The module of a recipe file, run afresh, or of a dotted name. This folder is on the import path."""
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))  # at the end: a file here must not stand in for a library
    if not target.endswith(".py"):
        if not all(part.isidentifier() for part in target.split(".")):
            raise UsageError(f"{target!r} is not a recipe; give recipe.py:function, or a name or id that `ls` shows")
        try:
            known = importlib.util.find_spec(target) is not None
        except ImportError:
            known = False
        if not known:
            raise UsageError(f"no module {target!r}; give recipe.py:function, or a name or id that `ls` shows")
        module: ModuleType = guarded(lambda: importlib.import_module(target), None)
        return module
    file = Path(target)
    if not file.is_file():
        there = sorted(p.name for p in file.parent.glob("*.py")) if file.parent.is_dir() else []
        raise UsageError(f"no recipe file {target}{nearest(file.name, there)}")
    return run_file(file.resolve())


def run_file(file: Path) -> ModuleType:
    """Run a file as the module that importing it from this folder would give, so its classes exist once."""
    name = module_name(file)
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None and spec.loader is not None, file
    module = importlib.util.module_from_spec(spec)
    if str(file.parent) not in sys.path and not file.is_relative_to(Path.cwd()):
        sys.path.append(str(file.parent))
    sys.modules[name] = module
    loader = spec.loader
    guarded(lambda: loader.exec_module(module), module)
    return module


def module_name(file: Path) -> str:
    """`recipes.demo` for recipes/demo.py under this folder; a name of its own where that would be another module."""
    own = f"recipe_{sha256(str(file).encode()).hexdigest()[:8]}"
    if not file.is_relative_to(Path.cwd()):
        return own
    parts = file.relative_to(Path.cwd()).with_suffix("").parts
    dotted = ".".join(parts)
    try:
        spec = importlib.util.find_spec(dotted) if all(p.isidentifier() for p in parts) else None
    except (ImportError, ValueError):
        return own
    return dotted if spec is not None and spec.origin and Path(spec.origin).resolve() == file else own


def find_function(module: ModuleType, file: str, wanted: str) -> Callable[..., Any]:
    """The recipe function of a module; raises UsageError with the ones there are, and what they take."""
    known = {n: f for n, f in inspect.getmembers(module, inspect.isfunction) if f.__module__ == module.__name__}
    public = {n: f for n, f in known.items() if not n.startswith("_")}
    if not wanted:
        bare = {n: inspect.signature(f).replace(return_annotation=inspect.Signature.empty) for n, f in public.items()}
        takes = "; ".join(f"{file}:{n}{signature}" for n, signature in bare.items())
        raise UsageError(f"name a recipe function: {takes or f'{file} has none'}")
    function = known.get(wanted) or getattr(module, wanted, None)
    if not inspect.isfunction(function):
        raise UsageError(f"{file} has no recipe {wanted!r}{nearest(wanted, public)}")
    return function


def hints_of(function: Callable[..., Any], file: str) -> dict[str, Any]:
    try:
        return get_type_hints(function)
    except NameError as error:
        raise UsageError(
            f"{file}: an annotation of {function.__name__} cannot be read: {error}"
            "; import what it names at the top of the file"
        ) from None


def guarded(call: Callable[[], Any], module: ModuleType | None) -> Any:
    """Call code of a recipe. What goes wrong in the recipe's own lines is a UsageError with file and line."""
    try:
        return call()
    except Error:
        raise
    except SyntaxError as error:
        raise UsageError(f"{error.filename}:{error.lineno}: {error.msg}") from None
    except ImportError as error:
        raise UsageError(f"{_line(error)}{type(error).__name__}: {error}") from None
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = getattr(module, "__file__", None)
        if frames and frames[-1].filename in (own, "<string>"):  # "<string>": the __init__ of a dataclass
            raise UsageError(f"{_line(error, own)}{type(error).__name__}: {error}") from None
        raise


def _line(error: Exception, file: str | None = None) -> str:
    """`file:line: ` of the last line of a recipe that an error came through."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith("<")]
    frames = [f for f in frames if f.filename == file] or [f for f in frames if f.filename != __file__]
    return f"{frames[-1].filename}:{frames[-1].lineno}: " if frames else ""
