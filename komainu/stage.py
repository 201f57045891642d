"""Stage: a Spec that makes an artifact; its fields that are (or hold) Stages are its inputs."""

from __future__ import annotations

import hashlib
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from komainu.errors import UsageError
from komainu.models.base import Model
from komainu.rows import Row
from komainu.spec import Spec

if TYPE_CHECKING:
    from komainu.context import Context
    from komainu.settings import Settings
    from komainu.store import Store

PACKAGE = __name__.partition(".")[0]
RUNNING = {"errors", "spec", "stage", "store", "seal", "leaves", "context", "settings", "progress"}
_sources: dict[frozenset[str], dict[str, str]] = {}  # by the modules one begins with; a store of many asks for few
IMPORT = re.compile(rf"^\s*(?:from ({PACKAGE}[\w.]*) import (\([^)]*\)|[^\n]+)|import ({PACKAGE}[\w.]*))", re.MULTILINE)


class Weights:
    """What a stage makes when it makes a standard Hugging Face model directory."""


class Page:
    """What a stage makes when it makes something to look at: a card, a report."""


class Table:
    """What a stage makes when its summary is the result: a comparison, a sweep."""


class Questions(NamedTuple):
    """How many questions a stage will ask a model, and the stage whose rows are their prompts, where there is one.

    `about`: the prompts are made about the rows and longer than they are, as for a judge, so no stage has them.
    """

    model: Model
    fewest: int
    most: int
    source: Stage | None = None
    about: bool = False


@dataclass(frozen=True, kw_only=True)
class Stage(Spec):
    """A Spec that makes an artifact under `store/<stage>/<id>/`."""

    makes: ClassVar[type]  # Chat, Pair, Score, Weights, Page or Table
    parallel: ClassVar[bool] = False  # several processes can run it together, by `ctx.group`

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        """Write files under `out`; return a small summary for the record. Equal inputs, equal bytes."""
        raise NotImplementedError(f"{type(self).__name__} needs run(out, ctx)")

    def check(self) -> Iterator[str]:
        """What is wrong with the wiring, a sentence each, found before anything is built."""
        yield from ()

    def bad_rows(self, store: Store) -> Iterator[str]:
        """What is wrong with rows that are there already, a sentence each, where nothing is wrong with the wiring.

        What is found out about them may be kept in the store's derived files.
        """
        yield from ()

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        """How many rows this will make, where that is known before it runs. `rows` asks the same of an input."""
        return None

    def questions(self, rows: Callable[[Stage], int | None]) -> tuple[Questions, ...] | None:
        """How often this will ask which models, where that is known before it runs; None where it is not.

        A stage that holds no model asks nothing and need not say so. `rows` is as for `expected`.
        """
        return None

    def misplaced(self, settings: Settings) -> Iterator[str]:
        """Why this cannot run with the settings of this machine, a sentence each."""
        yield from ()

    def sketch(self, settings: Settings, rows: Callable[[Stage], int | None]) -> str:
        """What it will hand to a program of others, as text for a plan; "" where it hands over nothing."""
        return ""

    def peek(self) -> Iterator[Row] | None:
        """The rows, where they can be had without building anything (a file); None where they cannot."""
        return None

    def apart(self, other: Stage) -> bool:
        """Whether it is known without a look that this and the other have no row in common: two sides of one split."""
        return False

    def ref(self, *, full: bool) -> dict[str, Any]:
        return {"stage": self.id}

    @property
    def row_type(self) -> type:
        """What this very stage makes; a stage that passes its input's rows on overrides it."""
        return self.makes

    @property
    def inputs(self) -> dict[str, Stage]:
        """Field path to stage, for example {"model": ..., "sources[0]": ...}."""
        return {path: s for f in fields(self) for path, s in stages(f.name, getattr(self, f.name))}

    @property
    def place(self) -> str:
        """`stage/id`, the path of its artifact under a store's root."""
        return f"{type(self).__name__.lower()}/{self.id}"

    @property
    def label(self) -> str:
        return f"{type(self).__name__} {self.id}"


def stages(path: str, value: Any) -> Iterator[tuple[str, Stage]]:
    """Every stage held by a field value, with its path; does not go into a stage's own inputs."""
    if isinstance(value, Stage):
        yield path, value
    elif isinstance(value, (tuple, list)):
        for i, v in enumerate(value):
            yield from stages(f"{path}[{i}]", v)
    elif isinstance(value, dict):
        for k, v in value.items():
            yield from stages(f"{path}[{k!r}]", v)
    elif isinstance(value, Spec):
        for f in fields(value):
            yield from stages(f"{path}.{f.name}", getattr(value, f.name))


def upstream_first(stage: Stage, order: dict[str, Stage] | None = None) -> list[Stage]:
    """Every stage under this one, each once, inputs before what uses them."""
    order = {} if order is None else order
    for upstream in stage.inputs.values():
        if upstream.id not in order:
            upstream_first(upstream, order)
    order[stage.id] = stage
    return [*order.values()]


def wiring(stage: Stage) -> Iterator[tuple[Stage, str]]:
    """Every problem that can be seen without running anything, with the stage it belongs to."""
    classes: dict[str, type] = {}  # by folder name: two classes of one name would share a folder
    for each in upstream_first(stage):
        other = classes.setdefault(type(each).__name__.lower(), type(each))
        if other is not type(each):
            yield each, f"two stages are called {other.__name__}: {other.__module__}, {type(each).__module__}"
        try:
            yield from ((each, problem) for problem in each.check())
        except UsageError as error:  # a check that raises has found a problem too
            yield each, str(error)


def needs(holder: Stage, field: str, stage: Stage, wanted: type) -> Iterator[str]:
    """The wiring problem when `holder.field` is fed by a stage that makes something else."""
    if not issubclass(stage.row_type, wanted):
        yield (
            f"{type(holder).__name__}.{field} needs a stage that makes {wanted.__name__}, "
            f"but {stage.label} makes {stage.row_type.__name__}"
        )


def code_hash(sources: dict[str, str]) -> str:
    return hashlib.sha256("".join(sources.values()).encode()).hexdigest()[:12]


def sources_of(spec: Spec) -> dict[str, str]:
    """Module to source hash: what defines a spec, its bases and the specs it holds, and what those import of komainu.

    Imports are followed from modules of komainu only, wherever in the file they stand. Not covered: what a
    stage reaches through its Context (the engine that answers), and other packages.
    """
    first = frozenset(m for s in held(spec) for m in modules_of(type(s)))
    if (found := _sources.get(first)) is None or any(module_hash(name) != known for name, known in found.items()):
        found = _sources[first] = followed({*first})
    return {**found}


def followed(todo: set[str]) -> dict[str, str]:
    """Module to source hash of some modules and of what they import."""
    found: dict[str, str] = {}
    while todo:
        name = todo.pop()
        found[name] = module_hash(name)
        if name.startswith(f"{PACKAGE}."):
            todo.update(imported(name) - found.keys())
    return dict(sorted(found.items()))


def held(value: Any) -> Iterator[Spec]:
    """A spec and the specs in its fields, stages among them left out."""
    if isinstance(value, Spec):
        yield value
        children: list[Any] = [getattr(value, f.name) for f in fields(value)]
    elif isinstance(value, dict):
        children = [*value.values()]
    else:
        children = [*value] if isinstance(value, (tuple, list)) else []
    for child in children:
        if not isinstance(child, Stage):
            yield from held(child)


def models_of(spec: Spec) -> list[Model]:
    """The models that a spec itself holds, those of its inputs left out."""
    return [each for each in held(spec) if isinstance(each, Model)]


def modules_of(kind: type) -> Iterator[str]:
    for base in kind.__mro__:
        if issubclass(base, Spec) and base not in (Spec, Stage):
            yield base.__module__


def module_hash(name: str) -> str:
    """The hash of a module's source, "" when it has none that can be read."""
    return text_hash(text) if (text := source(name)) else ""


@cache
def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def imported(name: str) -> set[str]:
    """The modules of komainu that a module of komainu imports, but those that only say how things run."""
    found = set()
    for package, inner, whole in IMPORT.findall(source(name)):
        names = re.findall(r"\w+", re.sub(r"\bas \w+", "", inner))
        found.update({package or whole, *(f"{package}.{n}" for n in names if package)})
    return {m for m in found if m.partition(".")[2] not in RUNNING and source(m)}


def source(name: str) -> str:
    """A module's source as it is on disk now; "" when there is none. A module of komainu need not be imported."""
    file = place(__file__, name) if name.split(".")[0] == PACKAGE else getattr(sys.modules.get(name), "__file__", None)
    try:
        found = os.stat(file or "")
        return read(str(file), found.st_mtime_ns, found.st_size)
    except OSError:
        return ""


@cache
def place(here: str, name: str) -> str:
    """The file where a module of komainu would be; `here` is this one."""
    path = Path(here).parent.joinpath(*name.split(".")[1:])
    return str(path / "__init__.py" if path.is_dir() else path.with_suffix(".py"))


@cache
def read(file: str, changed: int, size: int) -> str:
    """A text file, read again only when its time or size has changed."""
    return Path(file).read_text(encoding="utf-8")
