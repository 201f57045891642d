"""Rows by number, by id and by what they say: as the files have them, whatever they say, whenever it was stopped."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from komainu.data.base import DropLog, Dropped, drops
from komainu.data.clusters import clusters
from komainu.data.explore import index, made, search, signs
from komainu.data.explore import rows as rows_module
from komainu.data.explore.helpers import Helpers
from komainu.data.explore.index import parts_of
from komainu.data.explore.made import make
from komainu.data.explore.rows import CACHE, Rows, rows_of
from komainu.data.look.entry import normal, searched
from komainu.errors import UsageError
from komainu.files import write_rows
from komainu.rows import Chat, Message, Row
from komainu.settings import Settings
from komainu.store import Artifact, Store
from tests.data.look_world import SPEECH, Site, built

ODD = (
    '"',
    "'",
    "*",
    "a OR b",
    "NEAR(a b)",
    "x:y",
    "-a",
    "^",
    "\0",
    "\ufffd",
    "\uffff",
    "\n",
    "\u3000",
    "👨‍👩‍👧",
    "がｶﾞ",
    "ﬁ",
    "İß",
)
TEXT = st.lists(st.sampled_from([*"abＡｂ駅は東京 \n。", *ODD]) | st.text(max_size=3), max_size=24).map("".join)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return built(tmp_path_factory.mktemp("explore"))


def said(id: str, text: str, **meta: object) -> Chat:
    return Chat(id, (Message("user", "q"), Message("assistant", text)), dict(meta))


def stored(root: Path, texts: list[str], id: str = "abc", seal: str = "1") -> tuple[Store, Artifact]:
    """A dataset of the texts; the third part of them was dropped."""
    folder = root / "Dataset" / id
    folder.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = [said(f"r{n}", text, lang=("ja", "en")[n % 2]) for n, text in enumerate(texts)]
    kept = len(rows) - len(rows) // 3
    write_rows(folder / "rows.jsonl", rows[:kept])
    with DropLog(folder / "dropped.jsonl") as log:
        for row in rows[kept:]:
            log.add("Filter", Dropped(row, f"short: {row.id}"))
    return Store(root), Artifact(folder, {"id": id, "makes": "Chat", "seal": seal, "inputs": {}, "summary": {}})


@contextmanager
def opened(store: Store, artifact: Artifact, *, indexed: bool = True) -> Iterator[Rows]:
    make(store, artifact)
    rows = rows_of(store, artifact)
    assert rows is not None
    with rows:
        if indexed:
            index.build(rows)
        yield rows


def naive(rows: Rows, text: str) -> list[int]:
    wanted = normal(text).strip()
    return [n for n in range(rows.total) if wanted in searched(rows.held(n).row)]


def pages(rows: Rows, text: str, size: int, **more: object) -> list[int]:
    """The hits of page after page."""
    found: list[int] = []
    start: int | None = 0
    while start is not None:
        page = search.search(rows, text, start, size=size, seconds=60, **more)  # type: ignore[arg-type]
        assert len(page.numbers) == size or page.next is None
        assert page.next is None or page.next > start
        found += page.numbers
        start = page.next
    return found


def counted(rows: Rows, text: str, **more: object) -> search.Count:
    return search.count(rows, text, seconds=60, **more)  # type: ignore[arg-type]


@settings(deadline=None, max_examples=30)
@given(st.lists(TEXT, min_size=1, max_size=9), TEXT, st.data())
def test_a_search_finds_what_reading_every_row_finds(texts: list[str], other: str, draw: st.DataObject) -> None:
    whole = draw.draw(st.sampled_from([*texts, "r1", "q"]))
    start = draw.draw(st.integers(0, max(0, len(whole) - 1)))
    wanted = draw.draw(st.sampled_from([whole[start : start + draw.draw(st.integers(1, 14))], other, whole]))
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "ROWS", 5)
        patch.setattr(os, "fsync", lambda file: None)
        with opened(*stored(Path(folder), texts)) as rows:
            assert all(part.indexed for part in parts_of(rows))
            expected = naive(rows, wanted)
            assert pages(rows, wanted, draw.draw(st.integers(1, 4))) == expected
            assert counted(rows, wanted) == (len(expected), True)
            only = rows.only(lang="en")
            assert only is not None
            assert pages(rows, wanted, 2, only=only) == [n for n in expected if only[n]]
            assert counted(rows, wanted, only=only) == (sum(only[n] for n in expected), True)
            shutil.rmtree(rows.folder, ignore_errors=True)
        with opened(*stored(Path(folder), texts), indexed=False) as rows:
            assert pages(rows, wanted, 3) == expected
            assert pages(rows, wanted, 3, only=rows.only(lang="en")) == [n for n in expected if only[n]]


@pytest.mark.parametrize("odd", ["\0", "\ufffd", "\ufffe", "\uffff", "\U0010ffff"])
def test_what_sqlite_cannot_tell_apart_hides_nothing(tmp_path: Path, odd: str) -> None:
    with opened(*stored(tmp_path, [f"東{odd}京の駅", "東京の駅", "a\ufffdb"])) as rows:
        for text in ("京の駅", "京の", "の駅", "東", f"東{odd}", f"東{odd}京の", odd, f"a{odd}b"):
            assert (pages(rows, text, 9), counted(rows, text)[0]) == (naive(rows, text), len(naive(rows, text)))
        assert pages(rows, "\ud800", 9) == [] and counted(rows, "京\ud800の") == (0, True)


def test_the_index_leaves_few_rows_to_be_looked_at(tmp_path: Path) -> None:
    texts = [f"the teacher sold the letter of number {n} near the castle" for n in range(300)]
    texts[7] = "古い漠然とした話です"
    with opened(*stored(tmp_path, texts)) as rows:
        (part,) = parts_of(rows)
        for text in ("漠然", "漠", "漠然とし", "number 123"):
            assert len([*part.may(text, 0)]) == 1, text


def test_few_rows_are_looked_at_for_a_text_whose_trigrams_are_all_frequent(tmp_path: Path) -> None:
    rng, words = random.Random(0), ["the", "of", "and", "to", "sold", "other", "hat", "near", "castle"]
    said = [rng.choices(words, k=300) for _ in range(400)]
    texts = [" ".join(word for word, _ in groupby(some)) for some in said]  # no word twice in a row
    with opened(*stored(tmp_path, texts)) as rows:
        (part,) = parts_of(rows)
        for text in ("the the", "and and", "castle castle near", "sold the castle near near the hat"):
            assert naive(rows, text) == []
            told = [*part.chosen("select rowid from t where t match ?", index.grams(text))]
            assert len(told) > 300 and len([*part.may(text, 0)]) < 60, text


def test_a_text_that_many_rows_have_is_counted_without_reading_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(*stored(tmp_path, ["東京は"] * 30 + ["京"])) as rows:
        monkeypatch.setattr(Rows, "held", lambda self, number: pytest.fail("a row was read"))
        assert [counted(rows, text) for text in ("東京は", "東", "東京", "京")] == [(30, True)] * 3 + [(31, True)]


def test_a_search_ends_in_time_and_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with opened(*stored(tmp_path, ["東京"] * 30 + ["漠然"]), indexed=False) as rows:
        page = search.search(rows, "漠然", seconds=0)
        assert page == ([], 1, True)
        assert search.search(rows, "漠然", 1, seconds=60) == ([30], None, False)
        assert search.count(rows, "東京", seconds=0) == (1, False)


def test_a_count_by_the_index_ends_in_time_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "ROWS", 10)
    with opened(*stored(tmp_path, ["東京は"] * 30)) as rows:
        assert search.count(rows, "東京は", seconds=0) == (10, False)


def test_every_row_is_found_by_number_and_by_id_and_the_dropped_ones_follow(site: Site) -> None:
    with opened(site.ctx.store, site.artifact) as rows:
        kept, lost = [*site.artifact.rows()], [*drops(site.artifact)]
        assert (rows.kept, rows.dropped) == (len(kept), len(lost))
        held = [rows.held(n) for n in range(rows.total)]
        assert [each.row for each in held] == [*kept, *(each.row for each in lost)]
        assert [(each.step, each.reason) for each in held[rows.kept :]] == [(each.step, each.reason) for each in lost]
        for number, each in enumerate(held):
            assert number in rows.numbers(each.row.id)
        assert rows.numbers("nobody") == [] and [found.row for found in rows.find(kept[0].id)] == [kept[0]]
        with pytest.raises(IndexError, match=f"rows 0 to {rows.total - 1}, not {rows.total}"):
            rows.held(rows.total)


def test_columns_tell_which_rows_have_a_word(site: Site) -> None:
    with opened(site.ctx.store, site.artifact) as rows:
        told = dict(rows.column("drop").counts())
        expected = {
            f"{step}\n{reason}": n
            for step, some in site.artifact.summary["dropped"].items()
            for reason, n in some.items()
        }
        assert told == {"": rows.kept, **expected}
        mask = rows.only(drop="Near\nnear_duplicate", lang="ja")
        assert mask is not None and [rows.held(n).step for n in np.flatnonzero(mask).tolist()] == ["Near"] * 2
        assert rows.only(lang="xx").tolist() == [False] * rows.total and rows.only(lang="") is None  # type: ignore[union-attr]


def test_words_past_the_most_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(made, "WORDS", 3)
    store, artifact = stored(tmp_path, [])
    write_rows(artifact.path / "rows.jsonl", [said(str(n), "a", source=f"s{n}") for n in range(9)])
    with opened(store, artifact, indexed=False) as rows:
        assert rows.column("source").counts() == [("…", 6), ("s0", 1), ("s1", 1), ("s2", 1)]


def test_clusters_are_those_of_the_dataset_with_the_numbers_of_their_rows(site: Site) -> None:
    with opened(site.ctx.store, site.artifact) as rows:
        expected = [*clusters(site.artifact)]
        assert rows.about["clusters"] == len(expected) > 1
        for n, cluster in enumerate(expected):
            told = rows.cluster(n)
            assert told["id"] == cluster.id and told["step"] == cluster.step
            assert rows.held(told["row"]).row == cluster.kept
            assert [rows.held(number).row for number, _ in told["of"]] == [member.row for member in cluster.members]
            assert {rows.cluster_of(number) for number in (told["row"], *(number for number, _ in told["of"]))} == {n}
        with pytest.raises(IndexError):
            rows.cluster(len(expected))


def test_a_row_that_stays_for_several_steps_is_of_its_largest_cluster(tmp_path: Path) -> None:
    store, artifact = stored(tmp_path, ["a"])
    with DropLog(artifact.path / "dropped.jsonl") as log:
        for n, step in enumerate(("Exact", "Near", "Near")):
            log.add(step, Dropped(said(f"d{n}", "a", duplicate_of="r0"), "duplicate: of r0"))
    with opened(store, artifact, indexed=False) as rows:
        assert [rows.cluster_of(n) for n in range(4)] == [0, 1, 0, 0] and rows.cluster(0)["step"] == "Near"


def test_what_another_version_has_noted_is_noted_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, artifact = stored(tmp_path, ["a"])
    make(store, artifact)
    monkeypatch.setattr(rows_module, "VERSION", "another")
    assert rows_of(store, artifact) is None


def test_another_artifact_of_the_same_id_is_noted_anew_and_gone_ones_are_forgotten(tmp_path: Path) -> None:
    with opened(*stored(tmp_path, ["東京"] * 5)) as rows:
        assert rows.total == 5
    store, artifact = stored(tmp_path, ["駅"] * 7, seal="2")
    assert rows_of(store, artifact) is None
    with opened(store, artifact) as rows:
        assert rows.total == 7 and pages(rows, "駅", 9) == [*range(7)] and pages(rows, "東京", 9) == []
    shutil.rmtree(artifact.path)
    with opened(*stored(tmp_path, ["a"], id="def")):
        assert sorted(path.name for path in (tmp_path / CACHE).iterdir()) == ["def"]


def test_a_dataset_that_was_noted_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, artifact = stored(tmp_path, ["a"])
    make(store, artifact)
    monkeypatch.setattr(made, "write", lambda *args: pytest.fail("it was read again"))
    make(store, artifact)


def test_what_is_no_set_of_rows_is_refused_and_a_damaged_row_is_told(tmp_path: Path) -> None:
    store, artifact = stored(tmp_path, ["a", "b"])
    with pytest.raises(UsageError, match="makes Score; only chats and pairs"):
        make(store, Artifact(artifact.path, {**artifact.record, "makes": "Score"}))
    with opened(store, artifact) as rows:
        (artifact.path / "rows.jsonl").write_bytes(b"x" * 500)
        with pytest.raises(UsageError, match="row 1 of Dataset/abc cannot be read"):
            rows.held(1)


def test_a_text_of_any_size_has_its_signs() -> None:
    for text in ("", "short", "八文字の文です。", "long text " * 400):
        assert len(signs.signed(text, 7)) == 1 << len(signs.signed(text, 7)).bit_length() - 1 >= 8


@pytest.mark.parametrize("after", [0, 3])
def test_an_index_that_was_killed_is_finished_by_the_next(tmp_path: Path, after: int) -> None:
    store, artifact = stored(tmp_path, [f"{SPEECH} {n}" for n in range(1500)])
    (artifact.path / "record.json").write_text(json.dumps(record(artifact)))
    code = "from komainu.data.explore import helper, index; import sys; index.ROWS = 128; helper.main(sys.argv[1:])"
    command = [sys.executable, "-c", code, str(tmp_path), artifact.ref, "index"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    folder = tmp_path / CACHE / artifact.id
    while not (folder.exists() and len([*folder.glob("*.db")]) >= after) and process.poll() is None:
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    done = {path: path.stat().st_ino for path in folder.glob("*.db")}
    assert process.returncode == -signal.SIGKILL and after <= len(done) < 12
    with opened(store, artifact) as rows:
        assert len(parts_of(rows)) == 12 and pages(rows, "ます。 777", 9) == naive(rows, "ます。 777") != []
        assert not [*rows.folder.glob("*.partial")]
        assert {path: path.stat().st_ino for path in done} == done  # these were not made again


def record(artifact: Artifact) -> dict[str, object]:
    more = {"stage": "Dataset", "config": {}, "code": "", "sources": {}, "files": {}, "started": 0, "seconds": 0}
    return {**artifact.record, **more, "made_with": {}}


def test_helpers_index_a_dataset_beside_the_server_and_say_when_they_cannot(site: Site) -> None:
    store = site.ctx.store
    helpers = Helpers(store, Settings(processes=2))
    try:
        until = time.monotonic() + 60
        while helpers.want(site.artifact, "index") and time.monotonic() < until:
            rows = rows_of(store, site.artifact)
            if rows and all(part.indexed for part in parts_of(rows)):
                break
            time.sleep(0.05)
        with opened(store, site.artifact, indexed=False) as rows:
            assert all(part.indexed for part in parts_of(rows))
        (working,) = helpers.started.values()
        assert [process.wait(60) for process in working] == [0, 0]
        assert helpers.want(site.artifact, "index") and not helpers.started  # and begins anew when it is asked again
        gone = Artifact(store.root / "Dataset" / "gone", {"id": "gone", "makes": "Chat", "seal": "", "inputs": {}})
        while helpers.want(gone, "rows") and time.monotonic() < until:
            time.sleep(0.05)
        assert not helpers.want(gone, "rows")
    finally:
        helpers.close()
