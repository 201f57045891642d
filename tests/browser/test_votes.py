"""Blind votes with the keyboard alone, in a real browser, on hostile answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from bench.chromium import PROGRAM, Chromium
from tests.browser.test_view import WIDE
from tests.studio.stores import hostile
from tests.studio.world import Client, served, studio_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed: apt-get install chromium fonts-noto-cjk"),
]
PAIR = "document.querySelector('[name=pair]')?.value ?? ''"


class World(NamedTuple):
    client: Client
    page: str
    votes: Path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    store, ref = hostile(tmp_path / "store", n=24)
    votes = tmp_path / "votes.jsonl"
    with served(studio_of(store.root, write=True, votes=votes)) as client:
        yield World(client, client.url(f"/vote/{ref}/2?a=0&b=1"), votes)


def pressed(page: Chromium, key: str) -> None:
    """Press a key, and wait for the page it leads to."""
    before = page.value(PAIR)
    page.press(key)
    page.wait(f"document.readyState === 'complete' && ({PAIR}) !== {json.dumps(before)}")


def kept(world: World) -> list[str]:
    lines = world.votes.read_bytes().split(b"\n")[:-1]
    return [json.loads(line)["winner"] for line in lines]


def test_one_key_is_a_vote_and_leads_to_the_next_pair(page: Chromium, world: World) -> None:
    page.open(world.page)
    assert page.value("document.querySelectorAll('.choices kbd').length") == 5
    first = page.value(PAIR)
    pressed(page, "n")
    assert not world.votes.exists()
    for key in "lrtb":
        pressed(page, key)
    assert kept(world) == ["first", "second", "tie", "bad"]
    page.press("x")
    page.open(world.page)
    assert page.value(PAIR) == first and page.value("document.querySelector('progress').value") == 4
    while page.value(PAIR):
        pressed(page, "l")
    total = page.value("document.querySelector('progress').max")
    assert len(kept(world)) == total > 8 and "has a vote" in page.value("document.body.innerText")
    assert page.value("document.querySelectorAll('iframe, object, base, img, style, meta[http-equiv]').length") == 0


def test_buttons_vote_too_and_the_page_fits_a_narrow_window(page: Chromium, world: World) -> None:
    page.size(400, 900)
    page.open(world.page)
    assert page.value(WIDE) == "" and page.value("document.documentElement.scrollWidth") <= 400
    before = page.value(PAIR)
    page.value("document.querySelector('[value=r]').focus()")
    page.press("Enter")
    page.wait(f"document.readyState === 'complete' && ({PAIR}) !== {json.dumps(before)}")
    assert kept(world) == ["second"]
