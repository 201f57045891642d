"""Files: every format gives back what was written, and a broken file says where."""

from __future__ import annotations

import builtins
import gzip
import json
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from komainu.errors import UsageError
from komainu.files import FORMATS, TABLES, read_objects, read_rows, scan, write_json, write_objects, write_rows
from komainu.rows import Chat, Message, Pair, Row, Score

TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
LEAF = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
OBJECT = st.dictionaries(TEXT, LEAF | st.lists(LEAF, max_size=2) | st.dictionaries(TEXT, LEAF, max_size=2), max_size=3)
ROLES = st.sampled_from(["system", "user", "assistant", "tool"])
MESSAGES = st.lists(st.builds(Message, ROLES, TEXT, OBJECT), max_size=3).map(tuple)
CHATS = st.builds(Chat, TEXT, MESSAGES, OBJECT)
PAIRS = st.builds(Pair, TEXT, MESSAGES, TEXT, TEXT, OBJECT)
FLOAT = st.none() | st.floats(allow_nan=False, allow_infinity=False)
SCORES = st.builds(Score, TEXT, TEXT, FLOAT, TEXT, TEXT)
QUICK = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
CHAT = Chat("a", (Message("user", "富士山は？", {"weight": 1}), Message("assistant", "高い。\n")), {"lang": "ja"})


@pytest.mark.parametrize("suffix", FORMATS)
@QUICK
@given(rows=st.lists(CHATS, max_size=4) | st.lists(PAIRS, max_size=4) | st.lists(SCORES, max_size=4))
def test_rows_come_back_equal_from_every_format(tmp_path: Path, suffix: str, rows: list[Row]) -> None:
    path = tmp_path / f"rows{suffix}"
    assert write_rows(path, iter(rows)) == len(rows)
    assert [*read_rows(path)] == rows


@pytest.mark.parametrize("suffix", [s for s in FORMATS if s not in TABLES])
@QUICK
@given(objects=st.lists(OBJECT, min_size=1, max_size=4))
def test_objects_come_back_equal_with_their_lines(tmp_path: Path, suffix: str, objects: list[dict[str, Any]]) -> None:
    path = tmp_path / f"objects{suffix}"
    assert write_objects(path, objects) == len(objects)
    first = 2 if suffix == ".json" else 1
    assert [*read_objects(path)] == [*enumerate(objects, first)]


@QUICK
@given(objects=st.lists(OBJECT, min_size=1, max_size=3))
def test_parquet_gives_objects_back_equal_or_refuses_them(tmp_path: Path, objects: list[dict[str, Any]]) -> None:
    path = tmp_path / "objects.parquet"
    try:
        write_objects(path, objects)
    except UsageError:
        assert not path.exists() and not [*tmp_path.glob("*.partial")]
        return
    found = [value for _, value in read_objects(path)]
    assert json.dumps(found, sort_keys=True) == json.dumps(objects, sort_keys=True)
    path.unlink()


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_same_rows_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    for name in ("a", "b"):
        write_rows(tmp_path / f"{name}{suffix}", [CHAT] * 3)
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_parquet_rows_have_columns_that_any_tool_reads(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.parquet", [CHAT])
    table = pq.read_table(tmp_path / "rows.parquet")
    assert table.column_names == ["id", "messages", "meta"]
    assert table.to_pylist() == [
        {
            "id": "a",
            "messages": [
                {"role": "user", "content": "富士山は？", "extra": '{"weight":1}'},
                {"role": "assistant", "content": "高い。\n", "extra": None},
            ],
            "meta": '{"lang":"ja"}',
        }
    ]
    assert pq.ParquetFile(tmp_path / "rows.parquet").metadata.row_group(0).column(0).compression == "ZSTD"


def test_rows_in_parquet_are_read_as_objects_of_our_own_layout(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.parquet", [CHAT])
    (_, value), *none = read_objects(tmp_path / "rows.parquet")
    assert value["type"] == "Chat" and value["messages"][0]["content"] == "富士山は？" and not none


def test_rows_of_two_types_go_into_json_lines_but_not_into_one_parquet_file(tmp_path: Path) -> None:
    rows: list[Row] = [CHAT, Score("a", "x", 1.0)]
    assert write_rows(tmp_path / "rows.jsonl", rows) == 2
    with pytest.raises(UsageError, match=r"row a is a Score among Chat rows; use JSON lines"):
        write_rows(tmp_path / "rows.parquet", rows)
    assert [p.name for p in tmp_path.iterdir()] == ["rows.jsonl"]


def test_an_object_that_parquet_would_change_is_refused_by_number_and_key(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"object 2 would not come back equal: 'score'"):
        write_objects(tmp_path / "x.parquet", [{"id": "a"}, {"id": "b", "score": 1}])
    with pytest.raises(UsageError, match=r"Parquet cannot hold this"):
        write_objects(tmp_path / "x.parquet", [{"id": "a"}, {"id": 1}])


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_writer_that_fails_leaves_the_old_file_as_it_was(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"rows{suffix}"
    write_rows(path, [CHAT])
    before = path.read_bytes()

    def failing() -> Iterator[Row]:
        yield CHAT
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        write_rows(path, failing())
    assert path.read_bytes() == before and [*tmp_path.iterdir()] == [path]


GOOD = b'{"a":1}\n'
BROKEN: list[tuple[str, bytes, str]] = [
    ("x.jsonl", b"", r"x.jsonl: the file holds no objects"),
    ("x.jsonl", b"\n  \n", r"x.jsonl: the file holds no objects"),
    ("x.jsonl", GOOD + b'{"a":"tru', r"x.jsonl:2: not JSON: input data was truncated"),
    ("x.jsonl", GOOD + b"\n" + b'{"a":"\xff"}', r"x.jsonl:3: not UTF-8: invalid start byte"),
    ("x.jsonl", '{"a":1}'.encode("utf-16"), r"x.jsonl:1: not UTF-8: the file looks like UTF-16"),
    ("x.jsonl", GOOD + b"[1]\n", r"x.jsonl:2: expected an object, found an array"),
    ("x.jsonl", GOOD + b"null\n", r"x.jsonl:2: expected an object, found null"),
    ("x.jsonl", b'{"a":NaN}\n', r"x.jsonl:1: not JSON: .*invalid character"),
    ("x.jsonl", b'{"a":1} {"b":2}\n', r"x.jsonl:1: not JSON: .*trailing characters"),
    ("x.jsonl", b'{"a":' + b"[" * 100_000, r"x.jsonl:1: not (JSON|readable)"),
    ("x.jsonl", GOOD + b'{"a":{"b":1,"c":2,"b":1}}\n', r"x.jsonl:2: the key 'b' stands twice in one object"),
    ("x.jsonl", b'{"a":1,"\\u0061":"\\u0022"}\n', r"x.jsonl:1: the key 'a' stands twice in one object"),
    ("x.arrow", b"plain text", r"x.arrow: not Arrow, or damaged"),
    ("x.json", b"[]", r"x.json: the file holds no objects"),
    ("x.json", b'[\n{"a":1},\n{"a":tru}\n]', r"x.json:3: not JSON"),
    ("x.json", b'[\n{"a":1},\n\n{"a":2', r"x.json:2: the array does not end"),
    ("x.json", b'[\n{"a":1},\n\n7]', r"x.json:4: expected an object, found a number"),
    ("x.json", b'[{"a":1},\n]', r"x.json:2: expected an object before '\]'"),
    ("x.json", b'[{"a":1},\n,{"a":1}]', r"x.json:2: expected an object before ','"),
    ("x.json", b'[{"a":1}]\n{"a":1}', r"x.json:1: the array ends here, but the file goes on"),
    ("x.json", b'[{"a":1}}', r"x.json:1: the array ends here, but the file goes on"),
    ("x.jsonl.zst", b"plain text", r"x.jsonl.zst: not zstd data, or damaged"),
    ("x.jsonl.zst", zstandard.compress(GOOD * 9999)[:-20], r"x.jsonl.zst: the zstd data is truncated"),
    ("x.jsonl.zst", zstandard.compress(b""), r"x.jsonl.zst: the file holds no objects"),
    ("x.jsonl.gz", b"plain text", r"x.jsonl.gz: not a gzipped file"),
    ("x.jsonl.gz", gzip.compress(GOOD * 9999, mtime=0)[:-20], r"x.jsonl.gz: the gzip data is damaged or not whole"),
    (
        "x.jsonl.gz",
        gzip.compress(GOOD, mtime=0)[:10] + b"\xff" * 40,
        r"x.jsonl.gz: the gzip data is damaged or not whole",
    ),
    ("x.jsonl.gz", gzip.compress(b"", mtime=0), r"x.jsonl.gz: the file holds no objects"),
    ("x.parquet", b"plain text", r"x.parquet: not Parquet, or damaged"),
    ("x.csv", b"", r"x.csv: the name tells no known format; known are .jsonl"),
]


@pytest.mark.parametrize("name, data, why", BROKEN)
def test_a_broken_file_is_an_error_with_file_and_line(tmp_path: Path, name: str, data: bytes, why: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(UsageError, match=why):
        [*read_objects(tmp_path / name)]


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_missing_file_a_folder_and_a_missing_folder_are_errors_of_the_user_s(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(UsageError, match=f"none{suffix}: no such file or directory"):
        [*read_objects(tmp_path / f"none{suffix}")]
    (tmp_path / f"folder{suffix}").mkdir()
    with pytest.raises(UsageError, match=f"folder{suffix}: "):
        [*read_objects(tmp_path / f"folder{suffix}")]
    with pytest.raises(UsageError, match="there is no such folder to write"):
        write_rows(tmp_path / "none" / f"x{suffix}", [CHAT])


def test_two_columns_of_one_name_are_refused_for_only_one_could_be_kept(tmp_path: Path) -> None:
    pq.write_table(pa.table([[1], [2]], names=["a", "a"]), tmp_path / "x.parquet")
    with pytest.raises(UsageError, match=r"x.parquet: two columns are called 'a'; rename one"):
        [*scan(tmp_path / "x.parquet")]


def test_damage_in_a_table_is_told_with_the_row_and_the_row_group(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    write_objects(path, ({"a": f"{i * 7919}"} for i in range(3000)))
    found = pq.ParquetFile(path).metadata.row_group(1).column(0)
    data = bytearray(path.read_bytes())
    data[found.data_page_offset + 60] ^= 1
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"x.parquet:1025: row group 1 is damaged: .*; get the file again"):
        [*scan(path)]


def test_scanning_goes_on_after_a_broken_line(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b'{"a":1}\nnull\n{"a":\n{"a":2}\n')
    found = [*scan(tmp_path / "x.jsonl")]
    assert [(f.line, f.value) for f in found] == [(1, {"a": 1}), (2, None), (3, None), (4, {"a": 2})]
    assert [f.problem.partition(":")[0] for f in found] == ["", "expected an object, found null", "not JSON", ""]


def test_a_broken_row_says_file_line_and_field(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", [CHAT])
    with open(tmp_path / "rows.jsonl", "ab") as out:
        out.write(b'{"type":"Chat","id":"b","messages":[{"role":"boss","content":""}]}\n')
    with pytest.raises(UsageError, match=r"rows.jsonl:2: not a row: .*\$.messages\[0\].role"):
        [*read_rows(tmp_path / "rows.jsonl")]
    pq.write_table(pa.table({"x": [1]}), tmp_path / "x.parquet")
    with pytest.raises(UsageError, match=r"x.parquet: its columns are not those of our rows: x"):
        [*read_rows(tmp_path / "x.parquet")]


def test_text_that_is_no_unicode_is_refused_with_the_row(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="row b holds text that is no valid Unicode"):
        write_rows(tmp_path / "rows.jsonl", [CHAT, Chat("b", (Message("user", "\ud800"),))])


def test_a_byte_order_mark_and_blank_lines_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_bytes(b'\xef\xbb\xbf{"a":1}\r\n\r\n{"a":2}')
    assert [*read_objects(tmp_path / "x.jsonl")] == [(1, {"a": 1}), (3, {"a": 2})]
    (tmp_path / "x.json").write_bytes(b'\xef\xbb\xbf\n[{"a":1}]')
    assert [*read_objects(tmp_path / "x.json")] == [(2, {"a": 1})]


def test_a_json_file_of_lines_is_read_as_lines(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(b'{"a":1}\n{"a":2}\n')
    assert [*read_objects(tmp_path / "x.json")] == [(1, {"a": 1}), (2, {"a": 2})]


def test_several_zstd_frames_are_one_file(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl.zst").write_bytes(zstandard.compress(b'{"a":1}\n{"a"') + zstandard.compress(b":2}\n"))
    assert [*read_objects(tmp_path / "x.jsonl.zst")] == [(1, {"a": 1}), (2, {"a": 2})]


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".jsonl.zst", ".jsonl.gz"])
def test_a_big_file_is_read_in_small_memory(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"big{suffix}"
    write_objects(path, ({"n": i, "text": f"{i * 7919} " * 150} for i in range(20_000)))
    tracemalloc.start()
    try:
        assert sum(1 for _ in read_objects(path)) == 20_000
        assert tracemalloc.get_traced_memory()[1] < 8e6, "20 MB of objects must not be held at once"
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("package, name", [("zstandard", "x.jsonl.zst"), ("pyarrow", "x.parquet")])
def test_a_missing_package_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str, name: str
) -> None:
    real = builtins.__import__

    def without(wanted: str, *rest: Any, **more: Any) -> Any:
        if wanted.split(".")[0] == package:
            raise ModuleNotFoundError(f"No module named {package!r}", name=package)
        return real(wanted, *rest, **more)

    for module in ("komainu.zst", "komainu.parquet"):
        monkeypatch.delitem(sys.modules, module, raising=False)
        monkeypatch.delattr(sys.modules["komainu"], module.partition(".")[2], raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(UsageError, match=rf"{name}: this format needs .*{package}: pip install 'komainu\[data\]'"):
        write_rows(tmp_path / name, [CHAT])


def test_json_is_written_whole_and_refuses_what_is_no_json(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"名": [1, 2.5]})
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8")) == {"名": [1, 2.5]}
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "x.json", {"x": float("nan")})
    assert json.loads((tmp_path / "x.json").read_text(encoding="utf-8")) == {"名": [1, 2.5]}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_json_file_is_what_json_itself_would_write(tmp_path: Path, value: Any) -> None:
    write_json(tmp_path / "x.json", value)
    assert (tmp_path / "x.json").read_bytes() == (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
