"""Lineage: the provenance tree, one number down to row ids, exact differences, and files that still hold."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import komainu.lineage
from komainu.compare import compare
from komainu.context import Context
from komainu.errors import UsageError
from komainu.files import write_json, write_rows
from komainu.lineage import from_record, from_stage, tree, verify, why
from komainu.models.base import Model
from komainu.rows import Chat, Message, Score
from komainu.spec import Spec
from komainu.stage import Stage, Table, Weights
from komainu.store import reference
from komainu.trace import text, trace
from tests.core_fakes import Join, Source, context


@dataclass(frozen=True, kw_only=True)
class Tune(Stage):
    makes: ClassVar[type] = Weights
    model: Stage | None = None
    data: Stage
    lr: float = 1e-3

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        (out / "model.safetensors").write_bytes(b"weights")
        return {"steps": 1}


@dataclass(frozen=True, kw_only=True)
class Answers(Stage):
    makes: ClassVar[type] = Chat
    model: Model
    items: Stage

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        rows = (r.with_reply(f"はい {i}") for i, r in enumerate(ctx.open(self.items).rows()) if isinstance(r, Chat))
        return {"rows": write_rows(out / "rows.jsonl", rows)}


@dataclass(frozen=True, kw_only=True)
class Scores(Stage):
    makes: ClassVar[type] = Score
    answers: Answers

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        ids = [r.id for r in ctx.open(self.answers).rows()]
        rows = [Score(i, m, 1.0 if m == "exact" else None, why="") for i in ids for m in ("exact", "chrf")]
        return {"rows": write_rows(out / "rows.jsonl", rows)}


@dataclass(frozen=True, kw_only=True)
class Entry(Spec):
    name: str
    scores: tuple[Scores, ...]


@dataclass(frozen=True, kw_only=True)
class Board(Stage):
    makes: ClassVar[type] = Table
    entries: tuple[Entry, ...]

    def run(self, out: Path, ctx: Context) -> dict[str, Any]:
        rows = [
            {"entry": e.name, "bench": "exact", "language": "ja", "metric": "exact", "mean": 1.0, "n": 2, "missing": 0}
            | {"low": 0.5, "high": 1.0, "scores": reference(s)}
            for e in self.entries
            for s in e.scores
        ]
        write_json(out / "board.json", {"rows": rows})
        return {"rows": len(rows)}


CHATS, PAIRS = Source(n=7, word="train"), Source(n=2, word="prefer")


def family(lr: float = 1e-3, n: int = 7) -> Board:
    base = Tune(data=Source(n=1, word="raw"))
    sft = Tune(model=base, data=replace(CHATS, n=n), lr=lr)
    dpo = Tune(model=sft, data=PAIRS)
    items = Source(n=2, word="item")
    entries = {
        name: Scores(answers=Answers(model=Model(name=name, weights=w), items=items))
        for name, w in (("sft", sft), ("dpo", dpo))
    }
    return Board(entries=tuple(Entry(name=name, scores=(s,)) for name, s in entries.items()))


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    made = context(tmp_path / "store")
    made.store.build(family(), made)
    return made


def test_the_tree_is_the_same_from_a_recipe_and_from_the_records(ctx: Context) -> None:
    recipe = from_stage(family(), ctx.store)
    record = from_record(reference(family()), ctx.store)
    assert [*why(recipe)] == [*why(record)] and tree(recipe) == tree(record)
    lines = [*why(recipe)]
    assert lines[0] == f"target: Board {family().id} built, 2 rows"
    assert f"      items: Source {Source(n=2, word='item').id} built, 2 rows" in lines
    assert sum("(as above)" in line for line in lines) == 1  # sft, again under dpo


def test_what_is_missing_or_has_drifted_is_told(ctx: Context) -> None:
    shutil.rmtree(ctx.store.place(PAIRS))
    record = ctx.store.place(CHATS) / "record.json"
    record.write_text(record.read_text().replace('"n": 7', '"n": 8'))
    roots = {"drift": from_stage(family(), ctx.store), "built": from_record(reference(family()), ctx.store)}
    for state, root in roots.items():
        states = {ref: s["state"] for ref, s in tree(root)["stages"].items()}
        assert states[reference(PAIRS)] == "missing" and states[reference(CHATS)] == state


def test_code_that_has_changed_since_is_named(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(komainu.lineage, "sources_of", lambda stage: {"tests.core_fakes": "other"})
    assert "(code changed since: tests.core_fakes" in "\n".join(why(from_stage(CHATS, ctx.store)))
    monkeypatch.setattr(komainu.lineage, "PACKAGE", "tests")
    monkeypatch.setattr(komainu.lineage, "module_hash", lambda name: "other")
    assert from_record(reference(CHATS), ctx.store).changed == ("tests.core_fakes",)


def test_a_number_is_traced_down_to_row_ids(ctx: Context) -> None:
    found = trace(from_stage(family(), ctx.store), "dpo/exact/ja/exact")
    assert found["number"]["mean"] == 1.0 and found["number"]["n"] == 2
    assert found["scores"]["rows"] == [
        {"id": "item-0", "value": 1.0, "by": "rule", "why": "", "reply": "はい 0"},
        {"id": "item-1", "value": 1.0, "by": "rule", "why": "", "reply": "はい 1"},
    ]
    assert [w["stage"] for w in found["weights"]] == ["Tune", "Tune", "Tune"]
    assert [(d["ref"], d["rows"]) for d in found["data"]] == [
        (reference(Source(n=1, word="raw")), 1),
        (reference(CHATS), 7),
        (reference(PAIRS), 2),
    ]
    assert found["data"][1]["ids"] == [f"train-{i}" for i in range(7)]
    assert json.loads(json.dumps(found)) == found
    shown = "\n".join(text(found))
    assert "dpo/exact/ja/exact = 1 [0.5, 1], n 2, missing 0" in shown
    assert "7 rows: train-0, train-1, train-2, train-3, train-4, ..." in shown and "item-0: 1.0 'はい 0'" in shown
    assert from_record(reference(family()), ctx.store).ref == found["board"]


def test_several_samples_of_an_item_keep_their_own_scores(tmp_path: Path) -> None:
    from komainu.trace import judged

    made = context(tmp_path / "store")
    answers = made.store.build(Source(), made)
    rows = [Chat("a", (Message("user", "q"), Message("assistant", text))) for text in ("one", "two")]
    write_rows(answers.path / "rows.jsonl", rows)
    scores = made.store.build(Source(n=1), made)
    write_rows(scores.path / "rows.jsonl", [Score("a", "m", 1.0), Score("a", "other", 0.0), Score("a", "m", 0.0)])
    assert [(r["reply"], r["value"]) for r in judged(scores, answers, "m")] == [("one", 1.0), ("two", 0.0)]
    panel = [Score("a", "m", float(i), by=judge) for i in (1, 2) for judge in ("x", "y")]
    write_rows(scores.path / "rows.jsonl", panel)
    found = [(r["reply"], r["by"], r["value"]) for r in judged(scores, answers, "m")]
    assert found == [("one", "x", 1.0), ("one", "y", 1.0), ("two", "x", 2.0), ("two", "y", 2.0)]


def test_an_unknown_cell_names_the_nearest(ctx: Context) -> None:
    root = from_stage(family(), ctx.store)
    with pytest.raises(UsageError, match=r"no cell 'dp/exact/ja/exact'.*did you mean 'dpo/exact/ja/exact'"):
        trace(root, "dp/exact/ja/exact")
    with pytest.raises(UsageError, match="there is no board under Source"):
        trace(from_stage(CHATS, ctx.store), "a/b/c/d")


def test_a_trace_tells_what_is_gone_from_the_store(ctx: Context) -> None:
    shutil.rmtree(ctx.store.place(PAIRS))
    found = trace(from_stage(family(), ctx.store), "dpo/exact/ja/exact")
    assert found["data"][2] == {"ref": reference(PAIRS), "rows": None, "made_from": [], "ids": []}
    assert [*text(found)][-1] == f"data     {reference(PAIRS)}: gone from the store"
    shutil.rmtree(ctx.store.root / found["answers"]["ref"])
    with pytest.raises(UsageError, match="is gone from the store; run the recipe again"):
        trace(from_record(reference(family()), ctx.store), "dpo/exact/ja/exact")


def test_a_number_over_many_rows_is_traced_in_under_two_seconds(tmp_path: Path) -> None:
    made = context(tmp_path / "store")
    big = family(n=100_000)
    made.store.build(big, made)
    started = time.monotonic()
    found = trace(from_stage(big, made.store), "sft/exact/ja/exact")
    assert found["data"][1]["rows"] == 100_000
    assert time.monotonic() - started < 2


def test_one_changed_value_is_one_leaf_and_the_rest_follows(ctx: Context) -> None:
    found = compare(from_stage(family(), ctx.store), from_stage(family(lr=2e-3), ctx.store))
    ((a, _, leaves),) = found.changed
    assert a.kind == "Tune" and [str(leaf) for leaf in leaves] == ["lr: 0.001 -> 0.002"]
    assert sorted(x.kind for x, _ in found.follow) == ["Answers", "Answers", "Board", "Scores", "Scores", "Tune"]
    assert found.same == 5 and not (found.only_a or found.only_b)
    assert [*found.text()][:2] == [f"Tune {a.id} -> {found.changed[0][1].id}", "  lr: 0.001 -> 0.002"]
    assert found.json()["changed"][0]["leaves"] == [{"path": "lr", "old": 0.001, "new": 0.002}]


def test_a_recipe_does_not_differ_from_its_artifact(ctx: Context) -> None:
    found = compare(from_stage(family(), ctx.store), from_record(reference(family()), ctx.store))
    assert found.equal and [*found.text()] == ["nothing differs; stages in both: 12"]


def test_an_added_input_is_told_with_what_is_under_it(ctx: Context) -> None:
    a, b, c = Source(n=1), Source(n=2), Join(parts=(Source(n=3),))
    found = compare(from_stage(Join(parts=(a, b)), ctx.store), from_stage(Join(parts=(a, c, b)), ctx.store))
    assert [n.ref for n in found.only_b] == [reference(Source(n=3)), reference(c)] and found.only_a == []
    assert [str(leaf) for leaf in found.changed[0][2]] == ["parts[2]: nothing -> {'stage': '...'}"]


def test_the_same_inputs_in_another_order_differ(ctx: Context) -> None:
    a, b = Source(n=1), Source(n=2)
    found = compare(from_stage(Join(parts=(a, b)), ctx.store), from_stage(Join(parts=(b, a)), ctx.store))
    assert [leaf.path for leaf in found.changed[0][2]] == ["parts[0].stage", "parts[1].stage"]


def test_a_replaced_class_is_told_as_such(ctx: Context) -> None:
    a, b = from_stage(Tune(data=Source(n=1)), ctx.store), from_stage(Tune(data=Join(parts=(Source(n=1),))), ctx.store)
    found = compare(a, b)
    assert any(x.kind == "Source" and y.kind == "Join" for x, y, _ in found.changed)
    assert [(x.kind, y.kind) for x, y in found.follow] == [("Tune", "Tune")]


def test_an_untouched_store_verifies(ctx: Context) -> None:
    folders, problems = verify(ctx.store)
    assert len(folders) == 12 and problems == []
    assert verify(ctx.store, [from_record(reference(CHATS), ctx.store)]) == ([ctx.store.place(CHATS)], [])


def test_a_missing_and_an_added_file_and_a_lost_input_are_found(ctx: Context) -> None:
    (ctx.store.place(CHATS) / "rows.jsonl").unlink()
    (ctx.store.place(PAIRS) / ".hidden").touch()
    (ctx.store.place(PAIRS) / "link").symlink_to("nowhere")
    shutil.rmtree(ctx.store.place(Source(n=2, word="item")))
    ctx.store.name("gone", Source(n=77))
    problems = "\n".join(verify(ctx.store)[1])
    assert "rows.jsonl is missing" in problems and ".hidden is not of this artifact" in problems
    assert "link is not of this artifact" in problems and "was made from items = source/" in problems
    assert "the name 'gone' points at" in problems
    assert len(verify(ctx.store, [from_stage(family(), ctx.store)])[1]) == 6  # the lost one is told by both its users


def test_an_artifact_in_the_place_of_another_is_found(ctx: Context) -> None:
    shutil.rmtree(ctx.store.place(PAIRS))
    shutil.copytree(ctx.store.place(CHATS), ctx.store.place(PAIRS))
    (problem,) = verify(ctx.store)[1]
    assert problem.endswith(f"holds the record of Source {CHATS.id}")


@pytest.fixture(scope="module")
def one() -> Iterator[tuple[Context, list[Path]]]:
    """A store with one artifact of three files."""
    root = Path(tempfile.mkdtemp())
    made = context(root)
    path = made.store.build(Source(word="日本"), made).path
    (path / "record.json").unlink()
    (path / ".work").mkdir()
    original = Source.run

    def more(self: Source, out: Path, ctx: Context) -> dict[str, Any]:
        (out / "deep").mkdir()
        (out / "deep" / "model.bin").write_bytes(bytes(range(256)))
        return original(self, out, ctx)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Source, "run", more)
        made.store.build(Source(word="日本"), made)
    yield made, [path / "record.json", path / "rows.jsonl", path / "deep" / "model.bin"]
    shutil.rmtree(root)


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_every_changed_byte_is_found(one: tuple[Context, list[Path]], data: st.DataObject) -> None:
    made, files = one
    file = data.draw(st.sampled_from(files))
    before = file.read_bytes()
    at = data.draw(st.integers(0, len(before) - 1))
    new = data.draw(st.sampled_from([*b" \n\r\t0"]) | st.integers(0, 255))
    file.write_bytes(before[:at] + bytes([new]) + before[at + 1 :])
    try:
        assert bool(verify(made.store)[1]) == (new != before[at])
    finally:
        file.write_bytes(before)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_every_byte_added_or_cut_off_is_found(one: tuple[Context, list[Path]], data: st.DataObject) -> None:
    made, files = one
    file = data.draw(st.sampled_from(files))
    before = file.read_bytes()
    at = data.draw(st.integers(0, len(before)))
    after = before[:at] if data.draw(st.booleans()) and at < len(before) else before[:at] + b" " + before[at:]
    file.write_bytes(after)
    try:
        assert verify(made.store)[1]
    finally:
        file.write_bytes(before)
