"""A Dataset streams rows through steps and accounts for every row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from komainu.context import Context
from komainu.data.ask import Ask
from komainu.data.base import Dataset, DropLog, Dropped, Note, Step, drops, windows, word
from komainu.data.best_of import BestOf
from komainu.data.dedup import Exact
from komainu.data.filter import Filter
from komainu.data.prefer import Prefer
from komainu.data.regenerate import Regenerate
from komainu.errors import GateFailed, UsageError
from komainu.models import base
from komainu.rows import Chat, Pair, Score
from komainu.spec import Spec
from komainu.stage import Stage, Weights
from tests.data.fakes import TEACHER, No, chat, context, source, through


@dataclass(frozen=True, kw_only=True)
class Even(Step):
    """Drops every other row."""

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped | Note]:
        for i, row in enumerate(rows):
            yield Dropped(row, f"odd: row {i}") if i % 2 else row
        yield Note({"seen": "all"})


@dataclass(frozen=True, kw_only=True)
class First(Step):
    """Stops too early."""

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat]:
        yield next(rows)


@dataclass(frozen=True, kw_only=True)
class Loses(Step):
    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat]:
        yield from (row for row in rows if row.id != "1")


@dataclass(frozen=True, kw_only=True)
class Grade(Step):
    makes = Score

    def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Score]:
        for row in rows:
            yield Score(row.id, "length", float(len(row.reply)))


@dataclass(frozen=True, kw_only=True)
class Model(Stage):
    makes = Weights


FIVE = [chat(str(i), f"問い{i}") for i in range(5)]


def test_rows_stay_in_order_and_drops_are_kept_with_their_step_and_reason(tmp_path: Path) -> None:
    rows, dropped, summary = through(context(tmp_path), FIVE, Even(), Even())
    assert [row.id for row in rows] == ["0", "4"]
    assert [(d.step, d.reason, d.row.id) for d in dropped] == [
        ("Even", "odd: row 1", "1"),
        ("Even#2", "odd: row 1", "2"),
        ("Even", "odd: row 3", "3"),
    ]
    assert summary == {
        "rows": 2,
        "in": 5,
        "steps": [{"step": "Even", "in": 5, "out": 3}, {"step": "Even#2", "in": 3, "out": 2}],
        "dropped": {"Even": {"odd": 2}, "Even#2": {"odd": 1}},
        "notes": {"Even": {"seen": "all"}, "Even#2": {"seen": "all"}},
    }


def test_sources_follow_each_other(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    both = ctx.store.build(Dataset(sources=(source(*FIVE[:2]), source(*FIVE[2:]))), ctx)
    assert list(both.rows()) == FIVE
    assert list(drops(both)) == []


@pytest.mark.parametrize(("step", "said"), [(First(), "read 1 of 5 rows"), (Loses(), "gave 4 and dropped 0")])
def test_a_step_that_loses_rows_is_refused(tmp_path: Path, step: Step, said: str) -> None:
    with pytest.raises(GateFailed, match=said):
        through(context(tmp_path), FIVE, step)


def test_a_failed_build_leaves_no_file_with_its_final_name(tmp_path: Path) -> None:
    @dataclass(frozen=True, kw_only=True)
    class Breaks(Step):
        def __call__(self, rows: Iterator[Chat], ctx: Context) -> Iterator[Chat | Dropped]:
            yield Dropped(next(rows), "first")
            raise ConnectionError("gone")

    ctx = context(tmp_path)
    stage = Dataset(sources=(source(*FIVE),), steps=(Breaks(),))
    with pytest.raises(ConnectionError):
        ctx.store.build(stage, ctx)
    assert not {"rows.jsonl", "dropped.jsonl"} & {p.name for p in ctx.store.place(stage).iterdir()}


def test_equal_inputs_give_equal_bytes(tmp_path: Path) -> None:
    files = []
    for name in ("a", "b"):
        ctx = context(tmp_path / name)
        made = ctx.store.build(Dataset(sources=(source(*FIVE),), steps=(Even(),)), ctx)
        files.append([(made.path / f).read_bytes() for f in ("rows.jsonl", "dropped.jsonl")])
    assert files[0] == files[1]


def problems(*steps: Step, sources: tuple[Stage, ...] = (source(*FIVE),)) -> list[str]:
    return list(Dataset(sources=sources, steps=steps).check())


def test_wiring_is_checked_before_anything_runs() -> None:
    pairs = source(Pair("p", FIVE[0].messages, "a", "b"))
    assert problems(Even(), Exact(), Grade()) == []
    assert problems(Exact(), sources=(pairs,)) == []
    assert problems(sources=()) == ["Dataset.sources is empty: give at least one stage that makes rows"]
    assert "makes Weights" in problems(sources=(Model(),))[0]
    assert "must make one type of rows" in problems(sources=(pairs, source(*FIVE)))[0]
    assert problems(Grade(), Exact()) == ["step Exact eats Chat or Pair, but step Grade makes Score"]
    assert "step Filter eats Chat, but Rows" in problems(Filter(checks=(No(),)), sources=(pairs,))[0]


def test_the_last_step_decides_what_a_dataset_makes() -> None:
    pairs = source(Pair("p", FIVE[0].messages, "a", "b"))
    assert Dataset(sources=(source(*FIVE),), steps=(Even(), Grade())).row_type is Score
    assert Dataset(sources=(pairs,), steps=(Exact(),)).row_type is Pair
    assert "needs a stage that makes Chat" in next(
        iter(Prefer(answers=(Dataset(sources=(pairs,)),), checks=()).check())
    )


def test_expected_is_the_most_rows_there_can_be() -> None:
    asks = Dataset(sources=(source(*FIVE), source(*FIVE)), steps=(Ask(model=TEACHER, samples=3), Even()))
    assert asks.expected(lambda stage: 5) == 30
    assert asks.expected(lambda stage: None) is None


def test_stages_held_by_a_step_are_inputs_and_its_values_are_identity() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Against(Step):
        stage: Stage
        share: float = 0.5

    one = Dataset(sources=(source(*FIVE),), steps=(Against(stage=source(FIVE[0])),))
    assert set(one.inputs) == {"sources[0]", "steps[0].stage"}
    assert one.id != Dataset(sources=one.sources, steps=(Against(stage=source(FIVE[0]), share=0.6),)).id
    assert all(isinstance(step, Spec) for step in one.steps)


def test_a_damaged_line_of_drops_is_named(tmp_path: Path) -> None:
    ctx = context(tmp_path)
    made = ctx.store.build(Dataset(sources=(source(*FIVE),), steps=(Even(),)), ctx)
    (made.path / "dropped.jsonl").write_text('{"step":"Even"}\n')
    with pytest.raises(UsageError, match=r"dropped\.jsonl:1: not a dropped row"):
        list(drops(made))


@settings(deadline=None)
@given(st.text(), st.text(), st.dictionaries(st.text(), st.integers() | st.text()))
def test_any_drop_is_read_back_as_it_was(step: str, reason: str, meta: dict[str, Any]) -> None:
    import tempfile

    from komainu.store import Artifact

    with tempfile.TemporaryDirectory() as folder:
        row = chat("x", reason, step, **{"meta": meta})
        with DropLog(Path(folder) / "dropped.jsonl") as log:
            log.add(step, Dropped(row, reason))
        (found,) = drops(Artifact(Path(folder), {}))
        assert (found.step, found.reason, found.row) == (step, reason, row)
        assert log.counts == {step: {word(reason): 1}}


@given(st.lists(st.integers()), st.integers(1, 7))
def test_windows_hold_every_row_once_in_order(rows: list[int], size: int) -> None:
    found = list(windows(iter(rows), size))
    assert [row for window in found for row in window] == rows
    assert all(len(window) == size for window in found[:-1])


def test_a_dataset_tells_how_often_its_steps_will_ask(tmp_path: Path) -> None:
    def asked(*steps: Step) -> list[tuple[str, int, int]] | None:
        stage = Dataset(sources=(source(chat("a", "x")),), steps=steps)
        found = stage.questions(lambda _: 100)
        return None if found is None else [(q.model.name, q.fewest, q.most) for q in found]

    ask, other = Ask(model=TEACHER, samples=2), base.Model(name="other")
    assert asked(ask) == [("teacher", 200, 200)]
    assert asked(Filter(checks=()), ask) == [("teacher", 0, 200)]
    assert asked(ask, Regenerate(model=other, checks=(), tries=3)) == [("teacher", 200, 200), ("other", 0, 600)]
    assert asked(ask, BestOf(model=other, checks=(), n=3)) == [("teacher", 200, 200), ("other", 400, 400)]
    assert asked(Even(), Filter(checks=())) == []
    assert Dataset(sources=(source(chat("a", "x")),), steps=(ask,)).questions(lambda _: None) is None


def test_a_step_that_holds_a_model_and_does_not_tell_leaves_it_unknown() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Asks(Step):
        model: base.Model = TEACHER

    assert Dataset(sources=(source(chat("a", "x")),), steps=(Asks(),)).questions(lambda _: 5) is None
