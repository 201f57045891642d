"""Mix takes rows in shares, the same ones every time, shuffled, and says what is in it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from komainu.data.mix import Mix, Part
from komainu.data.placing import Head
from komainu.rows import Chat, Pair
from tests.data.fakes import Rows, build, chat, context, source


def rows_of(name: str, n: int, **meta: Any) -> Rows:
    return source(*(chat(f"{name}{i}", f"{name} の問い {i}", "はい", source=name, **meta) for i in range(n)))


A = rows_of("a", 40, lang="ja", task="talk", licence="cc0")
B = rows_of("b", 20, lang="en", task="code", licence="mit")


def names(rows: list[Chat]) -> Counter[str]:
    return Counter(row.meta["source"] for row in rows)


def test_a_weight_is_a_multiplicity_when_no_size_is_set(tmp_path: Path) -> None:
    rows, summary = build(Mix(parts=(Part(stage=A, weight=0.25), Part(stage=B, weight=1.5))), context(tmp_path))
    assert names(rows) == {"a": 10, "b": 30}
    assert [(p["rows"], p["epochs"]) for p in summary["parts"]] == [(10, 0.25), (30, 1.5)]
    again = [row for row in rows if row.id.endswith("~1")]
    assert len(again) == 10
    assert all(row.meta["from"] == [row.id.removesuffix("~1")] for row in again)


def test_weights_are_shares_of_a_set_size(tmp_path: Path) -> None:
    rows, summary = build(Mix(parts=(Part(stage=A, weight=2), Part(stage=B, weight=1)), n=31), context(tmp_path))
    assert names(rows) == {"a": 21, "b": 10}
    assert summary["rows"] == 31
    assert summary["mix"] == [
        {"source": "a", "lang": "ja", "task": "talk", "licence": "cc0", "rows": 21, "share": 0.6774},
        {"source": "b", "lang": "en", "task": "code", "licence": "mit", "rows": 10, "share": 0.3226},
    ]


def test_a_part_with_too_few_rows_repeats_them_under_new_ids(tmp_path: Path) -> None:
    rows, summary = build(Mix(parts=(Part(stage=A), Part(stage=B)), n=90), context(tmp_path))
    assert names(rows) == {"a": 45, "b": 45}
    assert summary["parts"][1]["epochs"] == 2.25
    assert len({row.id for row in rows}) == 90
    assert {row.id for row in rows} >= {"b0", "b0~1"}


def test_parts_are_shuffled_into_each_other_and_the_draw_does_not_order_them(tmp_path: Path) -> None:
    few, many = rows_of("c", 400), rows_of("d", 300)
    rows, _ = build(Mix(parts=(Part(stage=few, weight=0.25), Part(stage=many))), context(tmp_path))
    places = [i for i, row in enumerate(rows) if row.meta["source"] == "c"]
    assert len(places) == 100
    assert 35 <= sum(place < len(rows) / 2 for place in places) <= 65


def test_the_seed_decides_the_rows_and_their_order(tmp_path: Path) -> None:
    mixes = [Mix(parts=(Part(stage=A, weight=0.5),), seed=seed) for seed in (0, 0, 1)]
    first, second, other = (
        [row.id for row in build(mix, context(tmp_path / str(i)))[0]] for i, mix in enumerate(mixes)
    )
    assert first == second
    assert first != other and set(first) != set(other)


def test_an_order_moves_rows_and_takes_the_same(tmp_path: Path) -> None:
    parts = (Part(stage=A, weight=0.5), Part(stage=B, weight=1.5))
    shuffled, _ = build(Mix(parts=parts), context(tmp_path))
    apart, summary = build(Mix(parts=parts, order="language"), context(tmp_path))
    assert [row.meta["lang"] for row in apart] == ["en"] * 30 + ["ja"] * 20 and summary["order"] == "language"
    assert sorted(row.id for row in apart) == sorted(row.id for row in shuffled)
    english = [row.id for row in shuffled if row.meta["lang"] == "en"]
    assert [row.id for row in apart[:30]] == english != sorted(english)
    long = source(*(chat(f"l{i:02}", "問い", "はい" * ((7 * i) % 20)) for i in range(20)))
    rows, _ = build(Mix(parts=(Part(stage=long),), order="length"), context(tmp_path))
    assert [len(row.reply) for row in rows] == [2 * n for n in range(20)]
    assert "did you mean 'length'" in next(iter(Mix(parts=parts, order="lengths").check()))  # type: ignore[arg-type]


def test_another_part_does_not_change_which_rows_are_taken(tmp_path: Path) -> None:
    alone, _ = build(Mix(parts=(Part(stage=A, weight=0.5),)), context(tmp_path))
    both, _ = build(Mix(parts=(Part(stage=A, weight=0.5), Part(stage=B))), context(tmp_path))
    assert [row.id for row in both if row.meta["source"] == "a"] == [row.id for row in alone]


def test_an_id_that_two_parts_use_is_made_two(tmp_path: Path) -> None:
    other = source(chat("a1", "別の問い", "はい", **{"from": ["file", "call:x/1#0"]}))
    rows, _ = build(Mix(parts=(Part(stage=A), Part(stage=other))), context(tmp_path))
    (renamed,) = [row for row in rows if row.id == "a1@1"]
    assert renamed.meta["from"] == ["a1", "file", "call:x/1#0"]
    assert len({row.id for row in rows}) == 41


def test_rows_go_through_unchanged(tmp_path: Path) -> None:
    rows, _ = build(Mix(parts=(Part(stage=B),)), context(tmp_path))
    assert sorted(row.id for row in rows) == sorted(f"b{i}" for i in range(20))
    assert all(row.messages == chat("x", f"b の問い {row.id[1:]}", "はい").messages for row in rows)


def test_wiring_is_checked() -> None:
    pairs = source(Pair("p", chat("x", "y").messages, "a", "b"))
    assert list(Mix(parts=(Part(stage=A), Part(stage=B))).check()) == []
    assert list(Mix(parts=(Part(stage=A), Part(stage=pairs))).check()) == [
        "Mix.parts[1] makes Pair, but Mix.parts[0] makes Chat"
    ]
    assert "is empty" in next(iter(Mix(parts=()).check()))
    assert "weight is 0" in next(iter(Mix(parts=(Part(stage=A, weight=0),)).check()))
    assert Mix(parts=(Part(stage=pairs),)).row_type is Pair
    assert set(Mix(parts=(Part(stage=A), Part(stage=B))).inputs) == {"parts[0].stage", "parts[1].stage"}


@given(st.lists(st.tuples(st.floats(0.01, 9), st.integers(1, 50)), min_size=1, max_size=5), st.integers(0, 99))
def test_the_size_is_known_before_it_runs(parts: list[tuple[float, int]], n: int) -> None:
    mix = Mix(parts=tuple(Part(stage=A, weight=weight) for weight, _ in parts), n=n)
    counts = [count for _, count in parts]
    taken = mix.quotas(counts)
    assert sum(taken) == (n or sum(round(weight * count) for weight, count in parts))
    there = iter(counts)
    assert mix.expected(lambda stage: next(there)) == sum(taken)


@given(st.sets(st.text("abc", min_size=1), min_size=2, max_size=40), st.floats(0.05, 3), st.integers(0, 9))
def test_a_new_row_moves_at_most_one_other_by_one_copy(ids: set[str], weight: float, seed: int) -> None:
    mix = Mix(parts=(Part(stage=A, weight=weight),), seed=seed)
    new, *old = sorted(ids)

    def taken(names: list[str]) -> tuple[Counter[str], list[tuple[str, int]]]:
        (quota,) = mix.quotas([len(names)])
        places = sorted(mix.choose(0, [Head(name, 0, 0, "") for name in names], quota))
        assert len(places) == quota  # every row that is wanted is there
        return Counter(p.id for p in places), [(p.id, p.copy) for p in places]

    (before, order), (after, later) = taken(old), taken([*old, new])
    if weight <= 1:
        moved = [name for name in old if before[name] != after[name]]
        assert len(moved) <= 1 and all(abs(before[name] - after[name]) == 1 for name in moved)
    assert [p for p in order if p in later] == [p for p in later if p in order]
