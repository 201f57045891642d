"""Plans: what would be built, with counts, and every problem before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest

from komainu.context import Context
from komainu.errors import UsageError
from komainu.plan import Plan, plan
from komainu.rows import Chat
from komainu.spec import Spec
from komainu.stage import Stage
from tests.core_fakes import Join, Learn, Source, context, runs


@dataclass(frozen=True, kw_only=True)
class Knobs(Spec):
    lr: float = 1e-3
    schedule: Literal["cosine", "linear"] = "cosine"
    betas: tuple[float, float] = (0.9, 0.98)


@dataclass(frozen=True, kw_only=True)
class Train(Stage):
    makes: ClassVar[type] = Chat
    data: Stage
    knobs: Knobs = Knobs()

    def check(self) -> Iterator[str]:
        if self.knobs.lr <= 0:
            yield f"lr is {self.knobs.lr}; it must be above 0"

    def expected(self, rows: Callable[[Stage], int | None]) -> int | None:
        return None

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        raise AssertionError("a plan runs nothing")


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return context(tmp_path / "store")


def rows(found: Plan) -> list[tuple[str, str, int | None]]:
    return [(type(line.stage).__name__, line.state, line.rows) for line in found.lines]


def test_nothing_is_built_and_counts_follow_from_the_inputs(ctx: Context) -> None:
    top = Train(data=Join(parts=(Source(n=3), Source(n=4))))
    assert rows(plan(top, ctx.store)) == [
        ("Source", "to build", 3),
        ("Source", "to build", 4),
        ("Join", "to build", 7),
        ("Train", "to build", None),
    ]
    assert runs(ctx.store.root) == [] and ctx.store.folders() == []


def test_what_is_built_is_reused_with_the_rows_it_has(ctx: Context) -> None:
    data = Join(parts=(Source(n=3), Source(n=4)))
    ctx.store.build(data, ctx)
    (ctx.store.place(Source(n=4)) / "record.json").unlink()
    assert rows(plan(Train(data=data), ctx.store)) == [
        ("Source", "built", 3),
        ("Source", "not needed", 4),
        ("Join", "built", 7),
        ("Train", "to build", None),
    ]


def test_every_problem_is_told_with_its_stage(ctx: Context) -> None:
    bad = Train(data=Learn(data=Source()), knobs=Knobs(lr=-1))
    found = plan(bad, ctx.store)
    assert len(found.problems) == 2
    assert found.problems[0].startswith(f"Learn {bad.data.id}: Learn.data needs a stage that makes Pair")
    assert found.problems[1] == f"Train {bad.id}: lr is -1; it must be above 0"
    assert rows(found)[0] == ("Source", "to build", 3)  # what is sound still tells its rows
    with pytest.raises(UsageError, match=r"(?s)nothing was started:.*Learn.*Train"):
        found.refuse()


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        ({"lr": "1e-3"}, "Knobs.lr must be float, not a str ('1e-3')"),
        ({"schedule": "cosin"}, "Knobs.schedule must be one of cosine, linear, not a str ('cosin')"),
        ({"betas": (0.9,)}, "Knobs.betas must be tuple of float, float, not a tuple ((0.9,))"),
        ({"lr": True}, "Knobs.lr must be float, not a bool (True)"),
    ],
)
def test_a_value_of_another_type_is_told_before_any_check_meets_it(ctx: Context, knobs: Any, said: str) -> None:
    top = Train(data=Source(), knobs=Knobs(**knobs))
    assert plan(top, ctx.store).problems == [f"Train {top.id}: {said}"]


def test_a_stage_in_place_of_a_value_is_a_problem_too(ctx: Context) -> None:
    top = Train(data=3)  # type: ignore[arg-type]
    assert plan(top, ctx.store).problems == [f"Train {top.id}: Train.data must be Stage, not a int (3)"]


def test_drift_is_a_problem_of_the_stage_it_is_in(ctx: Context) -> None:
    ctx.store.build(Source(), ctx)
    record = ctx.store.place(Source()) / "record.json"
    record.write_text(record.read_text().replace('"word": "hi"', '"word": "hello"'))
    found = plan(Join(parts=(Source(),)), ctx.store)
    assert found.lines[0].state == "refused"
    (problem,) = found.problems
    assert problem.startswith(f"Source {Source().id}: drift: ") and "'hello' -> 'hi'" in problem


def test_a_damaged_record_is_a_problem_too(ctx: Context) -> None:
    (ctx.store.build(Source(), ctx).path / "record.json").write_text("{")
    assert "is damaged" in plan(Source(), ctx.store).problems[0]


def test_an_int_is_fine_where_a_float_is_wanted(ctx: Context) -> None:
    assert plan(replace(Train(data=Source()), knobs=Knobs(lr=1)), ctx.store).problems == []
