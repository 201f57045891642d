"""Stages: their inputs, their order, what is wrong with their wiring, and the code behind them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest

import komainu.stage
from komainu.context import Context
from komainu.errors import UsageError
from komainu.rows import Chat
from komainu.spec import Spec
from komainu.stage import Stage, code_hash, imported, module_hash, sources_of, upstream_first, wiring
from tests.core_fakes import Join, Learn, Source


@dataclass(frozen=True, kw_only=True)
class Part(Spec):
    stage: Stage
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Mixed(Stage):
    makes: ClassVar[type] = Chat
    parts: tuple[Part, ...]
    named: dict[str, Stage]
    first: Stage

    def check(self) -> Iterator[str]:
        if not self.parts:
            raise UsageError("parts is empty")
        yield from ()


def mixed(*words: str) -> Mixed:
    sources = [Source(word=w) for w in words]
    return Mixed(parts=tuple(Part(stage=s) for s in sources), named={"x": Source(word="x")}, first=Source(word="a"))


def test_inputs_are_the_stages_in_fields_lists_dicts_and_specs() -> None:
    stage = mixed("a", "b")
    assert [*stage.inputs] == ["parts[0].stage", "parts[1].stage", "named['x']", "first"]
    assert stage.inputs["first"] == stage.inputs["parts[0].stage"]


def test_every_stage_comes_once_and_after_its_inputs() -> None:
    shared = Source()
    top = Join(parts=(Join(parts=(shared,)), shared, Join(parts=(shared, Source(n=1)))))
    order = upstream_first(top)
    assert len(order) == len({s.id for s in order}) == 5
    for i, stage in enumerate(order):
        assert all(any(s.id == before.id for before in order[:i]) for s in stage.inputs.values())


def test_a_chain_without_run_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(NotImplementedError, match=r"Mixed needs run\(out, ctx\)"):
        mixed("a").run(tmp_path, None)  # type: ignore[arg-type]


def test_wiring_tells_the_stage_what_it_needs_and_what_it_got() -> None:
    learn = Learn(data=Source())
    ((stage, problem),) = wiring(learn)
    assert stage is learn
    assert problem == f"Learn.data needs a stage that makes Pair, but Source {Source().id} makes Chat"


def test_a_check_that_raises_has_found_a_problem() -> None:
    assert [problem for _, problem in wiring(mixed())] == ["parts is empty"]


def test_two_classes_that_would_share_a_folder_are_refused() -> None:
    @dataclass(frozen=True, kw_only=True)
    class SOURCE(Stage):
        makes: ClassVar[type] = Chat

        def run(self, out: Path, ctx: Context) -> dict[str, Any]:
            return {}

    ((_, problem),) = wiring(Join(parts=(Source(), SOURCE())))
    assert problem.startswith("two stages are called Source")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package in komainu's place: a defines the stage, b is imported inside a function, c by b, d by nobody."""
    root = tmp_path / "komainu"
    (root / "train").mkdir(parents=True)
    for name in ("stage", "errors", "train/__init__", "train/c", "train/d"):
        (root / f"{name}.py").write_text('"""A module."""\n')
    a = "from komainu.errors import (\n    Error,\n)\ndef f():\n    from komainu.train import b\n"
    (root / "train/a.py").write_text(a)
    (root / "train/b.py").write_text("import komainu.train.c\nfrom komainu.train.c import x as y\n")
    monkeypatch.setattr(komainu.stage, "__file__", str(root / "stage.py"))
    return root


def test_imports_are_followed_wherever_they_stand_but_not_into_what_only_runs(package: Path) -> None:
    assert imported("komainu.train.a") == {"komainu.train", "komainu.train.b"}
    assert imported("komainu.train.b") == {"komainu.train.c"}


def test_code_changes_with_what_it_imports_and_not_with_other_files(package: Path) -> None:
    made: Any = type("Tuned", (Source,), {"__module__": "komainu.train.a"})
    before = sources_of(made()), code_hash(sources_of(made()))
    assert {m for m in before[0] if m.startswith("komainu")} == {f"komainu.train{m}" for m in ("", ".a", ".b", ".c")}
    (package / "train/d.py").write_text("changed = 1\n")
    assert code_hash(sources_of(made())) == before[1]
    (package / "train/c.py").write_text("changed = 1\n")
    assert code_hash(sources_of(made())) != before[1]
    after = sources_of(made())
    assert {m for m in after if after[m] != before[0][m]} == {"komainu.train.c"}


def test_code_does_not_depend_on_the_input_stages() -> None:
    other = ModuleType("other_module")
    sys.modules["other_module"] = other
    try:
        kind: Any = type("Elsewhere", (Source,), {"__module__": "other_module"})
        assert sources_of(Join(parts=(kind(),))) == sources_of(Join(parts=()))
        assert module_hash("other_module") == ""  # a module made at run time has no source
    finally:
        del sys.modules["other_module"]
