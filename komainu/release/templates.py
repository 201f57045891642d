"""The templates of the release wing: HTML escapes everything, Markdown what is marked `md`."""

from __future__ import annotations

import re
from typing import Any

from komainu.pages.page import BASE, environment
from komainu.release.markdown import escape


def tight(text: str) -> str:
    """Text whose lines do not break inside `95 %` and `p < 0.001`."""
    return re.sub(r" (?=%)|(?<=\bp) (?=[<\d])|(?<=p <) (?=\d)", "\u00a0", text)


TEMPLATES = environment("komainu.release", "templates")
TEMPLATES.filters |= {"md": escape, "tight": tight}


def render(template: str, /, **values: Any) -> str:
    """A template of this package, filled in; a name the template knows and `values` lacks is an error."""
    return TEMPLATES.get_template(template).render(**values)


def source(name: str) -> str:
    """A file of the templates folder as it is."""
    assert TEMPLATES.loader is not None
    return TEMPLATES.loader.get_source(TEMPLATES, name)[0]


def look() -> str:
    """The style sheet of a report."""
    return BASE.read_text(encoding="utf-8") + source("report.css")
