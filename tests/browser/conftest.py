"""The `browser` mark: tests that need chromium (`pytest -m browser`), and the window they share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.chromium import Chromium, chromium


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs chromium; looks at pages as a reader does")


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser: Chromium) -> Iterator[Chromium]:
    """A wide, light window in which nothing has been said yet; at the end nothing must have been."""
    browser.size(1200, 900)
    browser.theme("light")
    for told in (browser.said, browser.asked, browser.dialogs):
        told.clear()
    yield browser
    assert browser.said == [] and browser.dialogs == []
