"""Small stages for the tests of the core: they write a few rows and note in runs.log that they ran."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from komainu.context import Context
from komainu.files import write_rows
from komainu.models.base import Model, Question, Reply
from komainu.rows import Chat, Message, Pair
from komainu.stage import Stage, Weights, needs
from komainu.store import Store

if TYPE_CHECKING:
    from pytest import MonkeyPatch

ROOT = Path(__file__).parents[1]
RUNS = "runs.log"


class Nobody:
    """A client that must not be asked."""

    batch_sensitive = False

    def ask(self, model: Model, questions: Sequence[Question]) -> Iterator[Reply]:
        raise AssertionError(f"{model.name} was asked")


def note(stage: Stage, ctx: Context) -> None:
    with open(ctx.store.root / RUNS, "a", encoding="utf-8") as log:
        log.write(f"{type(stage).__name__}\n")


def context(root: Path) -> Context:
    root.mkdir(parents=True, exist_ok=True)
    return Context(Store(root), Nobody())


def runs(root: Path) -> list[str]:
    """The classes of the stages that ran in a store, in order."""
    return (root / RUNS).read_text().splitlines() if (root / RUNS).exists() else []


@dataclass(frozen=True, kw_only=True)
class Source(Stage):
    """`n` chats."""

    makes: ClassVar[type] = Chat
    n: int = 3
    word: str = "hi"

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        return self.n

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        note(self, ctx)
        rows = (Chat(f"{self.word}-{i}", (Message("user", self.word),)) for i in range(self.n))
        return {"rows": write_rows(out / "rows.jsonl", rows)}


@dataclass(frozen=True, kw_only=True)
class Join(Stage):
    """The rows of its parts, one after the other; `fail` counts nothing towards what is written."""

    makes: ClassVar[type] = Chat
    parts: tuple[Stage, ...]
    rate: float = 1.0

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        counts = [rows(p) for p in self.parts]
        return sum(c for c in counts if c is not None) if None not in counts else None

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        note(self, ctx)
        (out / ".work" / "scratch").write_text("kept after a crash")
        rows = (row for part in self.parts for row in ctx.open(part).rows())
        count = write_rows(out / "rows.jsonl", rows)
        if (ctx.store.root / "fail").exists():
            raise ConnectionError("the endpoint went away")
        return {"rows": count}


@dataclass(frozen=True, kw_only=True)
class Learn(Stage):
    """Weights from pairs."""

    makes: ClassVar[type] = Weights
    data: Stage
    lr: float = 1e-3

    def check(self) -> Iterator[str]:
        yield from needs(self, "data", self.data, Pair)

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        note(self, ctx)
        return {"loss": self.lr}


RECIPE = '''
"""A recipe of small stages."""

from typing import Literal

from tests.core_fakes import Join, Learn, Source


def family(size: Literal["s", "m"] = "s", n: int = 3, rate: float = 1.0, word: str = "hi") -> Join:
    shared = Source(n=4, word="shared")
    return Join(parts=(Source(n=n * (2 if size == "m" else 1), word=word), shared), rate=rate)


def broken(n: int = 3) -> Learn:
    return Learn(data=Source(n=n))


def typo(rate: str = "high") -> Join:
    return Join(parts=(Source(),), rate=rate)


def nothing() -> int:
    return 3


def needy(data: str, steps: int) -> Source:
    return Source(word=data, n=steps)
'''

LAUNCH = """
import sys
from pathlib import Path
from komainu.recipe import load
from tests.core_fakes import context

ctx = context(Path(sys.argv[1]))
print(ctx.store.build(load(sys.argv[2], sys.argv[3:]).stage, ctx).path)
"""


def build_elsewhere(root: Path, target: str, *values: str) -> subprocess.Popen[str]:
    """Start a process that builds a recipe in a store."""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", LAUNCH, str(root), target, *values]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def recipe_file(folder: Path, patch: MonkeyPatch, text: str = RECIPE) -> str:
    """Write a recipe, go to its folder, point the store there; returns the file's name."""
    (folder / "small.py").write_text(text)
    patch.chdir(folder)
    patch.setenv("KOMAINU_STORE", str(folder / "store"))
    for name in ("KOMAINU_SETTINGS", "KOMAINU_WORKERS", "KOMAINU_THREADS"):
        patch.delenv(name, raising=False)
    return "small.py"
