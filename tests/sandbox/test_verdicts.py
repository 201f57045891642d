"""Nothing an answer does gets it a verdict that it has not earned: what is expected never goes where it runs."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter, OrderedDict
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.sandbox.base import Job, Limits
from komainu.sandbox.inside.encode import encode
from komainu.sandbox.inside.root import WORK
from komainu.sandbox.run import run
from komainu.sandbox.values import Foreign, Raised, Returned, read
from tests.sandbox.cheats import CHEATS, LIES, NAIVE
from tests.sandbox.world import MEANS, mean_of

INPUTS = [*range(5)]
EXPECTED = [random.Random(f"cheats:{n}").getrandbits(60) for n in INPUTS]
LIMITS = Limits(cpu=2.0, asleep=1.0, output=1 << 16)


def passes(code: str, means: str = "namespaces") -> bool:
    """The verdict: every call was answered, and each with what was expected."""
    found = run(Job(code=code, entry="f", sets=([[n] for n in INPUTS],), limits=LIMITS), mean_of(means))
    answers = [*read(found.values)]
    values = [a.value for a in answers if isinstance(a, Returned)]
    return len(answers) == len(EXPECTED) and values == EXPECTED


@pytest.mark.parametrize("means", MEANS)
def test_a_right_answer_passes_and_a_wrong_one_fails(means: str) -> None:
    right = f"def f(x): return {EXPECTED!r}[x]"
    assert passes(right, means)
    assert not passes(right.replace("[x]", "[x] + (x == 4)"), means)


@pytest.mark.parametrize("means", MEANS)
@pytest.mark.parametrize("name", CHEATS)
def test_no_cheat_passes(name: str, means: str) -> None:
    assert not passes(CHEATS[name], means)


@pytest.mark.parametrize("name", CHEATS)
def test_a_harness_in_one_process_is_fooled_by_each_cheat(name: str, tmp_path: Path) -> None:
    harness = tmp_path / "harness.py"
    harness.write_text(NAIVE.format(expected=EXPECTED, inputs=INPUTS))
    given_ = json.dumps(CHEATS[name]) + "\n" + json.dumps([INPUTS, EXPECTED]) + "\n"
    stdin = tmp_path / "input"
    stdin.write_text(given_)
    with open(stdin) as source:
        command = [sys.executable, "-S", str(harness)]
        done = subprocess.run(command, stdin=source, capture_output=True, text=True, cwd=tmp_path, timeout=30)
    assert "PASSED" in done.stdout + done.stderr, done.stderr


@pytest.mark.parametrize("means", MEANS)
def test_nothing_lasts_from_one_run_to_the_next(means: str) -> None:
    leave = (
        "for name in ('sitecustomize.py', 'usercustomize.py', 'json.py', '/tmp/left', '/dev/shm/left', "
        f"'{WORK}/left'):\n"
    )
    leave += " open(name, 'w').write('x')\nimport os\nprint(len(os.listdir('.')))"
    assert run(Job(code=leave), mean_of(means)).output == b"4\n"
    assert (
        run(Job(code="import os; print(os.listdir('/work'), os.listdir('/tmp/'))"), mean_of(means)).output == b"[] []\n"
    )


def test_the_state_of_one_set_of_calls_does_not_reach_the_next() -> None:
    code = "seen = []\ndef f(x):\n seen.append(x)\n return len(seen)"
    found = run(Job(code=code, entry="f", sets=([[1], [2]], [[3]])))
    assert [a.value for a in read(found.values) if isinstance(a, Returned)] == [1, 2, 1]


@pytest.mark.parametrize("name", LIES)
def test_no_lie_is_taken_for_a_value_or_breaks_the_reader(name: str) -> None:
    found = [*read(LIES[name])]
    assert not found or isinstance(found[-1], Raised)


@given(st.binary(max_size=200))
def test_any_bytes_can_be_read(data: bytes) -> None:
    for answer in read(data + b"\n"):
        assert isinstance(answer, (Returned, Raised))


def test_a_foreign_value_is_equal_to_nothing() -> None:
    (answer,) = read(b'[0.0,{"object":"re.Match"}]\n')
    assert isinstance(answer, Returned) and isinstance(answer.value, Foreign)
    assert answer.value != Foreign("re.Match") and answer.value.type == "re.Match"


def test_values_that_are_costly_to_compare_cost_little_within_the_limit_of_what_is_read() -> None:
    same_hash = [n * (2**61 - 1) for n in range(1500)]  # all of one hash
    start = time.process_time()
    line = f"[0.0,{encode(set(same_hash))}]\n".encode()
    assert len(line) < 1 << 16
    (answer,) = read(line)
    assert isinstance(answer, Returned) and answer.value == set(same_hash)
    assert time.process_time() - start < 5


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()) | st.binary()
) | st.complex_numbers(allow_nan=False)
hashable = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3), max_leaves=6
)
everything = st.recursive(
    hashable | st.decimals(allow_nan=False) | st.fractions(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(hashable, inner, max_size=3)
        | st.sets(hashable, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
    ),
    max_leaves=6,
)


def same(a: Any, b: Any) -> bool:
    """Equal, and of the same types all the way down."""
    if type(a) is not type(b) or a != b:
        return False
    if isinstance(a, (set, frozenset)):
        others = {each: each for each in b}  # equal, but perhaps of another type
        return all(same(each, others[each]) for each in a)
    if isinstance(a, (list, tuple)):
        return all(map(same, a, b))
    return all(map(same, a.items(), b.items())) if isinstance(a, dict) else True


@given(everything)
def test_values_come_back_as_they_were(value: object) -> None:
    (answer,) = read(f"[0.5,{encode(value)}]\n".encode())
    assert isinstance(answer, Returned) and same(answer.value, value) and answer.cpu == 0.5


def test_a_subclass_comes_back_as_its_base_and_a_foreign_object_as_its_type() -> None:
    class Point(NamedTuple):
        x: int
        y: int

    class Colour(IntEnum):
        red = 1

    pairs: list[tuple[Any, Any]] = [
        (Counter("aab"), {"a": 2, "b": 1}),
        (OrderedDict(a=1), {"a": 1}),
        (Point(1, 2), (1, 2)),
        (Colour.red, 1),
        (bytearray(b"x"), b"x"),
    ]
    for value, plain in pairs:
        (answer,) = read(f"[0,{encode(value)}]\n".encode())
        assert isinstance(answer, Returned) and same(answer.value, plain)
    assert encode(iter([])) == '{"object":"builtins.list_iterator"}'
