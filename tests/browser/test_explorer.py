"""The explorer as a reader sees it, in a real browser: hostile texts, a narrow window, the keyboard, in the dark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from bench.chromium import PROGRAM, Chromium
from komainu.pages.page import clean
from komainu.studio import rows
from komainu.studio.explored import Dataset
from tests.browser.test_view import OPEN, WIDE, texts
from tests.data.look_world import Site, built, built_pairs
from tests.eval.view_world import HOSTILE
from tests.studio.world import Client, served, studio_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed: apt-get install chromium fonts-noto-cjk"),
]
LOADED = "document.readyState === 'complete'"
# The contrast of a text with what is behind it, where that is lower than it may be (WCAG 2, AA).
PALE = """(() => {
  const light = (c) => c.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => { const c = getComputedStyle(e).backgroundColor;
    return c === "rgba(0, 0, 0, 0)" && e.parentElement ? behind(e.parentElement) : c; };
  const said = (e) => e.childNodes.length && e.innerText?.trim();
  return [...document.querySelectorAll("main *")].filter(said).filter((e) => {
    const [a, b] = [light(getComputedStyle(e).color), light(behind(e))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05) < 4.5;
  }).map((e) => e.className || e.tagName).join(" ");
})()"""


class World(NamedTuple):
    """Two studios: one of chats that went through steps, one of pairs."""

    site: Site
    client: Client
    pairs: Site
    other: Client

    def places(self) -> list[str]:
        """The address of every page."""
        ref, pairs = self.site.artifact.ref, self.pairs.artifact.ref
        some = [f"/rows/{ref}", f"/rows/{ref}?q=alert", f"/drops/{ref}", f"/clusters/{ref}", f"/clusters/{ref}/0"]
        some += [f"/rows/{ref}/{n}" for n in range(36)] + [f"/rows/{ref}/{n}/trace" for n in (1, 28)]
        return [*map(self.client.url, some), *(self.other.url(f"/rows/{pairs}/{n}") for n in range(0, len(HOSTILE), 5))]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    site, pairs = built(tmp_path_factory.mktemp("explorer")), built_pairs(tmp_path_factory.mktemp("pairs"))
    with served(studio_of(site.ctx.store.root)) as client, served(studio_of(pairs.ctx.store.root)) as other:
        yield World(site, client, pairs, other)


def test_no_text_of_anyone_runs_or_becomes_markup_or_leaves_a_narrow_window(page: Chromium, world: World) -> None:
    page.size(400, 900)
    for address in world.places():
        page.open(address)
        page.value(OPEN)
        assert page.value("document.querySelectorAll('img, iframe, object, base, style, main script').length") == 0
        links = page.value("[...document.querySelectorAll('a')].map((e) => e.getAttribute('href'))")
        assert all(link.startswith(("/", "#")) for link in links)
        assert page.value(
            "[...document.querySelectorAll('*')].every((e) => e.getAttributeNames().every((n) => !/^on/.test(n)))"
        )
        text = page.value("document.title + document.body.innerText")
        assert clean(text) == text and page.value(WIDE) == "", address
    here = (world.client.url("/"), world.other.url("/"))
    assert all(url.startswith((*here, "about:")) for url in page.asked) and len(page.asked) > 10


def test_texts_of_a_row_are_shown_to_the_letter(page: Chromium, world: World) -> None:
    for n, bad in [*enumerate(HOSTILE)][::4]:
        page.open(world.client.url(f"/rows/{world.site.artifact.ref}/{n}"))
        (row,) = (row for i, row in enumerate(world.site.artifact.rows()) if i == n)
        assert texts(page, "h1") == [clean(row.id)]
        assert texts(page, ".turns .said")[0] == clean(bad) and texts(page, ".turns mark") == ["station"]


def test_a_search_is_typed_and_its_hits_are_gone_through_with_the_keyboard_alone(page: Chromium, world: World) -> None:
    start = f"/rows/{world.site.artifact.ref}"
    page.open(world.client.url(start))
    while page.value("document.activeElement.name") != "q":
        page.call("Input.dispatchKeyEvent", type="keyDown", key="Tab", windowsVirtualKeyCode=9)
        assert page.value("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.type("町の朝を")
    page.press("Enter")
    page.wait("location.search.includes('q=') && document.readyState === 'complete'")
    assert texts(page, ".found mark") == ["町の朝を"] * 3
    page.value("document.querySelector('.found a').focus()")
    page.press("Enter")
    page.wait("/\\/27$/.test(location.pathname) && document.readyState === 'complete'")
    assert texts(page, "h1") == ["speech"]
    page.press("j")
    page.wait("/\\/32$/.test(location.pathname) && document.readyState === 'complete'")
    page.press("Escape")
    page.wait(f"location.pathname === {start!r} && document.readyState === 'complete'")
    assert page.value("new URLSearchParams(location.search).get('q')") == "町の朝を"
    assert texts(page, ".found mark") == ["町の朝を"] * 2  # from that row on


def test_hits_come_in_while_the_index_is_made_and_the_page_is_whole_when_it_is(
    page: Chromium, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "SEARCHING", 0)
    monkeypatch.setattr(rows, "COUNTING", 0)
    monkeypatch.setattr(Dataset, "indexed", lambda data: (1, 2))
    page.open(world.client.url(f"/rows/{world.site.artifact.ref}?q=number"))
    assert page.value("document.querySelectorAll('.found li').length") == 1
    assert page.value("document.querySelector('#indexing progress').position") == 0.5
    page.value("window.kept = true")
    monkeypatch.undo()
    monkeypatch.setattr(Dataset, "indexed", lambda data: (1, 2))
    page.wait("document.querySelectorAll('.found li').length > 20 && window.kept")
    monkeypatch.undo()
    page.wait(f"!window.kept && {LOADED} && document.querySelector('#indexing') === null")


def test_texts_beside_each_other_stand_side_by_side_where_there_is_room(page: Chromium, world: World) -> None:
    page.open(world.client.url(f"/clusters/{world.site.artifact.ref}/0"))
    lefts = "[...document.querySelectorAll('.answers')].map((e) => e.children[1].getBoundingClientRect().left)"
    assert min(page.value(lefts)) > 500
    page.size(400, 900)
    assert max(page.value(lefts)) < 40


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_text_can_be_read_in_light_and_in_dark(page: Chromium, world: World, theme: str) -> None:
    page.theme(theme)
    for address in [*world.places()[:5], *world.places()[30:42]]:
        page.open(address)
        assert page.value(PALE) == "", address


def test_marks_that_pile_up_stay_in_the_text_they_belong_to(page: Chromium, world: World) -> None:
    free = """(() => { const found = [], walk = document.createTreeWalker(document.querySelector("main"), 4);
      while (walk.nextNode()) if (/\u0300{50}/.test(walk.currentNode.data)) found.push(walk.currentNode.parentElement);
      const holds = (e) => getComputedStyle(e).contain === "paint" || e.tagName === "OPTION";
      const held = (e) => e && (holds(e) || held(e.parentElement));
      return [found.length, found.filter((e) => !held(e)).length]; })()"""
    ref, n = world.site.artifact.ref, next(n for n, bad in enumerate(HOSTILE) if "\u0300" * 50 in bad)
    for address in (f"/rows/{ref}", f"/rows/{ref}/{n}", f"/rows/{ref}/{n}/trace"):
        page.open(world.client.url(address))
        found, loose = page.value(free)
        assert found > 1 and loose == 0, address
