"""The studio as a reader sees it, in a real browser: hostile texts, narrow windows, the keyboard alone, live curves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from bench.chromium import PROGRAM, Chromium
from bench.studio import fill, records
from komainu.seal import seal_of
from tests.browser.test_view import WIDE
from tests.studio.stores import TUNED, hostile, metrics, training
from tests.studio.world import Client, served, studio_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed: apt-get install chromium fonts-noto-cjk"),
]
OPEN = "for (const each of document.querySelectorAll('details:not(.rest)')) each.open = true"
FOCUSED = """(() => { const e = document.activeElement, box = e.getBoundingClientRect();
  return [e.className.baseVal ?? e.className, e.textContent.trim().slice(0, 40), box.width > 0 && box.left >= 0,
    getComputedStyle(e).outlineStyle]; })()"""


class World(NamedTuple):
    client: Client
    board: str


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    store, ref = hostile(tmp_path_factory.mktemp("studio"), n=12)
    with served(studio_of(store.root)) as client:
        yield World(client, ref)


@pytest.fixture(scope="module")
def huge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    root = tmp_path_factory.mktemp("huge") / "store"
    fill(root, 5000)
    with served(studio_of(root)) as client:
        yield client


def paths(world: World) -> list[str]:
    board = f"/board/{world.board}"
    lists = ["/", "/?q=%3Cscript%3E", "/boards", board, f"{board}?by=3", f"{board}/2?show=models"]
    return [*lists, f"{board}/2/0?with=0,1,2", f"{board}/0/3", f"/artifact/{world.board}", f"/artifact/{TUNED}"]


def test_no_text_of_anyone_runs_and_the_browser_has_nothing_to_refuse(page: Chromium, world: World) -> None:
    for path in paths(world):
        page.open(world.client.url(path))
        page.value(OPEN)
        assert page.value("document.querySelectorAll('iframe, object, base, img, style, meta[http-equiv]').length") == 0
        assert page.said == [], path
    assert all(url.startswith(("about:", world.client.url("/"))) for url in page.asked) and len(page.asked) > 20


def test_nothing_is_wider_than_a_narrow_window(page: Chromium, world: World, huge: Client) -> None:
    page.size(400, 900)
    for url in [*map(world.client.url, paths(world)), huge.url("/"), huge.url("/nowhere")]:
        page.open(url)
        page.value(OPEN)
        assert page.value(WIDE.replace(".scroll", ".scroll, .tree, dd.said")) == "", url
        assert page.value("document.documentElement.scrollWidth") <= 400
    page.said.clear()  # that one page is not there is what was asked for


def test_dark_and_light_differ_and_text_can_be_read_in_both(page: Chromium, huge: Client) -> None:
    seen = []
    for theme in ("light", "dark"):
        page.theme(theme)
        page.open(huge.url("/"))
        seen.append(
            page.value("[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]")
        )
    assert seen == [["rgb(252, 251, 248)", "rgb(36, 34, 30)"], ["rgb(25, 24, 22)", "rgb(233, 229, 220)"]]


def test_the_keyboard_alone_reaches_everything_in_order_and_shows_where_it_is(page: Chromium, huge: Client) -> None:
    page.open(huge.url("/"))
    order = []
    for _ in range(12):
        page.press("Tab")
        kind, text, visible, outline = page.value(FOCUSED)
        assert visible and outline != "none", text
        order.append(kind or text)
    assert order[:4] == ["skip", "home", "Runs", "Boards"]
    assert "scroll" in order and order.index("English") < order.index("scroll")
    page.open(huge.url("/"))
    page.press("Tab")
    page.press("Enter")
    assert page.wait("document.activeElement.id") == "main"


def test_a_filter_is_used_by_keyboard(page: Chromium, huge: Client) -> None:
    page.open(huge.url("/"))
    page.value("document.querySelector('[name=q]').focus()")
    page.type("family,seed=104 ")
    page.press("Enter")
    page.wait("location.search.includes('q=') && document.readyState === 'complete'")
    assert page.value("document.querySelectorAll('tbody tr').length") == 1


def test_items_are_gone_through_by_keys(page: Chromium, world: World) -> None:
    page.open(world.client.url(f"/board/{world.board}/0"))
    first = page.value("document.querySelector('.about a').href")
    page.open(first)
    page.press("j")
    page.wait(f"location.href !== {first!r} && document.readyState === 'complete'")
    page.press("k")
    page.wait(f"location.href === {first!r} && document.readyState === 'complete'")
    page.press("Escape")
    page.wait("document.querySelectorAll('.about').length > 1")


def test_a_training_is_drawn_anew_while_it_goes_on_and_is_whole_without_a_script(
    page: Chromium, tmp_path: Path
) -> None:
    with training(tmp_path), served(studio_of(tmp_path)) as client:
        page.open(client.url(f"/artifact/{TUNED}"))
        page.value("window.kept = true")
        metrics(tmp_path, 8)
        page.wait("document.querySelector('.share').textContent.includes('8')")
        assert page.value("window.kept && document.querySelectorAll('polyline').length") == 4
        record = {**next(records(1)), "id": TUNED.partition("/")[2], "stage": "Tune"}
        (tmp_path / TUNED / "record.json").write_text(json.dumps({**record, "seal": seal_of(record)}))
        page.wait(
            "document.readyState === 'complete' && document.querySelector('.graph') !== null"
        )  # it has been built
        (tmp_path / TUNED / "record.json").unlink()
        page.call("Emulation.setScriptExecutionDisabled", value=True)
        try:
            page.call("Page.navigate", url=client.url("/"))
            page.wait("location.pathname === '/' && document.querySelector('progress')?.value === 8")
        finally:
            page.call("Emulation.setScriptExecutionDisabled", value=False)
