"""Identity: what is in an id and what is not."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field, make_dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from komainu.errors import UsageError
from komainu.spec import Spec, where


@dataclass(frozen=True, kw_only=True)
class Inner(Spec):
    size: int = 3


@dataclass(frozen=True, kw_only=True)
class Trial(Spec):
    rate: float
    name: str = "a"
    tags: tuple[str, ...] = ()
    table: dict[str, Any] = field(default_factory=dict)
    inner: Inner = field(default_factory=Inner)
    path: str = where()
    held: Any = None


def test_an_id_is_twelve_hex_digits_and_stays_what_it_is() -> None:
    assert Trial(rate=0.5).id == Trial(rate=0.5).id == "829c2bdc8514"


def test_a_new_field_at_its_default_keeps_the_id() -> None:
    later = make_dataclass("Trial", [("knob", int, 7)], bases=(Trial,), frozen=True, kw_only=True)
    assert later(rate=0.5).id == Trial(rate=0.5).id
    assert later(rate=0.5, knob=8).id != Trial(rate=0.5).id


def test_a_new_default_inside_a_held_spec_keeps_the_id() -> None:
    assert Trial(rate=0.5, inner=Inner(size=3)).id == Trial(rate=0.5).id
    assert Trial(rate=0.5, inner=Inner(size=4)).id != Trial(rate=0.5).id


def test_the_full_config_names_the_defaults_that_the_id_leaves_out() -> None:
    trial = Trial(rate=0.5)
    assert trial.config(full=False) == {"is": "Trial", "v": 1, "rate": 0.5}
    assert trial.config()["inner"] == {"is": "Inner", "v": 1, "size": 3}


def test_every_value_that_departs_from_its_default_is_in_the_id() -> None:
    base = Trial(rate=0.5)
    others = [
        replace(base, rate=0.6),
        replace(base, name="b"),
        replace(base, tags=("x",)),
        replace(base, table={"x": 1}),
        replace(base, held=0),
        replace(base, held=False),
    ]
    assert len({t.id for t in [base, *others]}) == len(others) + 1


def test_where_something_lies_is_not_identity() -> None:
    here, there = Trial(rate=0.5, path="/a"), Trial(rate=0.5, path="/b")
    assert here.id == there.id and here == there and "path" not in here.config()


def test_another_version_of_a_class_is_another_id() -> None:
    class_of = {"version": 2, "__annotations__": {"version": ClassVar[int]}}
    later: type[Trial] = dataclass(frozen=True, kw_only=True)(type("Trial", (Trial,), class_of))
    assert later(rate=0.5).id != Trial(rate=0.5).id


@pytest.mark.parametrize("same", [2e-05 / 10, 2e-06, 0.000002, 2.0000000000001e-06])
def test_floats_that_mean_the_same_choice_give_one_id(same: float) -> None:
    assert Trial(rate=same).id == Trial(rate=2e-06).id


def test_minus_zero_is_zero() -> None:
    assert Trial(rate=-0.0).id == Trial(rate=0.0).id
    assert json.dumps(Trial(rate=-0.0).config(full=False)) == json.dumps(Trial(rate=0.0).config(full=False))


@settings(deadline=None)
@given(st.floats(min_value=1e-9, max_value=1e9), st.integers(1, 20))
def test_a_choice_given_to_twelve_digits_is_told_from_its_neighbours(value: float, step: int) -> None:
    near, far = value * (1 + 1e-15 * step), value * (1 + 1e-6 * step)
    assert Trial(rate=far).id != Trial(rate=value).id
    assert float(f"{near:.12g}") != float(f"{value:.12g}") or Trial(rate=near).id == Trial(rate=value).id


def test_a_tuple_and_a_list_are_one_choice_and_the_order_of_keys_is_none() -> None:
    assert Trial(rate=1.0, held=[1, (2, 3)]).id == Trial(rate=1.0, held=(1, [2, 3])).id
    assert Trial(rate=1.0, table={"a": 1, "b": 2}).id == Trial(rate=1.0, table={"b": 2, "a": 1}).id


@pytest.mark.parametrize(
    "value, at",
    [
        (Path("/x"), r"Trial\.held has no stable identity: .*Path"),
        ({1, 2}, r"Trial\.held has no .*set"),
        (object(), r"Trial\.held has no .*object"),
        (math.nan, r"Trial\.held has no .*nan"),
        (math.inf, r"Trial\.held has no .*inf"),
        (b"x", r"Trial\.held has no .*bytes"),
        (len, r"Trial\.held has no .*builtin"),
        ({1: "x"}, r"Trial\.held has no .*dict"),
        ([0, {"deep": (1, Path("/x"))}], r"Trial\.held\[1\]\['deep'\]\[1\] has no .*Path"),
    ],
)
def test_what_has_no_stable_identity_is_refused_by_name_and_path(value: Any, at: str) -> None:
    with pytest.raises(UsageError, match=at):
        _ = Trial(rate=0.5, held=value).id


def test_a_refusal_inside_a_held_spec_names_the_class_that_holds_it() -> None:
    with pytest.raises(UsageError, match=r"Trial\.rate has no stable identity"):
        _ = Trial(rate=0.5, held=(Trial(rate=math.nan),)).id


def test_a_spec_cannot_be_changed_and_replace_gives_another_id() -> None:
    trial = Trial(rate=0.5)
    known = trial.id
    with pytest.raises(AttributeError):
        trial.rate = 0.6  # type: ignore[misc]
    assert replace(trial, rate=0.6).id != known == trial.id
