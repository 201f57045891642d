"""The explorer's pages as they are served: rows that are searched and narrowed, one row, drops, clusters."""

from __future__ import annotations

import re
import shutil
import time
from html import unescape
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from komainu.data.explore.helpers import Helpers
from komainu.data.explore.made import make
from komainu.data.explore.rows import CACHE, rows_of
from komainu.pages.page import clean
from komainu.studio import explored, rows
from komainu.studio.differing import WORD, differing
from komainu.studio.row import plain
from tests.data.look_world import ITEM, MAIL, Site, built, built_pairs
from tests.eval.view_world import HOSTILE
from tests.studio.world import Client, served, studio_of


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return built(tmp_path_factory.mktemp("explorer"))


@pytest.fixture
def client(site: Site) -> object:
    with served(studio_of(site.ctx.store.root)) as found:
        yield found


def get(client: Client, path: str, **query: object) -> str:
    found = client.ask(f"{path}?{urlencode(query)}" if query else path)
    assert found.status == 200, found.text
    return found.text


def at(site: Site, *more: object) -> str:
    return "/".join(map(str, ("/rows", site.artifact.ref, *more)))


def number(site: Site, id: str) -> int:
    make(site.ctx.store, site.artifact)
    some = rows_of(site.ctx.store, site.artifact)
    assert some is not None
    with some:
        return some.numbers(id)[0]


def found(text: str) -> list[int]:
    """The numbers of the rows in a list."""
    return [int(n) for n in re.findall(r'<li><a href="/rows/\w+/\w+/(\d+)', text)]


def link(text: str, rel: str) -> str:
    (address,) = re.findall(rf'<a rel="{rel}"[^>]*href="([^"]*)"', text) or [""]
    return unescape(address)


def said(text: str) -> str:
    """What a page says, without its marks."""
    return unescape(re.sub("<[^>]*>", "", text))


def test_every_row_is_in_the_list_once_page_by_page_there_and_back(
    client: Client, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows.Wanted.page, "__defaults__", (10,))
    monkeypatch.setattr(rows.Wanted.before, "__defaults__", (10,))
    seen: list[int] = []
    back: list[int] = []
    address = at(site)
    while address:
        text = get(client, address)
        seen += found(text)
        assert "36 of 36 rows" in text
        last, address = address, link(text, "next")
    assert seen == [*range(36)]
    address = last
    while address:
        text = get(client, address)
        back = found(text) + back
        address = link(text, "prev")
    assert back == seen


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"q": "町の朝を"}, 3),
        ({"q": "ＳＰＥＥＣＨ-"}, 2),
        ({"q": "<script>alert(1)</script>"}, 1),
        ({"q": "nobody says so"}, 0),
        ({"drop": "kept"}, 31),
        ({"drop": "dropped"}, 5),
        ({"drop": "Near: near_duplicate"}, 2),
        ({"drop": "dropped", "q": "町"}, 3),
        ({"source": "町の話", "drop": "kept"}, 5),
        ({"source": "nobody's"}, 0),
        ({"language": "ja"}, 36),
    ],
)
def test_the_list_can_be_searched_and_narrowed(client: Client, site: Site, query: dict[str, str], count: int) -> None:
    text = get(client, at(site), **query)
    assert f"{count} of 36 rows" in text and len(found(text)) == count
    assert ("No row is like that." in text) == (count == 0)


def test_rows_can_be_narrowed_to_any_source_whatever_it_is_called(client: Client, site: Site) -> None:
    options = re.findall('<option value="([^"]*)"', get(client, at(site)).partition('name="source"')[2])
    for bad in HOSTILE:
        value = unescape(next(each for each in options if unescape(each) == rows.label(bad)))
        assert found(get(client, at(site), source=value)) == [HOSTILE.index(bad)]


def test_a_search_that_time_did_not_suffice_for_says_how_far_it_went(
    client: Client, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "SEARCHING", 0)
    monkeypatch.setattr(rows, "COUNTING", 0)
    with monkeypatch.context() as patch:
        patch.setattr(rows, "count", lambda *args, **more: pytest.fail("what the search saw was looked through again"))
        text = get(client, at(site), q="nobody says so")
        assert "The rows before row 1 have been looked through." in text and " of 36 rows" not in text
        assert "No row is like that." not in text and link(text, "next").endswith("&start=1")
        assert "1 or more of 36 rows" in get(client, at(site), q="number")
    assert "1 or more of 36 rows" in get(client, at(site), q="number", start=3)
    monkeypatch.setattr(rows, "SEARCHING", 60)
    monkeypatch.setattr(rows.Wanted.page, "__defaults__", (5,))
    assert "5 or more of 36 rows" in get(client, at(site), q="number")  # no fewer than are shown


def test_a_hit_is_marked_as_it_is_written_and_the_row_links_back_to_the_hits(client: Client, site: Site) -> None:
    text = get(client, at(site), q="STATION", drop="kept")
    assert text.count("<mark>station</mark>") == len(found(text)) == 25
    row = get(client, at(site, 3), q="station")
    assert link(row, "next") == at(site, 4) + "?q=station" and at(site) + "?q=station&amp;start=3" in row
    assert rows.hit("id", ["が　ＡＢ"], "が ab") == ("", "が ab", "")


def test_a_row_shows_its_turns_its_leaks_what_it_was_and_where_it_comes_from(client: Client, site: Site) -> None:
    text = get(client, at(site, number(site, "mail")))
    assert "[EMAIL] までお願いします。" in said(text) and f'<mark title="taken away">{MAIL}</mark>' in text
    assert "What it said before, in" in text and "CC-BY-4.0" in text
    text = get(client, at(site, 0))
    assert '<mark title="leak: latin">station</mark>' in text
    text = get(client, at(site, number(site, "speech-3")))
    assert "Dropped by Near: near_duplicate: of speech" in said(text) and "<mark>早</mark>" in text
    assert f"/clusters/{site.artifact.ref}/0" in text
    text = get(client, at(site, number(site, "item")))
    assert "A benchmark's item in it" in said(text) and said(text).count(ITEM) >= 3
    text = get(client, at(site, number(site, "thought")))
    assert "Thinking, 5 characters" in text and "丸いです。" in said(text)


def test_no_text_becomes_markup_and_each_is_there_to_the_letter(client: Client, site: Site) -> None:
    for n, bad in enumerate(HOSTILE):
        for path in (at(site, n), at(site, n, "trace")):
            text = get(client, path)
            assert clean(bad) in said(text), path
            assert not re.search("<(img|iframe|svg/|base|style|script(?! src))", text), path


def test_the_two_answers_of_a_pair_differ_where_they_are_marked(tmp_path: Path) -> None:
    site = built_pairs(tmp_path)
    with served(studio_of(site.ctx.store.root)) as client:
        text = get(client, at(site, 5))
        assert "<mark>早</mark>" in text and "<mark>遅</mark>" in text and "leak:" not in text
        text = get(client, at(site, 5), mark="leaks")
        assert '<mark title="leak: latin">station</mark>' in text and "<mark>早</mark>" not in text


def test_the_way_of_a_row_leads_to_its_source_and_to_the_call_that_made_it(client: Client, site: Site) -> None:
    text = said(get(client, at(site, number(site, "again"), "trace")))
    assert text.index(site.artifact.ref) < text.index("Privacy → Exact → Near") < text.rindex("source")
    assert "call:" in text


def test_drops_are_told_by_reason_with_some_of_their_rows(client: Client, site: Site) -> None:
    text = get(client, f"/drops/{site.artifact.ref}")
    assert re.findall("<h2>(.*)</h2>", text)[1:] == [
        "Near: near_duplicate",
        "Exact: duplicate",
        "Decontaminate: benchmark_prompt",
        "Regenerate: no",
    ]
    assert len(found(text)) == 5
    address = unescape(re.findall(r'href="([^"]*near_duplicate)">2 rows', text)[0])
    assert len(found(get(client, address))) == 2


def test_a_cluster_shows_each_dropped_row_beside_the_one_that_stays(client: Client, site: Site) -> None:
    text = get(client, f"/clusters/{site.artifact.ref}")
    assert re.findall("<b>(.*?)</b>", text.partition("<main")[2]) == ["3 rows", "2 rows"]
    text = get(client, f"/clusters/{site.artifact.ref}/0")
    assert said(text).count("stays: speech") == 2 and "alike: 0.917" in text and "終わり" in text


@pytest.mark.parametrize(
    "path", ["/rows/dataset/0123", "/rows/../x", "/rows/dataset/zz", "/clusters/{ref}/2", "/rows/{ref}/36"]
)
def test_what_is_not_there_is_said(client: Client, site: Site, path: str) -> None:
    path = quote(path.format(ref=site.artifact.ref), safe="/")
    assert client.ask(path).status == 404
    told = client.ask(path, {"Accept-Language": "ja"}).text
    assert "<h1>見つかりません</h1>" in told and ' lang="en">' not in told.partition("<main")[2]
    if site.artifact.ref in path:
        assert f"{site.artifact.ref} にあるのは 36 行、重複 2 組で" in told


def test_an_artifact_without_rows_is_refused_with_the_reason(tmp_path: Path, site: Site) -> None:
    folder = tmp_path / "table" / "0123456789ab"
    folder.mkdir(parents=True)
    record = (site.artifact.path / "record.json").read_text().replace('"makes": "Chat"', '"makes": "Table"')
    (folder / "record.json").write_text(record)
    with served(studio_of(tmp_path)) as client:
        told = client.ask("/rows/table/0123456789ab")
        assert told.status == 400 and "makes Table; only chats and pairs can be explored" in told.text
        told = client.ask("/rows/table/0123456789ab", {"Accept-Language": "ja"})
        assert '<html lang="ja">' in told.text and "<h1>表示できません</h1>\n<p>理由と対処は次のとおりです" in told.text
        assert (
            '<p class="said" lang="en">table/0123456789ab makes Table' in told.text and "実行の一覧へ</a>" in told.text
        )
        assert 'href="/rows/table' not in get(client, "/artifact/table/0123456789ab")


def test_where_nothing_can_be_written_the_page_says_so(tmp_path: Path, site: Site) -> None:
    store = tmp_path / "store"
    shutil.copytree(site.ctx.store.root, store, ignore=shutil.ignore_patterns(CACHE), symlinks=True)
    (store / CACHE).write_text("no folder")
    with served(studio_of(store)) as client:
        told = client.ask(at(site))
    assert told.status == 400 and ": Not a directory; make it a folder that may be written to" in told.text


def test_a_large_dataset_is_read_beside_the_server_and_indexed_when_it_is_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = built(tmp_path)
    monkeypatch.setattr(explored, "SMALL", 0)
    monkeypatch.setattr(explored, "BARE", 0)
    with served(studio_of(site.ctx.store.root)) as client:
        text = get(client, at(site))
        assert 'id="reading" data-live' in text
        until = time.monotonic() + 60
        while "reading" in text and time.monotonic() < until:
            time.sleep(0.05)
            text = get(client, at(site))
        assert "36 of 36 rows" in text and "indexing" not in text
        assert not [*(tmp_path / "store" / CACHE).rglob("*.db")]
        text = get(client, at(site), q="町")
        assert "0 of 1 parts are done" in text and len(found(text)) == 5
        while "indexing" in text and time.monotonic() < until:
            time.sleep(0.05)
            text = get(client, at(site), q="町")
        assert "5 of 36 rows" in text and len([*site.ctx.store.root.glob(f"{CACHE}/*/*.db")]) == 1


def test_the_processes_beside_the_server_end_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[Helpers] = []
    monkeypatch.setattr(Helpers, "close", lambda self: closed.append(self))
    with served(studio_of(tmp_path)) as client:
        assert client.ask("/").status == 200 and not closed
    assert len(closed) == 1


@given(st.text("ab 早く。\n"), st.text("ab 早く。\n") | st.text())
def test_what_differs_and_what_does_not_make_up_both_texts(old: str, new: str) -> None:
    left, right = differing(old, new)
    assert (plain(left), plain(right)) == (old, new) and "".join(WORD.findall(new)) == new
    assert "".join(x for x in left if isinstance(x, str)) == "".join(x for x in right if isinstance(x, str))
    assert differing(new, new)[0] == ([new] if new else [])


def test_texts_too_far_apart_are_marked_between_their_ends() -> None:
    left, _ = differing(f"x {'a b ' * 900} y", f"x {'c d ' * 900} y")
    assert [isinstance(piece, str) for piece in left] == [True, False, True]
