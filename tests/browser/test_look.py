"""The site of a set of rows as a reader sees it, in a real browser, opened as a file; its texts are hostile."""

from __future__ import annotations

import json
import shutil
import unicodedata
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from bench.chromium import PROGRAM, Chromium
from komainu.data.look.entry import normal
from komainu.data.look.grams import BITS, buckets
from komainu.data.look.sources import stored
from komainu.pages.scripts import read, write
from komainu.rows import Chat
from tests.browser.test_view import OPEN, WIDE, moved, opened, seen, texts
from tests.data.look_world import HUGE, ITEM, LEAK, MAIL, Site, built, built_pairs
from tests.eval.view_world import HOSTILE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed: apt-get install chromium fonts-noto-cjk"),
]
LINKS = "[...document.querySelectorAll('.data .body a')]"
TOLD = "document.querySelector('[role=status]').textContent"
Go = Callable[[str], None]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return built(tmp_path_factory.mktemp("look"), " ".join(("hostile", *HOSTILE[1::22], "\u202e \ud800")))


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Site:
    return built_pairs(tmp_path_factory.mktemp("pairs"))


@pytest.fixture
def go(page: Chromium, site: Site) -> Go:
    """Open a place of the site anew."""
    return lambda place: opened(page, site.folder, place)


def number(site: Site, id: str) -> int:
    """Where a row stands on the site."""
    held = stored(site.ctx.store, site.artifact, "").held()
    return next(n for n, each in enumerate(held) if each.row.id == id)


def places(site: Site) -> list[str]:
    rows = site.counts.rows + site.counts.dropped
    some = ["", "rows", "rows?show=dropped", "rows?q=alert", "clusters"]
    return [*some, *(f"cluster/{n}" for n in range(site.counts.clusters)), *(f"row/{n}" for n in range(rows))]


def test_no_text_of_anyone_runs_or_becomes_markup(page: Chromium, site: Site, pairs: Site) -> None:
    for made in (site, pairs):
        opened(page, made.folder, "rows")
        for place in places(made):
            if place != "rows":
                moved(page, partial(page.value, f"location.hash = '#/{place}'"))
            page.value(OPEN)
            assert page.value("document.querySelectorAll('script, img, iframe, object, base, link').length") == 1
            assert page.value("document.querySelectorAll('meta, style').length") == 6
            links = page.value("[...document.querySelectorAll('a')].map((e) => e.getAttribute('href'))")
            assert all(link.startswith("#") for link in links)
            assert page.value(
                "[...document.querySelectorAll('*')].every((e) => e.getAttributeNames().every((n) => !/^on/.test(n)))"
            )
            text = page.value("document.title + document.body.innerText")
            assert seen(text) == text, place
    inside = tuple(made.folder.as_uri() + "/" for made in (site, pairs))
    assert all(url.startswith(inside) for url in page.asked) and len(page.asked) > 10


def test_every_text_of_a_row_is_shown_to_the_letter(page: Chromium, go: Go, site: Site) -> None:
    for n, row in enumerate(site.artifact.rows()):
        if isinstance(row, Chat) and n < len(HOSTILE):
            go(f"row/{n}")
            assert texts(page, "h1") == [seen(row.id)]
            assert texts(page, ".turns .said") == [seen(m.content) for m in row.messages]
            assert texts(page, ".turns mark") == ["station"]


def test_leaks_are_marked_and_thinking_stands_apart(page: Chromium, go: Go, site: Site) -> None:
    go(f"row/{number(site, 'thought')}")
    assert texts(page, ".turns > .turn.assistant > .said") == ["丸いです。"] and texts(page, ".turns mark") == []
    page.value(OPEN)
    assert texts(page, ".thinking .said") == ["夜に見える"]


def test_a_huge_answer_is_cut_and_can_be_seen_whole(page: Chromium, go: Go, site: Site) -> None:
    go(f"row/{number(site, 'huge')}")
    assert 2500 <= len(texts(page, ".assistant > .said")[0]) < 2600
    page.value("document.querySelector('.assistant .rest').click()")
    assert texts(page, ".assistant > .said") == [HUGE]


def test_what_was_before_is_shown_with_what_differs(page: Chromium, go: Go, site: Site) -> None:
    go(f"row/{number(site, 'mail')}")
    assert texts(page, ".answers .said") == [f"{MAIL} までお願いします。", "[EMAIL] までお願いします。"]
    old, new = (texts(page, f".answers .entry:nth-child({n}) mark") for n in (1, 2))
    assert "taro" in "".join(old) and "EMAIL" in "".join(new) and "願" not in "".join(old + new)
    lefts = page.value("[...document.querySelectorAll('.answers .entry')].map((e) => e.getBoundingClientRect().left)")
    assert lefts[1] > lefts[0] + 400  # side by side


def test_a_dropped_row_stands_beside_the_one_that_stays(page: Chromium, go: Go, site: Site) -> None:
    go(f"row/{number(site, 'speech-3')}")
    assert texts(page, "p.flag")[0].startswith("dropped by Near: near_duplicate: of speech")
    assert texts(page, ".answers .role") == ["stays: speech", "dropped: speech-3"]
    assert texts(page, ".answers mark") == ["早く", "遅く"]
    moved(page, lambda: page.value("document.querySelector('main a[href^=\"#/cluster\"]').click()"))
    assert texts(page, "h1") == ["speech"] and len(texts(page, ".answers")) == 2


def test_a_benchmarks_item_stands_beside_the_passage(page: Chromium, go: Go, site: Site) -> None:
    go(f"row/{number(site, 'item')}")
    assert texts(page, ".answers .role")[0].startswith("item q7 of") and texts(page, ".answers .said")[0] == ITEM


def test_pairs_show_their_differences_or_their_leaks(page: Chromium, pairs: Site) -> None:
    opened(page, pairs.folder, "row/0")
    assert texts(page, ".answers .role") == ["chosen", "rejected"]
    assert [text.strip() for text in texts(page, ".answers mark")] == ["早く", "船", "遅く", "station"]
    box = "document.querySelector('.controls select')"
    page.value(f"{box}.value = 'leaks'; {box}.dispatchEvent(new Event('change'))")
    assert texts(page, ".answers mark") == ["station"]
    assert page.value("document.querySelector('.answers mark').title") == "leak: latin"


def test_a_search_finds_what_is_there_in_any_width_and_within_the_filter(page: Chromium, go: Go) -> None:
    go("rows")
    page.press("/")
    page.type("ＳＴＡＴＩＯＮです")
    page.wait(f"{TOLD} === '25 of 36 rows'")
    search = "document.querySelector('.search input')"
    page.value(f"{search}.value = 'つからない'; {search}.dispatchEvent(new Event('input'))")
    page.wait(f"{TOLD} === '0 of 36 rows'")
    page.value(f"{search}.value = '空'; {search}.dispatchEvent(new Event('input'))")  # one character: no pair
    page.wait(f"{TOLD} === '2 of 36 rows'")
    show = "document.querySelector('.controls select')"
    page.value(f"{show}.value = 'dropped'; {show}.dispatchEvent(new Event('change'))")
    page.wait(f"{TOLD} === '1 of 5 rows'")
    go("rows?q=station%E3%81%A7%E3%81%99&show=kept")
    assert page.value(TOLD) == "25 of 31 rows"


def test_the_page_makes_of_a_text_what_the_index_holds(page: Chromium, go: Go) -> None:
    go("")
    every = "".join(c for c in map(chr, range(0x20, 0x3000)) if unicodedata.category(c) != "Cn")
    wild = [*HOSTILE, "ﾊﾝｶｸ ＡＢ\u3000Ｃ\nς Σ ΑΣ İ ẞ ㍿ ①", "\ud800 \udfff", LEAK, every]
    for text in wild:
        said = json.dumps(text)
        assert page.value(f"normal({said}) === {json.dumps(normal(text))}"), text[:40]
        wanted = sorted({int(each) for each in buckets(normal(text))})
        assert page.value(f"buckets(normal({said}), {BITS}).sort((a, b) => a - b)") == wanted


def test_a_difference_is_all_of_both_texts_and_shortest(page: Chromium, go: Go) -> None:
    go("")
    for one, other, alone in [
        ("", "", []),
        ("a b c", "a x c", ["b", "x"]),
        ("a b", "", ["a b"]),
        ("", "x", ["x"]),
        ("a b c d", "b c d e", ["a ", " e"]),
        ("x " * 9, "y " * 9, ["x", "y"] * 9),
        ("町の朝は早い。", "町の夜は早い。", ["朝", "夜"]),
    ]:
        sides = page.value(f"difference({json.dumps(one)}, {json.dumps(other)})")
        whole = ["".join(p if isinstance(p, str) else p[0] for p in side) for side in sides]
        shared = ["".join(p for p in side if isinstance(p, str)) for side in sides]
        assert whole == [one, other] and shared[0] == shared[1]
        assert sorted(p[0] for side in sides for p in side if not isinstance(p, str)) == sorted(alone)
    far = page.value("difference('a '.repeat(5000), 'b '.repeat(5000))[0].length")
    assert far <= 3


def test_the_numbers_of_the_first_page_lead_to_their_rows(page: Chromium, go: Go, site: Site) -> None:
    go("")
    drops = read(site.folder / "data" / "set.js")[1]["drops"]
    assert len(texts(page, ".reasons a")) == len(drops) == 4
    for text in texts(page, ".reasons a"):
        word, n = text.rsplit(" ", 1)
        go("")
        at = f"[...document.querySelectorAll('.reasons a')].find((e) => e.textContent === {json.dumps(text)})"
        moved(page, partial(page.value, f"{at}.click()"))
        assert page.value(TOLD) == f"{n} rows"
        page.wait(f"{LINKS}.length === {n} && {LINKS}.every((e) => e.textContent !== '…')")
        assert all(f": {word}" in flags for flags in texts(page, ".data .body .id"))


def test_all_of_it_can_be_done_with_the_keyboard(page: Chromium, go: Go) -> None:
    go("")
    page.press("/")
    page.type("町の朝")
    moved(page, lambda: page.press("Enter"))
    assert page.value(TOLD) == "3 of 36 rows"
    page.value("document.querySelector('.list.data').focus()")
    page.press("End")
    page.press("ArrowUp")
    moved(page, lambda: page.press("Enter"))
    assert texts(page, "h1") == ["speech-2"] and texts(page, ".steps .num") == ["2 of 3"]
    moved(page, lambda: page.press("j"))
    moved(page, lambda: page.press("k"))
    moved(page, lambda: page.press("Escape"))
    assert page.value("location.hash").startswith("#/rows?show=all&q=")
    page.wait("document.activeElement.closest('.row')?.ariaRowIndex === '3'")
    moved(page, lambda: page.press("Escape"))
    assert texts(page, ".kicker") == ["Data"]


@pytest.mark.parametrize("width", [400, 1200])
def test_nothing_is_wider_than_the_window(page: Chromium, site: Site, pairs: Site, width: int) -> None:
    page.size(width, 800)
    for made in (site, pairs):
        for place in places(made):
            opened(page, made.folder, place)
            page.value(OPEN)
            assert page.value("innerWidth") == width
            assert page.value(WIDE) == "", place
            assert page.value("document.documentElement.scrollWidth") <= width, place


def test_dark_and_light_differ(page: Chromium, go: Go) -> None:
    papers = []
    for theme in ("light", "dark"):
        page.theme(theme)
        go("rows")
        papers.append(page.value("getComputedStyle(document.body).backgroundColor"))
    assert papers == ["rgb(252, 251, 248)", "rgb(25, 24, 22)"]


def test_of_a_long_list_only_what_is_seen_is_in_the_page(page: Chromium, site: Site, tmp_path: Path) -> None:
    shutil.copytree(site.folder, tmp_path / "site")
    key, found = read(site.folder / "data" / "columns.js")
    found |= {"rows": 100_000, "heads": [0]}
    write(tmp_path / "site" / "data", "h-0", [["id", "text"]] * 100_000)
    write(tmp_path / "site" / "data", key, found)
    opened(page, tmp_path / "site", "rows")
    rows = "document.querySelectorAll('.data .body .row').length"
    assert page.value(TOLD) == "100,000 rows" and 20 < page.value(rows) < 150


def test_what_is_not_there_is_said(page: Chromium, go: Go, site: Site, tmp_path: Path) -> None:
    for place in ("row/9999", "row/x", "cluster/99", "nowhere", "__proto__"):
        go(place)
        assert texts(page, "h1") == ["This cannot be shown"], place
    shutil.copytree(site.folder, tmp_path / "site")
    (tmp_path / "site" / "data" / "r-0.js").unlink()
    opened(page, tmp_path / "site", "row/0")
    assert "data/r-0.js is not there" in texts(page, "main")[0]
    opened(page, tmp_path / "site", "rows?q=station")
    assert "data/r-0.js is not there" in texts(page, "main")[0]
    page.said.clear()  # the browser tells of the missing file too
