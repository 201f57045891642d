"""The site as a reader sees it, in a real browser, opened as a file; every text in it is hostile."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bench.chromium import PROGRAM, Chromium
from komainu.pages import scripts
from komainu.pages.scripts import read, write
from tests.eval.view_world import HOSTILE, HUGE, JUDGES, NAMES, Asked, built

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed: apt-get install chromium fonts-noto-cjk"),
]
MARKS = 2  # the number of the judged column
OPEN = "for (const each of document.querySelectorAll('details')) each.open = true"
LINKS = "[...document.querySelectorAll('.items .body a')]"
WIDE = """[...document.body.querySelectorAll("*")].filter((e) => !e.closest(".scroll, .list, svg, .skip") &&
  e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.className || e.tagName).join(" ")"""
Go = Callable[[str], None]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("view"), title=" ".join(("hostile", *HOSTILE[1::22], "\u202e \ud800")))[0]


@pytest.fixture
def go(page: Chromium, site: Path) -> Go:
    """Open a place of the site anew."""
    return lambda place: opened(page, site, place)


def opened(page: Chromium, site: Path, place: str) -> None:
    page.open(f"{(site / 'index.html').as_uri()}#/{place}", "document.documentElement?.dataset.shown")


def moved(page: Chromium, act: Callable[[], object]) -> None:
    """Do something that leads to another page, and wait for it."""
    before = page.value("document.documentElement.dataset.shown")
    act()
    page.wait(f"document.documentElement.dataset.shown !== '{before}'")


def texts(page: Chromium, selector: str) -> list[str]:
    found: list[str] = page.value(f"[...document.querySelectorAll({json.dumps(selector)})].map((e) => e.textContent)")
    return found


def table(site: Path, column: int) -> dict[str, Any]:
    found: dict[str, Any] = read(site / "data" / "s0" / f"c{column}.js")[1]
    return found


def seen(text: str) -> str:
    """A text as the page shows it."""
    controls, turns = "\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f", "\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f"
    return re.sub(f"[{controls}{turns}\u180e\u200b\ufeff\U000e0000-\U000e007f\ud800-\udfff]", "\ufffd", text)


def test_no_text_of_anyone_runs_or_becomes_markup(page: Chromium, go: Go, site: Path) -> None:
    columns = len([c for c in read(site / "data" / "board.js")[1]["columns"] if "bench" in c])
    places = ["", *(f"?by={c}" for c in range(columns + 3)), *(f"bench/{c}" for c in range(columns))]
    places += [f"item/{c}/{n}?with=0,1,2" for c in (1, MARKS, 4) for n in range(24)]
    go("")
    for place in places:
        if place:
            moved(page, partial(page.value, f"location.hash = '#/{place}'"))
        page.value(OPEN)
        assert page.value("document.querySelectorAll('script, img, iframe, object, base, link').length") == 1
        assert page.value("document.querySelectorAll('meta, style').length") == 6
        links = page.value("[...document.querySelectorAll('a')].map((e) => e.getAttribute('href'))")
        assert all(link.startswith("#") for link in links)
        assert page.value(
            "[...document.querySelectorAll('*')].every((e) => e.getAttributeNames().every((n) => !n.startsWith('on')))"
        )
    inside = site.as_uri() + "/"
    assert all(url.startswith(inside) for url in page.asked) and len(page.asked) > 10


def test_every_text_is_shown_to_the_letter(page: Chromium, go: Go) -> None:
    chats = [chat for chat in Asked().rows() if chat.meta["lang"] == "ja"]
    for n, chat in enumerate(chats):
        go(f"item/{MARKS}/{n}?with=0,1")
        assert texts(page, "h1") == [seen(chat.id)]
        bad = seen(chat.meta["rubric"])
        shown = texts(page, ".question .said")
        assert shown[:4] == [bad, seen(chat.messages[1].content), seen(chat.meta["references"][0]), bad]
        assert texts(page, ".entry h2")[1].startswith(seen(NAMES[1]))
        reasons = texts(page, ".verdict .said")
        assert len(reasons) >= 4 or n == 2, reasons
    go(f"item/{MARKS}/0?with=0")
    assert any(seen(JUDGES[0].name) in text for text in texts(page, ".verdict .role"))


def test_marks_that_turn_text_around_and_controls_are_never_in_the_page(page: Chromium, go: Go) -> None:
    for place in ("", f"bench/{MARKS}", f"item/{MARKS}/7?with=0,1,2", f"item/{MARKS}/3?with=0,1,2"):
        go(place)
        page.value(OPEN)
        text = page.value("document.title + document.body.innerText")
        assert seen(text) == text


def test_leaks_are_marked_and_nothing_else_is(page: Chromium, go: Go) -> None:
    go(f"item/{MARKS}/0?with=0")
    assert texts(page, "mark") == ["station"] and page.value("document.querySelector('mark').title") == "leak: latin"
    go(f"item/{MARKS}/2?with=0")
    assert texts(page, "mark") == [] and texts(page, ".entry .empty") == ["no text"]


def test_a_huge_answer_is_cut_and_can_be_seen_whole(page: Chromium, go: Go) -> None:
    go(f"item/{MARKS}/3?with=0")
    assert 2500 <= len(texts(page, ".entry > .said")[0]) < 2600
    page.value("document.querySelector('.entry .rest').click()")
    assert texts(page, ".entry > .said") == [HUGE]


def test_items_on_which_b_is_worse_come_first_and_alone(page: Chromium, go: Go, site: Path) -> None:
    values = dict(table(site, MARKS)["rows"])
    gaps = [
        (b - a, n) for n, (a, b) in enumerate(zip(values[0], values[2], strict=True)) if a is not None and b is not None
    ]
    wanted = [n for gap, n in sorted(gaps) if gap < 0]
    go(f"bench/{MARKS}?a=0&b=2&show=worse")
    hrefs = page.value(f"{LINKS}.map((e) => e.getAttribute('href'))")
    assert [int(re.match(r"#/item/\d+/(\d+)", href)[1]) for href in hrefs] == wanted  # type: ignore[index]
    assert len(wanted) > 2 and texts(page, ".items .drawn .number")[0].startswith("−")


def test_items_on_which_judges_disagree_are_sorted_by_how_much(page: Chromium, go: Go, site: Path) -> None:
    spread = [max((row[n] or 0) for _, row in table(site, MARKS)["spread"]) for n in range(24)]
    go(f"bench/{MARKS}?show=judges")
    rows = "[...document.querySelectorAll('.items .body .row')]"
    far = page.value(f"{rows}.map((e) => parseFloat(e.querySelector('.far').textContent))")
    assert far == sorted((gap for gap in spread if gap), reverse=True) and len(set(far)) > 2


def test_a_search_finds_questions_at_once_and_answers_when_asked(page: Chromium, go: Go) -> None:
    go(f"bench/{MARKS}")
    search = "document.querySelector('.search input')"
    page.value(f"{search}.focus()")
    page.type("ＮＵＭＢＥＲ 36")
    page.wait(f"{LINKS}.length === 1")
    page.value(f"{search}.value = ''; {search}.dispatchEvent(new Event('input'))")
    page.wait(f"{LINKS}.length === 24")
    page.type("駅はstation")
    page.wait(f"{LINKS}.length === 0")
    page.value("document.querySelector('.tick-box input').click()")
    page.wait(f"{LINKS}.length > 20 && document.querySelector('[role=status]').textContent.includes('of 24 items')")
    assert page.value(f"{LINKS}.length") == 22  # all but the empty and the huge answer


def test_all_of_it_can_be_done_with_the_keyboard(page: Chromium, go: Go) -> None:
    go(f"bench/{MARKS}")
    page.press("/")
    assert page.value("document.activeElement.type") == "search"
    page.press("Escape")
    page.value("document.querySelector('.list.items').focus()")
    page.press("ArrowDown")
    page.press("ArrowDown")
    page.press("End")
    page.press("ArrowUp")
    assert page.value("document.activeElement.closest('.row').ariaRowIndex") == "24"
    moved(page, lambda: page.press("Enter"))
    assert page.value("location.hash").startswith(f"#/item/{MARKS}/22")
    moved(page, lambda: page.press("k"))
    assert page.value("location.hash").startswith(f"#/item/{MARKS}/21")
    moved(page, lambda: page.press("j"))
    moved(page, lambda: page.press("Escape"))
    assert page.value("location.hash").startswith(f"#/bench/{MARKS}")
    page.wait("document.activeElement.closest('.row')?.ariaRowIndex === '24'")


@pytest.mark.parametrize("width", [400, 1200])
def test_nothing_is_wider_than_the_window(page: Chromium, go: Go, width: int) -> None:
    page.size(width, 800)
    for place in (
        "",
        f"?by={MARKS}",
        f"bench/{MARKS}",
        "bench/1",
        *(f"item/{MARKS}/{n}?with=0,1,2" for n in range(24)),
    ):
        go(place)
        page.value(OPEN)
        assert page.value("innerWidth") == width
        assert page.value(WIDE) == "", place
        assert page.value("document.documentElement.scrollWidth") <= width


def test_dark_and_light_differ(page: Chromium, go: Go) -> None:
    papers = []
    for theme in ("light", "dark"):
        page.theme(theme)
        go("")
        papers.append(page.value("getComputedStyle(document.body).backgroundColor"))
    assert papers == ["rgb(252, 251, 248)", "rgb(25, 24, 22)"]


def test_a_number_is_drawn_with_its_interval_and_said_in_words(page: Chromium, go: Go, site: Path) -> None:
    column = read(site / "data" / "board.js")[1]["columns"][MARKS]
    go(f"?by={MARKS}&order=board")
    mean, low, high = column["cells"][0][:3]
    assert texts(page, ".standings .body .value")[0] == f"{mean:.2f} [{low:.2f}, {high:.2f}]"
    ticks = "[...document.querySelectorAll('.standings .tick')]"
    axis = f"{ticks}.map((e) => [parseFloat(e.getAttribute('x')), +e.textContent])"
    (left, least), *_, (right, most) = page.value(axis)
    drawn = page.value(
        "[...['x1', 'x2'].map((n) => document.querySelector('.standings .reach').getAttribute(n)), "
        "document.querySelector('.standings .mark').getAttribute('cx')].map(parseFloat)"
    )
    wanted = [left + (right - left) * (value - least) / (most - least) for value in (low, high, mean)]
    assert drawn == pytest.approx(wanted, abs=0.01)
    go("")
    assert (
        texts(page, ".standings .body .value b") == ["withheld"] * 3
        and page.value("document.querySelectorAll('.bounds').length") == 3
    )


def test_of_a_long_list_only_what_is_seen_is_in_the_page(page: Chromium, site: Path, tmp_path: Path) -> None:
    shutil.copytree(site, tmp_path / "site")
    key, found = read(site / "data" / "board.js")
    found["entries"] = [f"model {i}" for i in range(5000)]
    for column in found["columns"]:
        column["cells"] = [[i / 50, i / 50 - 1, i / 50 + 1, 100, 0] for i in range(5000)]
    write(tmp_path / "site" / "data", key, found)
    opened(page, tmp_path / "site", "?by=7")
    rows = "document.querySelectorAll('.standings .body .row').length"
    assert 20 < page.value(rows) < 150
    page.value("document.querySelector('.standings').focus()")
    page.press("End")
    page.wait("[...document.querySelectorAll('.standings .name')].some((e) => e.textContent === 'model 0')")
    assert page.value(rows) < 150


def test_what_is_not_there_is_said(page: Chromium, go: Go, site: Path, tmp_path: Path) -> None:
    for place in ("bench/99", "bench/x", f"item/{MARKS}/9999", "item/99/0", "nowhere"):
        go(place)
        assert texts(page, "h1") and (place == "nowhere" or "cannot be shown" in texts(page, "h1")[0]), place
    shutil.copytree(site, tmp_path / "site")
    (tmp_path / "site" / "data" / "s0" / "q-0.js").unlink()
    opened(page, tmp_path / "site", f"item/{MARKS}/0")
    assert "data/s0/q-0.js is not there" in texts(page, "main")[0]
    page.said.clear()  # the browser tells of the missing file too


def test_the_browser_refuses_what_the_page_does_not_do(page: Chromium, go: Go) -> None:
    go("")
    for attempt in (
        "document.body.innerHTML = '<b>x</b>'",
        "document.createElement('script').src = 'https://evil.example/x.js'",
    ):
        assert page.value(f"(() => {{ try {{ {attempt} }} catch (error) {{ return error.name }} }})()") == "TypeError"
    assert (
        page.value("(() => { try { trusted.createScriptURL('../x.js') } catch (error) { return error.message } })()")
        == "no data at ../x.js"
    )
    page.said.clear()


def test_scripts_hand_over_what_was_written(page: Chromium, tmp_path: Path, site: Path) -> None:
    shutil.copytree(site, tmp_path / "site")
    wild = [*HOSTILE, "".join(map(chr, range(0x3000))), "\ud800 \udfff", "\U0001f468\u200d\U0001f469"]
    write(tmp_path / "site" / "data", "wild", wild)
    opened(page, tmp_path / "site", "")
    page.value("load('wild').then((found) => { globalThis.found = found; })")
    units = page.value("found.map((text) => [...Array(text.length).keys()].map((i) => text.charCodeAt(i)))")
    assert units == [memoryview(text.encode("utf-16-le", "surrogatepass")).cast("H").tolist() for text in wild]
    assert scripts.SIZE > 0


def test_the_numbers_of_the_filters_follow_the_chosen_models(page: Chromium, go: Go, site: Path) -> None:
    values = dict(table(site, MARKS)["rows"])
    go(f"bench/{MARKS}?a=0&b=1")
    filters = "[...document.querySelectorAll('.controls select')].at(-1)"
    for a, b in ((0, 1), (1, 2), (2, 0)):
        for which, entry in enumerate((a, b)):
            box = f"document.querySelectorAll('.controls select')[{which}]"
            page.value(f"{box}.value = '{entry}'; {box}.dispatchEvent(new Event('change'))")
        pairs = [each for each in zip(values[a], values[b], strict=True) if None not in each]
        told = page.value(f"[...{filters}.options].map((e) => e.textContent)")
        assert f"B worse than A ({sum(y < x for x, y in pairs)})" in told, told
        assert f"B better than A ({sum(y > x for x, y in pairs)})" in told


def test_models_that_were_added_stay_from_item_to_item(page: Chromium, go: Go) -> None:
    go(f"item/{MARKS}/0?a=0&b=1&with=0,1&show=models")
    add = "document.querySelector('.controls select')"
    moved(page, lambda: page.value(f"{add}.value = '2'; {add}.dispatchEvent(new Event('change'))"))
    assert len(texts(page, ".entry h2")) == 3
    moved(page, lambda: page.press("j"))
    assert len(texts(page, ".entry h2")) == 3
    moved(page, lambda: page.value("document.querySelector('.chosen a').click()"))
    assert [seen(NAMES[1]) in text for text in texts(page, ".entry h2")] == [True, False]
    moved(page, lambda: page.press("k"))
    assert len(texts(page, ".entry h2")) == 2


def test_a_page_that_comes_late_is_not_drawn_over_a_later_one(page: Chromium, go: Go) -> None:
    go("")
    late = page.value(
        f"(async () => {{ const real = load; let go; const held = new Promise((done) => {{ go = done; }}); "
        f"Items.known.clear(); load = (key) => held.then(() => real(key)); location.hash = '#/bench/{MARKS}'; "
        "await new Promise((done) => setTimeout(done, 50)); load = real; location.hash = '#/?order=name'; "
        "await new Promise((done) => setTimeout(done, 50)); go(); await new Promise((done) => setTimeout(done, 200)); "
        "return document.querySelector('.kicker').textContent; })()"
    )
    assert late == "Evaluation"
