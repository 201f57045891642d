"""Folders, globs, parts, and sets of the hub: which rows are read, under which identity."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import huggingface_hub
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.data import hub
from komainu.data.files import ChatFile, PairFile
from komainu.data.part import part_of
from komainu.errors import UsageError
from tests.data.broken_files import file, stream
from tests.data.test_files import built, chat, pair, saved

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def ids(path: str, tmp_path: Path, **fields: Any) -> list[str]:
    return [row.messages[0].content for row in built(ChatFile(path=path, licence="MIT", **fields), tmp_path)]


def shards(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        saved(folder / name, *(chat(f"{Path(name).name.partition('.')[0]}{i}", "x") for i in range(2)))
    return folder


def test_a_folder_is_its_files_by_name_whatever_their_formats(tmp_path: Path) -> None:
    folder = shards(tmp_path / "set", "b.jsonl", "a.jsonl.zst", "c.parquet", "d.arrow")
    shards(folder / "more", "e.json")
    (folder / "README.md").write_text("a set")
    (folder / "dataset_info.json").write_text("{}")
    (folder / ".cache.json").write_text("{}")
    found = built(ChatFile(path=str(folder), licence="MIT"), tmp_path)
    assert [row.messages[0].content for row in found] == [f"{n}{i}" for n in "abcde" for i in range(2)]
    assert {row.meta["source"] for row in found} == {"set"} and len({row.id for row in found}) == 10


def test_a_glob_is_the_files_that_fit_by_name(tmp_path: Path) -> None:
    folder = shards(tmp_path / "set", "b.jsonl", "a.jsonl", "other.parquet")
    assert ids(f"{folder}/*.jsonl", tmp_path) == ["a0", "a1", "b0", "b1"]
    (problem,) = ChatFile(path=f"{folder}/*.json", licence="MIT").check()
    assert problem.endswith("*.json: no file has such a name")


def test_a_moved_set_is_the_same_and_a_changed_order_or_content_is_not(tmp_path: Path) -> None:
    folder = shards(tmp_path / "set", "a.jsonl", "b.jsonl")
    whole = ChatFile(path=str(folder), licence="MIT")
    shutil.copytree(folder, tmp_path / "moved")
    assert ChatFile(path=f"{tmp_path}/moved/*", licence="MIT").id == whole.id
    (tmp_path / "moved" / "a.jsonl").rename(tmp_path / "moved" / "c.jsonl")
    assert ChatFile(path=str(tmp_path / "moved"), licence="MIT").id != whole.id
    saved(folder / "b.jsonl", chat("new", "x"))
    (problem,) = whole.check()
    assert "has changed" in problem
    (folder / "b.jsonl").unlink()
    assert ChatFile(path=str(folder), licence="MIT").id == ChatFile(path=str(folder / "a.jsonl"), licence="MIT").id


def test_the_same_file_twice_gives_every_row_an_id_of_its_own(tmp_path: Path) -> None:
    folder = shards(tmp_path / "set", "a.jsonl")
    shutil.copy(folder / "a.jsonl", folder / "b.jsonl")
    rows = built(ChatFile(path=str(folder), licence="MIT"), tmp_path)
    assert len({row.id for row in rows}) == 4 and rows[2].id == f"{rows[0].id}-2"


def test_a_problem_names_its_own_file_and_line(tmp_path: Path) -> None:
    folder = shards(tmp_path / "set", "a.jsonl", "b.jsonl")
    with open(folder / "b.jsonl", "ab") as out:
        out.write(b"{\n")
    (problem,) = ChatFile(path=str(folder), licence="MIT").check()
    assert problem.startswith(f"{folder / 'b.jsonl'}:3: not JSON")


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl.xz", "x.tar"])
def test_a_folder_with_other_data_is_refused_rather_than_passed_over(tmp_path: Path, name: str) -> None:
    folder = shards(tmp_path / "set", "a.jsonl")
    (folder / name).write_bytes(b"?")
    (problem,) = ChatFile(path=str(folder), licence="MIT").check()
    assert f"{name}: the name tells no known format; give a glob" in problem


def test_an_empty_shard_among_others_is_an_error(tmp_path: Path) -> None:
    folder = shards(tmp_path / "set", "a.jsonl")
    (folder / "b.jsonl").write_bytes(b"")
    (problem,) = ChatFile(path=str(folder), licence="MIT", broken=0.5).check()
    assert problem.startswith(f"{folder / 'b.jsonl'}: the file is empty")


@pytest.mark.parametrize("write", [stream, file])
def test_a_dataset_saved_to_disk_is_read_in_its_own_order(tmp_path: Path, write: Any) -> None:
    names = ["data-00001-of-00002.arrow", "data-00000-of-00002.arrow"]
    for i, name in enumerate(names):
        (tmp_path / name).write_bytes(write(pa.Table.from_pylist([chat(f"{i}{j}", "x") for j in range(3)])))
    state = {"_data_files": [{"filename": n} for n in names], "_split": "train"}
    (tmp_path / "state.json").write_text(json.dumps(state))
    (tmp_path / "dataset_info.json").write_text("{}")
    assert ids(str(tmp_path), tmp_path) == ["00", "01", "02", "10", "11", "12"]
    (tmp_path / names[0]).unlink()
    (problem,) = ChatFile(path=str(tmp_path), licence="MIT").check()
    assert "which is not in the folder; copy it whole" in problem


def test_a_set_of_splits_asks_for_one(tmp_path: Path) -> None:
    shards(tmp_path / "train", "a.jsonl")
    (tmp_path / "dataset_dict.json").write_text('{"splits": ["train"]}')
    (problem,) = ChatFile(path=str(tmp_path), licence="MIT").check()
    assert problem.endswith("this is a set of splits; give one of them: train")


@pytest.mark.parametrize("text, total, span", [
    ("", 7, (0, 7)), ("[:25%]", 10, (0, 2)), ("[:25%]", 14, (0, 4)), ("[50%:]", 5, (2, 5)), ("[-5%:]", 100, (95, 100)),
    ("[10:200]", 50, (10, 50)), ("[-3:]", 10, (7, 10)), ("[:-3]", 2, (0, 0)), ("[1_0:]", 20, (10, 20)),
    ("[10:50%]", 200, (20, 100)),
])  # fmt: skip
def test_a_part_is_what_datasets_means_by_it(text: str, total: int, span: tuple[int, int]) -> None:
    assert part_of(text).span(total) == span


@given(st.integers(1, 60), st.lists(st.integers(0, 100), max_size=4))
def test_parts_in_percent_that_meet_take_every_row_once(total: int, cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), 100]
    taken = [i for a, b in pairwise(bounds) for i in range(*part_of(f"[{a}%:{b}%]").span(total))]
    assert taken == [*range(total)]


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.zst", ".json", ".parquet", ".arrow"])
def test_a_part_of_a_file_keeps_the_rows_ids(tmp_path: Path, suffix: str) -> None:
    path = saved(tmp_path / f"x{suffix}", *(chat(f"{i}", "x", id="abab"[i % 4]) for i in range(8)))
    whole = built(ChatFile(path=path, licence="MIT"), tmp_path)
    for text, rows in (("[:25%]", whole[:2]), ("[-25%:]", whole[6:]), ("[3:5]", whole[3:5]), ("[:-7]", whole[:1])):
        spelled, given = ChatFile(path=path + text, licence="MIT"), ChatFile(path=path, licence="MIT", part=text)
        assert spelled.id == given.id and (spelled.path, spelled.part) == (path, text)
        assert spelled.expected(lambda _: None) == len(rows)
        assert built(spelled, tmp_path) == rows


def test_a_part_goes_over_files_and_one_without_rows_is_an_error(tmp_path: Path) -> None:
    folder = shards(tmp_path / "set", "a.jsonl", "b.jsonl")
    assert ids(f"{folder}[1:3]", tmp_path) == ["a1", "b0"]
    (problem,) = ChatFile(path=f"{folder}[9:]", licence="MIT").check()
    assert problem == f"{folder}: the part [9:] holds no rows"
    for wrong in ("[1]", "[:200%]", "[a:]", "25%"):
        (problem,) = ChatFile(path=str(folder), licence="MIT", part=wrong).check()
        assert problem.startswith(f"{wrong!r}")


def test_a_broken_row_outside_the_part_is_no_problem_of_it(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.jsonl", chat("q", "a"), {"talk": 1}, chat("r", "a"))
    assert ids(path + "[:1]", tmp_path) == ["q"] and ids(path + "[2:]", tmp_path) == ["r"]
    (problem,) = ChatFile(path=path + "[1:2]", licence="MIT").check()
    assert problem.startswith(f"{path}:2: ")


@pytest.fixture
def the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A set of the hub, as a folder; what is asked for is recorded in `asked`."""
    root = tmp_path / "hub"

    def download(repo: str, repo_type: str, revision: str, allow_patterns: list[str]) -> str:
        assert (repo, repo_type, revision) == ("some/set", "dataset", COMMIT)
        return str(root)

    monkeypatch.setattr(hub, "snapshot_download", download)
    assert huggingface_hub.snapshot_download is not download
    return root


CARD = """---
configs:
- config_name: en
  data_files: [{split: train, path: en/*.jsonl}, {split: test, path: [en-test.jsonl]}]
- config_name: ja
  default: true
  data_files: [{split: train, path: "ja/*"}]
---
"""


def test_a_set_of_the_hub_is_read_at_its_commit_and_by_its_card(tmp_path: Path, the_hub: Path) -> None:
    shards(the_hub, "en/a.jsonl", "ja/b.jsonl", "en-test.jsonl")
    (the_hub / "README.md").write_text(CARD)
    at = f"some/set@{COMMIT}"
    assert ids(at, tmp_path) == ["b0", "b1"]
    assert ids(f"{at}:en/train[:50%]", tmp_path) == ["a0"]
    assert ids(f"{at}:en/test", tmp_path) == ["en-test0", "en-test1"]
    assert ids(f"{at}:en/*.jsonl", tmp_path) == ["a0", "a1"]
    (row, _) = built(ChatFile(path=at, licence="MIT"), tmp_path)
    assert row.meta["source"] == "some/set"
    for wrong, why in (
        ("ja/test", "there is no split 'test'; there is: train"),
        ("fr/train", "there is no config 'fr'"),
    ):
        with pytest.raises(UsageError, match=why):
            built(ChatFile(path=f"{at}:{wrong}", licence="MIT"), tmp_path)


def test_a_set_without_a_card_is_found_where_splits_lie(tmp_path: Path, the_hub: Path) -> None:
    shards(the_hub, "data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet")
    assert ids(f"some/set@{COMMIT}", tmp_path)[0].startswith("train")
    with pytest.raises(UsageError, match="no files of rows fit"):
        built(ChatFile(path=f"some/set@{COMMIT}:dev", licence="MIT"), tmp_path)


def test_a_branch_of_the_hub_is_refused_and_the_commit_is_the_identity() -> None:
    (problem,) = PairFile(path="some/set@main", licence="MIT").check()
    assert problem.endswith("the revision of some/set is 'main'; give the commit's 40 hex digits")
    one = PairFile(path=f"some/set@{COMMIT}", licence="MIT")
    assert one.id == PairFile(hub=f"some/set@{COMMIT}", licence="MIT").id
    assert one.id != PairFile(path=f"some/set@{COMMIT}:test", licence="MIT").id
    assert [*one.check()] == [] and one.expected(lambda _: None) is None


def test_old_ids_are_as_they_were(tmp_path: Path) -> None:
    chats, pairs = saved(tmp_path / "c.jsonl", chat("q", "a")), saved(tmp_path / "p.jsonl", pair("q", "a", "b"))
    assert ChatFile(path=chats, licence="MIT").id == "04e470dd9b57"
    assert PairFile(path=pairs, licence="MIT").id == "69e08db89a06"
