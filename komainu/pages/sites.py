"""A static site: one page that opens as a file, and its data as scripts that are loaded when they are looked at."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from markupsafe import Markup

from komainu.errors import UsageError
from komainu.files import whole
from komainu.pages.page import BASE, environment, policy

INDEX = "index.html"
SHARED = Path(__file__).parent / "site"
SCRIPTS = ("dom", "data", "list", "nav")  # that all sites share, in this order
# The page's script may load scripts, by one function that takes no path but one of data/; nothing is parsed as HTML.
LOADED = {"script-src": "'strict-dynamic'", "require-trusted-types-for": "'script'", "trusted-types": "data"}


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """A folder that takes the place of an older site at `out` when the block ends well.

    What an earlier, stopped attempt has left is removed first. Raises UsageError where something else stands.
    """
    if out.exists() and not (out / INDEX).exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is there and is no site of ours; name another folder with --out")
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    yield partial
    shutil.rmtree(out, ignore_errors=True)
    partial.rename(out)


def write_page(folder: Path, title: str, own: Path, scripts: Sequence[str], style: str) -> None:
    """Write index.html: the shared scripts and style, then the site's own files in `own`. It depends on no data."""
    css = BASE.read_text(encoding="utf-8") + (SHARED / "site.css").read_text(encoding="utf-8")
    css += (own / style).read_text(encoding="utf-8")
    files = [*(SHARED / f"{name}.js" for name in SCRIPTS), *(own / f"{name}.js" for name in scripts)]
    script = "".join(file.read_text(encoding="utf-8") for file in files)
    parts = {"style": Markup(css), "script": Markup(script), "policy": policy(css, script, LOADED)}
    page = environment("komainu.pages", "site").get_template("index.html.jinja").render(title=title, **parts)
    with whole(folder / INDEX) as handle:
        handle.write(page.encode())
