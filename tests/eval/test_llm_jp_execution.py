from __future__ import annotations

import pytest

from komainu.errors import NoSandbox
from komainu.eval.bench.llm_jp_eval import execution
from komainu.eval.bench.llm_jp_eval.execution import code_of, ran
from komainu.sandbox.base import Ended, Job, Outcome

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


@pytest.mark.parametrize(
    ("answer", "passed"),
    [
        ("```python\ndef f(x):\n    return x + 1\n```", True),
        ("def f(x):\n    return x + 1\n\n\nprint('done')", True),
        ("def f(x):\n    return x", False),
        ("import sys\ndef f(x): return 0\nsys.exit(0)", False),
        ("def f(x:", False),
        ("I cannot write code.", False),
    ],
)
def test_code_runs_in_the_sandbox(answer: str, passed: bool) -> None:
    found = ran(answer, TESTS)
    assert found.passed is passed and found.why.startswith("" if passed else "failed: exit ")


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
    monkeypatch: pytest.MonkeyPatch, ended: Ended, code: int, done: bool, passed: bool | None
) -> None:
    def run(job: Job) -> Outcome:
        end = job.code.rsplit("'", 2)[1]
        return Outcome(ended, code, 0.1, f"words\n{end if done else 'boom'}\n".encode(), b"")

    monkeypatch.setattr(execution, "run", run)
    found = ran("def f(x): return x + 1", TESTS)
    assert found.passed is passed and bool(found.why) == (passed is not True)
    if ended == "signal":
        assert found.why == "failed: signal 9 boom"


def test_a_sandbox_that_cannot_be_made_gives_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(job: Job) -> Outcome:
        raise NoSandbox("no user namespaces")

    monkeypatch.setattr(execution, "run", run)
    assert ran("x", TESTS) == (None, "not_available: no user namespaces")
