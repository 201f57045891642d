"""What all our pages share: their look, how their templates are filled in, and that they run nothing but themselves."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape

UNSEEN = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls
    "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"  # what turns the direction around or breaks a line
    "\u180e\u200b\u2060-\u2065\u206a-\u206f\ufeff\U000e0000-\U000e007f"  # what has no width; tags
    "\ud800-\udfff]"  # halves of a character
)
BASE = Path(__file__).with_name("base.css")  # colours in light and dark, type, marks of a drawing


def environment(package: str, folder: str) -> Environment:
    """The templates in a folder of a package, and the shared ones. HTML escapes everything; a name that is not given
    is an error."""
    return Environment(
        loader=ChoiceLoader([PackageLoader(package, folder), PackageLoader("komainu.pages", "shared")]),
        autoescape=select_autoescape(enabled_extensions=("html.jinja",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def policy(style: str, script: str, more: Mapping[str, str] = MappingProxyType({})) -> str:
    """A content security policy: this style and this script, nothing else, nothing from outside.

    `more` is what a directive says beside that.
    """
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script)]
    said = {"style-src": f"'sha256-{hashes[0]}'", "script-src": f"'sha256-{hashes[1]}'", "form-action": "'none'"}
    return directives(said | {name: f"{said.get(name, '')} {value}".strip() for name, value in more.items()})


def directives(said: Mapping[str, str]) -> str:
    """A content security policy under which nothing is allowed but what is said."""
    order = ("default-src", "style-src", "script-src", "base-uri", "form-action")
    every = {"default-src": "'none'", "base-uri": "'none'", **said}
    return "; ".join(f"{name} {every[name]}" for name in dict.fromkeys((*order, *every)))


def clean(text: str) -> str:
    """A text as a reader should see it: what could not be seen in it is shown as a sign. As `clean` of site/dom.js."""
    return UNSEEN.sub("\ufffd", text)
