"""No hostile program gets what it is after, and each is seen to get it where there is no sandbox."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from komainu.sandbox.base import Job
from komainu.sandbox.run import run
from tests.sandbox import attacks_host, attacks_kernel, attacks_use
from tests.sandbox.cheats import CHEATS, LIES
from tests.sandbox.world import MEANS, X86, Attack, bare, is_broken, mean_of, planted, program, survivors

ATTACKS = [*attacks_host.ATTACKS, *attacks_kernel.ATTACKS, *attacks_use.ATTACKS]
NAMES = [attack.name for attack in ATTACKS]
pytestmark = pytest.mark.skipif(not X86, reason="the attacks have the numbers of x86-64")


@pytest.fixture(scope="module")
def things() -> Iterator[dict[str, Any]]:
    with planted() as found:
        yield found


def test_each_has_a_name_and_the_docs_tell_how_many_there_are() -> None:
    assert len(set(NAMES)) == len(NAMES)
    told = " ".join((Path(__file__).parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8").split())
    tried = sum(attack.bare != "not tried" for attack in ATTACKS)
    assert f"{len(ATTACKS)} hostile programs" in told and f"{tried} of them are also run without" in told
    assert f"{len(CHEATS)} answers that cheat" in told and f"{len(LIES)} kinds of broken output" in told


@pytest.mark.parametrize("means", MEANS)
@pytest.mark.parametrize("attack", ATTACKS, ids=NAMES)
def test_no_attack_succeeds(attack: Attack, means: str, things: dict[str, Any]) -> None:
    os.environ["PLANTED"] = things["text"]
    found = run(Job(code=program(attack, things), limits=attack.limits), mean_of(means))
    assert not is_broken(found), found
    assert not attack.ends or found.ended in attack.ends, found
    assert len(found.output) <= attack.limits.output
    assert survivors() == []


@pytest.mark.parametrize("attack", [a for a in ATTACKS if a.bare != "not tried"], ids=lambda a: a.name)
def test_the_attack_succeeds_without_the_sandbox(attack: Attack, things: dict[str, Any]) -> None:
    if attack.root and os.geteuid() != 0:
        pytest.skip("this attack is one for root")
    said, state = bare(program(attack, things), 0.4 if attack.bare == "runs on" else 20.0)
    if attack.call and not said:
        pytest.skip("this kernel does not have the call")
    assert ("BROKEN" in said) if attack.bare == "breaks" else state == attack.bare, said
