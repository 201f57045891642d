"""EvalPlus: released problems, verdicts from the sandbox, pass@k."""

from __future__ import annotations

import gzip
import json
import marshal
import math
import random
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.errors import UsageError
from komainu.eval.base import Answers, Scores
from komainu.eval.bench import evalplus
from komainu.eval.bench.evalplus import EvalPlus, EvalPlusItems, problems, truth_of
from komainu.eval.bench.programs import judge
from komainu.eval.bench.programs.problems import Problem, problem
from komainu.eval.items import Source
from komainu.eval.ruling import scored
from komainu.eval.stats.passk import pass_at_k
from komainu.models.base import Model, Reply
from komainu.rows import Chat
from komainu.sandbox.base import Outcome
from komainu.sandbox.run import described
from komainu.sandbox.shown import shown
from tests.eval.reference import FIXTURES, needs_fixtures
from tests.eval.world import context

DOUBLE = {
    "task_id": "HumanEval/0",
    "prompt": 'def double(x):\n    """ Twice x. """\n',
    "entry_point": "double",
    "canonical_solution": "    return 2 * x\n",
    "base_input": [[1], [2]],
    "plus_input": [[-3], [0.25]],
    "atol": 0,
}
PAIR = {
    "task_id": "Mbpp/2",
    "prompt": '"""\nShared elements.\n"""\n',
    "entry_point": "shared",
    "canonical_solution": "\ndef shared(a, b):\n    return tuple(set(a) & set(b))\n",
    "base_input": [[[1, 2, 3], [2, 3, 4]]],
    "plus_input": {},
    "atol": 0,
}


@pytest.fixture
def source(tmp_path: Path) -> Source:
    (tmp_path / "set").mkdir()
    with gzip.open(tmp_path / "set" / "HumanEvalPlus.jsonl.gz", "wt") as file:
        file.write(json.dumps(DOUBLE) + "\n")
    (tmp_path / "set" / "MbppPlus.jsonl").write_text(json.dumps(PAIR) + "\n")
    return Source(path=str(tmp_path / "set"))


def verdict(source: Source, code: str, task: str = "HumanEval/0") -> dict[str, Any]:
    (item,) = (item for item in EvalPlusItems(source=source).read() if item.id == task)
    return EvalPlus(source=source).verdict(item.with_reply(code))


def test_rows_become_prompts(source: Source) -> None:
    double, shared = EvalPlusItems(source=source).read()
    assert (double.id, shared.id) == ("HumanEval/0", "Mbpp/2")
    assert "`double`" in double.messages[0].content and DOUBLE["prompt"].strip() in double.messages[0].content  # type: ignore[attr-defined]
    assert double.meta["bench"] == "evalplus" and double.meta["lang"] == "en" and double.meta["set"] == "humaneval"
    assert "2 * x" not in double.messages[0].content and "base" not in double.meta


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"task_id": "Other/1"}, "neither HumanEval nor Mbpp"),
        ({"prompt": 7}, "prompt is 7"),
        ({"entry_point": " "}, "entry_point is"),
        ({"base_input": []}, "must be lists of lists"),
        ({"plus_input": [1]}, "must be lists of lists"),
        ({"atol": "x"}, "could not convert"),
        ({"task_id": "Mbpp/252", "base_input": [["x"]]}, "complex"),
    ],
)
def test_a_bad_row_is_named_with_file_and_line(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps(DOUBLE) + "\n" + json.dumps(DOUBLE | changed) + "\n")
    with pytest.raises(UsageError, match=r"bad\.jsonl:2: not a problem of EvalPlus") as error:
        problems(Source(path=str(path)))
    assert said in str(error.value)


def test_what_is_no_release_is_refused(tmp_path: Path, source: Source) -> None:
    with pytest.raises(UsageError, match="none of HumanEvalPlus"):
        problems(Source(path=str(tmp_path)))
    (tmp_path / "twice.jsonl").write_text(2 * (json.dumps(DOUBLE) + "\n"))
    with pytest.raises(UsageError, match="HumanEval/0 is there twice"):
        problems(Source(path=str(tmp_path / "twice.jsonl")))
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(json.dumps(DOUBLE).encode())[:40])
    with pytest.raises(UsageError, match=r"cut\.jsonl\.gz"):
        problems(Source(path=str(tmp_path / "cut.jsonl.gz")))
    hub = Source(repo="evalplus/humanevalplus", revision="0" * 40)
    assert [said for said in EvalPlusItems(source=hub).check() if "no inputs; give Source(path=...)" in said]
    with pytest.raises(UsageError, match="needs a local path"):
        problems(hub)
    with pytest.raises(UsageError, match="'HumanEval/9' is no task"):
        EvalPlus(source=source).verdict(Chat("HumanEval/9", ()).with_reply("x"))


def test_lists_that_were_tuples_are_tuples_again() -> None:
    def given(task: str, *arguments: Any) -> list[Any]:
        return problem(DOUBLE | {"task_id": task, "base_input": [[*arguments]], "plus_input": []}).base[0]

    assert given("Mbpp/2", [1, [2]], [3]) == [(1, [2]), (3,)]
    assert given("Mbpp/63", [[1], [2]]) == [[(1,), (2,)]]
    assert given("Mbpp/75", [[1]], [2]) == [[(1,)], [2]]
    assert given("Mbpp/106", [1], [2]) == [[1], (2,)]
    assert given("Mbpp/250", [[1]], [2]) == [([1],), [2]]
    assert given("Mbpp/259", [[1]], [[2]]) == [((1,),), ((2,),)]
    assert given("Mbpp/580", [1, [2, [3]]]) == [(1, (2, (3,)))]
    assert given("Mbpp/124", "0", "1j") == [0.0, 1j]
    assert given("Mbpp/722", {"a": [1, 2]}, 3) == [{"a": (1, 2)}, 3]
    assert given("Mbpp/3", [[1]]) == [[[1]]]


@pytest.mark.parametrize(
    ("code", "base", "plus", "why"),
    [
        ("def double(x): return x + x", True, True, ""),
        ("    return x * 2", True, True, ""),
        ("def double(x): return abs(x) * 2", True, False, "wrong: another value (call 3)"),
        ("def double(x): return 2", False, False, "wrong: another value (call 2)"),
        (
            "def double(x):\n    if x < 0: raise KeyError(x)\n    return 2 * x",
            True,
            False,
            "raised: KeyError: -3 (call 3)",
        ),
        (
            "def double(x):\n    if x < 0: import os; os._exit(0)\n    return 2 * x",
            True,
            False,
            "ended: exit 0: at call 3",
        ),
        ("def double(x):\n    while x < 0: pass\n    return 2 * x", True, False, "cpu: at call 3"),
        ("import no_such_module\ndef double(x): return 2 * x", False, False, "raised: ModuleNotFoundError"),
        ("I do not know.", False, False, "no program"),
        ("def double(x): return [2 * x] * 10**6", False, False, "wrong: another value"),
        ("def double(x): return '9' * 200_000", False, False, "output: at call 1"),
        ("n = 0\ndef double(x):\n    global n\n    n += 1\n    return 2 * x if n < 3 else 0", True, True, ""),
    ],
)
def test_verdicts(source: Source, code: str, base: bool, plus: bool, why: str) -> None:
    found = verdict(source, code)
    assert (found["base"], found["plus"], found["pass"]) == (base, plus, plus) and found["why"].startswith(why), found


def test_the_order_of_shared_elements_is_free(source: Source) -> None:
    assert verdict(source, "def shared(a, b): return [x for x in reversed(b) if x in a]", "Mbpp/2")["pass"]
    assert not verdict(source, "def shared(a, b): return a", "Mbpp/2")["pass"]


def test_no_expected_value_is_in_what_the_sandbox_is_given() -> None:
    rng = random.Random(0)
    x, factor = rng.getrandbits(60), rng.getrandbits(60)
    secret = problem(
        DOUBLE | {"base_input": [[x]], "plus_input": [], "canonical_solution": f"    return x ^ {factor}\n"}
    )
    (truth,) = judge.truths([secret])
    assert str(x ^ factor).encode() in truth.lines[0]
    job = judge.job(secret, "def double(x): return 0", judge.limits(truth), judge.steps(secret, truth))
    for means in ("namespaces", "bubblewrap"):
        given = marshal.dumps(described(job, shown(), means))
        for hidden in (x ^ factor, factor):
            assert marshal.dumps(hidden)[1:] not in given and str(hidden).encode() not in given
        assert marshal.dumps(x)[1:] in given


def test_a_canonical_program_that_fails_stops_the_scoring() -> None:
    wrong = problem(DOUBLE | {"canonical_solution": "    return 2 * y\n"})
    with pytest.raises(UsageError, match="HumanEval/0: the canonical program fails at call 1: NameError"):
        [*judge.truths([wrong])]


def test_limits_follow_the_canonical_program() -> None:
    slow = judge.Truth((b"[0,1]",) * 4, (0.1, 20.0, 0.1, 0.5))
    asked = problem(DOUBLE)
    assert judge.steps(asked, slow) == (judge.LOADING, 1.0, 80.0, judge.LOADING, 1.0, 2.0)
    assert judge.limits(slow).cpu == pytest.approx(4 * 20.7 + 20)
    assert judge.limits(judge.Truth((b"[0,1]",), (0.1,))).cpu == 80


def test_a_long_line_that_cannot_be_right_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = problem(DOUBLE)
    sets = b'[0,[{"set":[' + b",".join(b"%d" % n for n in range(20_000)) + b"]}]]"
    floats = b"[0,[" + b",".join(b"%d" % n for n in range(20_000)) + b"]]"
    monkeypatch.setattr(judge, "read", lambda line: pytest.fail("it was read"))
    assert judge.difference(asked, [1], sets, floats) == "wrong: of another type"
    assert judge.difference(asked, [1], b"[0,[" + b"1," * 90_000 + b"1]]", b"[0,1]") == "wrong: too long"


def test_a_lost_run_is_a_missing_verdict(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    item, _ = EvalPlusItems(source=source).read()
    truth_of([problems(source)["HumanEval/0"]])
    monkeypatch.setattr(judge, "run_all", lambda jobs: (Outcome("lost", 0, 0.0, b"", b"") for _ in jobs))
    found = scored(EvalPlus(source=source), item.with_reply("def double(x): return 2 * x"))
    assert [(s.metric, s.value) for s in found] == [("plus", None), ("base", None)] and "lost" in found[0].why


def test_many_answers_are_scored_in_order_and_missing_and_empty_ones_by_rule(source: Source, tmp_path: Path) -> None:
    def say(model: Model, text: str, sample: int) -> Reply:
        right = "def double(x): return 2 * x" if "double" in text else "def shared(a, b): return {*a} & {*b}"
        return [Reply(right), Reply("def double(x): return abs(2 * x)"), Reply(""), Reply("", finish="length")][sample]

    ctx = context(tmp_path, say)
    answers = Answers(model=Model(name="m", temperature=1.0), items=EvalPlusItems(source=source), samples=4)
    built = ctx.store.build(Scores(answers=answers, bench=EvalPlus(source=source)), ctx)
    plus = built.summary["metrics"]["plus"]
    assert (plus["n"], plus["missing"], plus["mean"]) == (6, 2, round((1 / 3 + 1 / 3) / 2, 6))
    assert built.summary["by"].keys() == {"humaneval", "mbpp"}
    third, half = round(1 / 3, 6), 0.5
    assert built.summary["overall"]["humaneval"] == {"base@1": round(2 / 3, 6), "plus@1": third}
    assert built.summary["overall"]["mbpp"] == {"base@1": third, "plus@1": third}
    assert built.summary["overall"]["mean"] == {"base@1": half, "plus@1": third}


@given(st.integers(1, 8), st.data())
def test_pass_at_k_is_the_share_of_draws_with_a_right_answer(n: int, data: st.DataObject) -> None:
    right, k = data.draw(st.integers(0, n)), data.draw(st.integers(1, n))
    draws = [*combinations([1] * right + [0] * (n - right), k)]
    assert math.isclose(pass_at_k(n, right, k), sum(map(any, draws)) / len(draws))


def test_pass_at_k_needs_k_answers_of_every_item() -> None:
    found = evalplus.rates(scores := [*many("a", 10, 3), *many("b", 6, 6)], "plus")
    assert found == {"plus@1": (0.3 + 1) / 2, "plus@5": (pass_at_k(10, 3, 5) + 1) / 2} and scores


def many(item: str, n: int, right: int) -> list[Any]:
    from komainu.rows import Score

    return [Score(item, "plus", float(k < right)) for k in range(n)]


def released() -> Source:
    return Source(path=str(Path(FIXTURES) / "code"))


@needs_fixtures
def test_the_releases_are_read_whole() -> None:
    found = problems(released())
    assert [sum(p.set == name for p in found.values()) for name in ("humaneval", "mbpp")] == [164, 378]
    assert sum(len(p.base) + len(p.plus) for p in found.values()) > 160_000


@needs_fixtures
def test_canonical_programs_pass_and_programs_that_return_nothing_fail() -> None:
    """A sample of the problems; `make test-evalplus` takes all of them, five times."""
    bench, items = EvalPlus(source=released()), EvalPlusItems(source=released(), limit=24).rows()
    known: dict[str, Problem] = problems(released())
    right = [item.with_reply(f"```python\n{known[item.id].solution}\n```") for item in items]
    assert [item.id for item, v in zip(items, bench.judged(right), strict=True) if not v.plus] == []
    nothing = [item.with_reply(f"def {known[item.id].entry}(*_): return None") for item in items]
    passed = [item.id for item, v in zip(items, bench.judged(nothing), strict=True) if v.base]
    assert set(passed) <= {"Mbpp/164"}  # any value is right there
