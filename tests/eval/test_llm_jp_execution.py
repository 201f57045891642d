from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from komainu.eval.bench.llm_jp_eval import execution
from komainu.eval.bench.llm_jp_eval.execution import code_of, ran

TESTS = "assert f(1) == 2\nassert f(2) == 3"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("def f(x):\n    return x\n\n\nprint(f(1))", "def f(x):\n    return x\n\n\nprint(f(1))"),
        ("Here:\n```python\nx = 1\n\ny = 2\n```\nDone.\n```\nz\n```", "x = 1\n\ny = 2\n"),
        ("```\nx = 1", "x = 1"),
        ("<think>```\nno\n```</think>\nx = 1", "x = 1"),
    ],
)
def test_the_code_is_the_first_block_or_all(answer: str, code: str) -> None:
    assert code_of(answer) == code


def installed(monkeypatch: pytest.MonkeyPatch, run: Any) -> None:
    """A sandbox whose `run` is the given function."""
    base, module = ModuleType("base"), ModuleType("run")
    base.__dict__["Job"] = SimpleNamespace
    module.__dict__.update(run=run, NoSandbox=LookupError)
    monkeypatch.setattr(execution, "find_spec", lambda name: name)
    monkeypatch.setitem(sys.modules, "komainu.sandbox.base", base)
    monkeypatch.setitem(sys.modules, "komainu.sandbox.run", module)


@pytest.mark.parametrize(
    ("ended", "code", "done", "passed"),
    [
        ("exit", 0, True, True),
        ("exit", 0, False, False),  # it left before the end
        ("exit", 1, True, False),
        ("cpu", 0, True, False),
        ("signal", 9, False, False),
        ("lost", 0, True, None),
    ],
)
def test_only_a_program_that_comes_to_its_end_passes(
    monkeypatch: pytest.MonkeyPatch, ended: str, code: int, done: bool, passed: bool | None
) -> None:
    def run(job: Any) -> SimpleNamespace:
        end = job.code.rsplit("'", 2)[1]
        return SimpleNamespace(ended=ended, code=code, output=f"words\n{end if done else 'boom'}\n".encode())

    installed(monkeypatch, run)
    found = ran("def f(x): return x + 1", TESTS)
    assert found.passed is passed and bool(found.why) == (passed is not True)
    if ended == "signal":
        assert found.why == "failed: signal 9 boom"


def test_a_sandbox_that_cannot_be_made_gives_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(job: Any) -> SimpleNamespace:
        raise LookupError("no user namespaces")

    installed(monkeypatch, run)
    assert ran("x", TESTS) == (None, "not_available: no user namespaces")


@pytest.mark.parametrize(
    ("answer", "passed"),
    [
        ("```python\ndef f(x):\n    return x + 1\n```", True),
        ("def f(x):\n    return x", False),
        ("import sys\ndef f(x): return 0\nsys.exit(0)", False),
        ("def f(x:", False),
    ],
)
def test_code_runs_in_the_sandbox(answer: str, passed: bool) -> None:
    pytest.importorskip("komainu.sandbox.run")
    assert ran(answer, TESTS).passed is passed
