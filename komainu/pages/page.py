"""What all our pages share: their look, how their templates are filled in, and that they run nothing but themselves."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

BASE = Path(__file__).with_name("base.css")  # colours in light and dark, type, marks of a drawing


def environment(package: str, folder: str) -> Environment:
    """The templates in a folder of a package. HTML escapes everything; a name that is not given is an error."""
    return Environment(
        loader=PackageLoader(package, folder),
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
    said = {
        "default-src": "'none'",
        "style-src": f"'sha256-{hashes[0]}'",
        "script-src": f"'sha256-{hashes[1]}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    said |= {name: f"{said.get(name, '')} {value}".strip() for name, value in more.items()}
    return "; ".join(f"{name} {value}" for name, value in said.items())
