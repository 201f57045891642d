"""The templates of the release wing: HTML escapes everything, Markdown what is marked `md`."""

from __future__ import annotations

import re
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from komainu.release.markdown import escape


def render(template: str, /, **values: Any) -> str:
    """A template of this package, filled in; a name the template knows and `values` lacks is an error."""
    environment = Environment(
        loader=PackageLoader("komainu.release", "templates"),
        autoescape=select_autoescape(enabled_extensions=("html.jinja",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"md": escape, "tight": tight}
    return environment.get_template(template).render(**values)


def tight(text: str) -> str:
    """Text whose lines do not break inside `95 %` and `p < 0.001`."""
    return re.sub(r" (?=%)|(?<=\bp) (?=[<\d])|(?<=p <) (?=\d)", "\u00a0", text)


def source(name: str) -> str:
    """A file of the templates folder as it is."""
    environment = Environment(loader=PackageLoader("komainu.release", "templates"), autoescape=True)
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]
