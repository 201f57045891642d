from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from komainu.pages.page import policy
from komainu.release.templates import look, source
from tests.release.world import Family, build, context

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium fonts-noto-cjk"),
]
MEASURE = """
for (const d of document.querySelectorAll("details")) d.open = true;
const wide = [...document.body.querySelectorAll("*")].filter((e) => !e.closest(".scroll, .tree, svg, .skip") &&
  e.getBoundingClientRect().right > innerWidth + 1);
document.documentElement.dataset.window = innerWidth;
document.documentElement.dataset.wide = wide.map((e) => e.className || e.tagName).join(" ");
document.documentElement.dataset.paper = getComputedStyle(document.body).backgroundColor;
document.documentElement.dataset.lines = [...document.querySelectorAll("polyline")].filter(
  (e) => e.getBoundingClientRect().width > 100).length;
"""


@pytest.fixture(scope="module")
def html(tmp_path_factory: pytest.TempPathFactory) -> str:
    long = {"SFT": "a" * 400, "base": "寿限無寿限無五劫の擦り切れ" * 60}
    ctx = context(tmp_path_factory.mktemp("family"), long)
    return (build(Family(n=20).report(), ctx) / "report.html").read_text(encoding="utf-8")


def chromium(folder: Path, html: str, *options: str) -> tuple[str, str]:
    """The page after it has loaded, and what the browser said."""
    file = folder / "report.html"
    file.write_text(html, encoding="utf-8")
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--enable-logging=stderr",
        f"--user-data-dir={folder / 'u'}",
    ]
    command = [str(CHROMIUM), *flags, *options, "--dump-dom", file.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, env={**os.environ, "HOME": str(folder)})
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def measured(folder: Path, html: str, *options: str) -> dict[str, str]:
    """What a script that stands in for the page's own measures."""
    style, script = look(), source("report.js")
    changed = html.replace(script, MEASURE)
    for old, new in zip(policy(style, script).split(";"), policy(style, MEASURE).split(";"), strict=True):
        changed = changed.replace(old.strip().replace("'", "&#39;"), new.strip().replace("'", "&#39;"))
    dom, _ = chromium(folder, changed, *options)
    return dict(re.findall(r'data-(\w+)="([^"]*)"', dom.split("<head>")[0]))


def test_the_browser_has_nothing_to_refuse(html: str, tmp_path: Path) -> None:
    _, said = chromium(tmp_path, html)
    assert "Content Security Policy" not in said and "CONSOLE" not in said


@pytest.mark.parametrize("width", [400, 1200])
def test_nothing_is_wider_than_the_window(html: str, tmp_path: Path, width: int) -> None:
    found = measured(tmp_path, html, f"--window-size={width},900")
    assert found["wide"] == "" and int(found["lines"]) > 0
    assert int(found["window"]) <= max(width, 500)


def test_dark_and_light_differ(html: str, tmp_path: Path) -> None:
    themes = [measured(tmp_path, html, f"--blink-settings=preferredColorScheme={n}")["paper"] for n in (0, 1)]
    assert themes == ["rgb(25, 24, 22)", "rgb(252, 251, 248)"]
