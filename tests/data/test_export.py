"""Export: shards that other programs load, and that give the same rows again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from komainu.data.export import FORMATS, Export
from komainu.data.files import ChatFile, PairFile
from komainu.errors import UsageError
from komainu.files import read_objects
from komainu.layouts import LAYOUTS
from komainu.rows import Chat, Message, Pair, Row
from komainu.store import Store
from tests.data.fakes import Rows, source
from tests.data.test_files import context
from tests.test_cli import Run, komainu_  # noqa: F401  (a fixture)

TEXT = st.text(st.characters(codec="utf-8"), max_size=8).map(lambda text: f"{text}.")
LEAF = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
FREE = st.dictionaries(TEXT, LEAF | st.lists(LEAF, max_size=2) | st.dictionaries(TEXT, LEAF, max_size=1), max_size=2)
LANG = st.fixed_dictionaries({"source": TEXT, "licence": TEXT}, optional={"lang": st.sampled_from(["ja", "en"])})
META = st.builds(lambda free, known: free | known, FREE, LANG)
CHATS = [name for name, layout in LAYOUTS.items() if layout.holds is Chat and name != "rows"]
PAIRS = [name for name, layout in LAYOUTS.items() if layout.holds is Pair]
SINGLE = ("kto-plain", "trl-plain")
QUICK = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def turns(draw: st.DrawFn, layout: str) -> list[Message]:
    """A conversation up to a question, of a shape that the layout holds."""
    most = 1 if layout in SINGLE else 3
    asked = [
        Message(("user", "assistant")[i % 2], draw(TEXT), draw(FREE)) for i in range(draw(st.sampled_from([1, most])))
    ]
    system = [Message("system", draw(TEXT))] if most > 1 and draw(st.booleans()) else []
    return [*system, *asked]


@st.composite
def some_rows(draw: st.DrawFn, layout: str) -> list[Row]:
    made: list[Row] = []
    labelled = draw(st.booleans())
    for number in range(draw(st.integers(1, 5))):
        asked, meta = draw(turns(layout)), draw(META)
        if layout in PAIRS:
            made.append(Pair(f"r{number}", tuple(asked), draw(TEXT) + "+", draw(TEXT) + "-", meta))
        else:
            label = {"label": draw(st.booleans())} if labelled else {}
            said = Message("assistant", draw(TEXT), draw(FREE))
            made.append(Chat(f"r{number}", (*asked, said), {**meta, **label}))
    return made


@pytest.mark.parametrize("layout", [*CHATS, *PAIRS])
@QUICK
@given(data=st.data(), format=st.sampled_from(FORMATS))
def test_rows_come_back_equal_from_every_layout_and_format(
    tmp_path: Path, layout: str, format: str, data: st.DataObject
) -> None:
    out, made = tmp_path / "out", data.draw(some_rows(layout))
    shutil.rmtree(out, ignore_errors=True)
    stage = Export(rows=Rows(lines=()), layout=layout, format=format, shard_rows=2)
    assert stage.write(made, out) == {"rows": len(made), "shards": -(-len(made) // 2)}
    kind = PairFile if layout in PAIRS else ChatFile
    back = kind(path=str(out), licence="another", source="another")
    assert [*back.problems()] == []
    assert [seen.row for seen in back.read()] == made


CHAT = Chat("a", (Message("user", "q"), Message("assistant", "x", {"weight": 1})), {"source": "s", "licence": "MIT"})
OTHER = Chat("b", (Message("system", "s"), *CHAT.messages), {"label": True})


def made(tmp_path: Path, *rows: Row, **fields: Any) -> Path:
    Export(rows=Rows(lines=()), **fields).write(rows, tmp_path)
    return tmp_path / "data"


def test_shards_are_named_as_datasets_splits_and_have_plain_columns(tmp_path: Path) -> None:
    folder = made(tmp_path, CHAT, CHAT, CHAT, shard_rows=2)
    names = ["train-00000-of-00002.parquet", "train-00001-of-00002.parquet"]
    assert sorted(p.name for p in folder.iterdir()) == names
    table = pq.read_table(folder / names[0])
    assert table.to_pylist()[0] == {
        "id": "a",
        "messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "x"}],
        "komainu": '{"meta":{"licence":"MIT","source":"s"},"turns":{"1":{"weight":1}}}',
    }
    assert pq.ParquetFile(folder / names[0]).metadata.row_group(0).column(0).compression == "ZSTD"


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_rows_give_the_same_bytes(tmp_path: Path, format: str) -> None:
    one, two = (made(tmp_path / name, CHAT, CHAT, format=format) for name in "ab")
    assert [p.read_bytes() for p in one.iterdir()] == [p.read_bytes() for p in two.iterdir()]


def test_llama_factory_is_told_what_it_reads(tmp_path: Path) -> None:
    made(tmp_path / "a", OTHER, layout="messages")
    (entry,) = json.loads((tmp_path / "a" / "dataset_info.json").read_text()).values()
    assert entry["file_name"] == "data" and entry["columns"] == {"messages": "messages", "kto_tag": "label"}
    made(tmp_path / "b", OTHER, layout="messages", format="jsonl.zst")
    assert not (tmp_path / "b" / "dataset_info.json").exists(), "it reads no zstd"


def test_alpaca_has_the_same_columns_whatever_a_row_has(tmp_path: Path) -> None:
    folder = made(tmp_path, Chat("a", CHAT.messages), Chat("b", OTHER.messages), layout="alpaca", format="jsonl")
    (_, first), (_, second) = read_objects(folder / "train-00000-of-00001.jsonl")
    assert first.keys() == second.keys() and (first["system"], first["history"], second["system"]) == ("", [], "s")


CALL = Chat("c", (Message("user", "q"), Message("assistant", "", {"tool_calls": [{"id": "1"}]})))


@pytest.mark.parametrize("row, fields, why", [
    (CALL, {}, "row c calls tools, which is not exported"),
    (OTHER, {}, "row b has a label and rows before it have none"),
    (OTHER, {"layout": "kto-plain"}, "row b: layout kto-plain holds one user turn"),
    (Chat("p", (Message("user", "q"),)), {"layout": "alpaca"}, "row p has no answer; layout alpaca needs one"),
    (Pair("x", (Message("user", "q"),), "a", "b"), {}, "row x is a Pair; this layout holds a Chat"),
])  # fmt: skip
def test_what_a_layout_cannot_hold_is_an_error_with_the_row(tmp_path: Path, row: Row, fields: Any, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        made(tmp_path, CHAT, row, **fields)


def test_a_column_added_by_others_is_kept(tmp_path: Path) -> None:
    folder = made(tmp_path, CHAT, format="jsonl")
    (file,) = folder.iterdir()
    file.write_text(json.dumps({**json.loads(file.read_text()), "quality": 3}))
    (seen,) = ChatFile(path=str(file), licence="MIT").read()
    assert isinstance(seen.row, Chat) and seen.row.meta == {**CHAT.meta, "extra": {"quality": 3}}


def test_wrong_wiring_is_told_before_it_runs() -> None:
    rows = source(CHAT)
    (problem,) = Export(rows=rows, layout="trl").check()
    assert problem.startswith("Export.layout trl holds no Chat; those that do: ") and "messages" in problem
    assert [*Export(rows=rows, layout="mesages", format="csv", shard_rows=0).check()] == [
        "Export.layout is 'mesages'; did you mean 'messages'?",
        "Export.format is 'csv'; there is: jsonl, jsonl.zst, parquet",
        "Export.shard_rows is 0; a shard holds at least one row",
    ]


def test_the_verb_writes_an_artifact_of_the_store_to_a_new_folder(komainu_: Run) -> None:  # noqa: F811
    ctx = context(Path())
    ctx.store.build(source(CHAT), ctx)
    ctx.store.name("mine", source(CHAT))
    done = komainu_("data", "export", "mine", "out", "--layout", "sharegpt", "--format", "jsonl", "--json")
    assert done.code == 0 and (done.json["rows"], done.json["shards"]) == (1, 1)
    (file,) = Path("out/data").iterdir()
    assert [v["conversations"][0] for _, v in read_objects(file)] == [{"from": "human", "value": "q"}]
    again = komainu_("data", "export", "mine", "out", "--layout", "sharegpt")
    assert again.code == 2 and "out is there already; give a folder that is not" in again.err
    wrong = komainu_("data", "export", "mine", "other", "--layout", "trl")
    assert wrong.code == 2 and "holds no Chat" in wrong.err and not Path("other").exists()
    assert Store(Path("store")).resolve("mine")
