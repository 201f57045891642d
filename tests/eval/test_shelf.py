"""Where items are found: what is given, the folders in their order, the hub; and what is said when they are nowhere."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from komainu.errors import UsageError
from komainu.eval import shelf
from komainu.eval.items import Source
from komainu.eval.shelf import NotAtHand, Shelf

HUB = Source(repo="someone/items", revision="0" * 40)


def put(path: Path, text: str = "{}\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "reachable", lambda url: False)


def test_what_is_given_goes_first_then_the_folders_in_their_order(tmp_path: Path) -> None:
    given, first, second = (put(tmp_path / name / "deep" / "er" / "set.jsonl", f"{name}\n") for name in "abc")
    folders = (tmp_path / "b", tmp_path / "c")
    assert Shelf(folders, tmp_path / "a").source("set.jsonl", home="x").path == str(given)
    assert Shelf(folders).source("set.jsonl", home="x").path == str(first)
    first.unlink()
    assert Shelf(folders).source("set.jsonl", home="x", hub=HUB).path == str(second)


def test_a_given_file_stands_for_any_set_and_a_folder_without_it_leads_on(tmp_path: Path) -> None:
    file = put(tmp_path / "a" / "mine.jsonl")
    other = put(tmp_path / "b" / "set.jsonl")
    assert Shelf((tmp_path / "b",), file).source("set.jsonl", home="x").path == str(file)
    assert Shelf((tmp_path / "b",), tmp_path / "a").source("set.jsonl", home="x").path == str(other)


def test_the_names_count_in_their_order_and_the_file_nearest_to_the_top_is_taken(tmp_path: Path) -> None:
    top, deep = put(tmp_path / "z.jsonl"), put(tmp_path / "a" / "z.jsonl")
    put(tmp_path / "y.jsonl")
    put(tmp_path / ".cache" / "x.jsonl")
    found = Shelf((tmp_path,))
    assert found.source("x.jsonl", "z.jsonl", "y.jsonl", home="x").path == str(top)
    top.unlink()
    assert Shelf((tmp_path,)).source("z.jsonl", home="x").path == str(deep)


def test_a_set_that_is_a_folder_is_found_by_any_of_its_files(tmp_path: Path) -> None:
    put(tmp_path / "all" / "dev" / "b.json")
    put(tmp_path / "all" / "test" / "b.json")
    shelf = Shelf((tmp_path,))
    assert shelf.folder("test/a.json", "test/b.json", home="x", up=1).path == str(tmp_path / "all")
    assert shelf.folder("test/b.json", home="x").path == str(tmp_path / "all" / "test")
    with pytest.raises(NotAtHand, match=r"there is no folder with test/c.json in .*get it from x"):
        shelf.folder("test/c.json", home="x")


def test_what_is_nowhere_says_where_it_was_looked_for_and_what_to_get(tmp_path: Path) -> None:
    with pytest.raises(NotAtHand) as error:
        Shelf((tmp_path,)).source("set.jsonl", "old.jsonl", home="example.org/set", hub=HUB)
    for said in (
        "set.jsonl or old.jsonl",
        str(tmp_path),
        "someone/items",
        "example.org/set",
        "--items",
        "KOMAINU_ITEMS",
    ):
        assert said in str(error.value)


def test_a_folder_that_is_not_there_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere: there is no such folder") as error:
        Shelf((tmp_path / "nowhere",)).source("set.jsonl", home="x")
    assert not isinstance(error.value, NotAtHand)


def test_the_hub_comes_last_and_is_asked_for_the_pinned_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(shelf, "reachable", lambda url: True)
    asked = []
    monkeypatch.setattr(Source, "file", lambda self, name: asked.append((self, name)))
    assert Shelf().source("set.jsonl", home="x", hub=HUB) == HUB
    assert asked == [(HUB, "set.jsonl")]

    def gone(self: Source, name: str) -> None:
        raise FileNotFoundError("404: it was withdrawn\nand more")

    monkeypatch.setattr(Source, "file", gone)
    with pytest.raises(NotAtHand, match="the hub does not give it: 404: it was withdrawn;"):
        Shelf().source("set.jsonl", home="x", hub=HUB)


def test_a_server_is_known_to_be_there_or_not_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for name in ("https_proxy", "HTTPS_PROXY", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert shelf.reachable(url)
    assert not shelf.reachable(url)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert shelf.reachable(url)
