"""The prompts of this wing: Jinja files beside the benches, hashed into the identity of what asks with them."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

ROOT = Path(__file__).parents[1]  # names of templates are paths under komainu/eval
_INCLUDED = re.compile(r"""\{%-?\s*(?:include|import|from|extends)\s+["']([^"']+)["']""")


def render(name: str, /, **values: Any) -> str:
    """A template filled in, without space at its ends; what it names and `values` lacks is an error.

    Values are text, never templates: braces in an answer stay braces.
    """
    return environment().get_template(name).render(**values).strip()


@cache
def environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(ROOT), autoescape=False, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )


@cache
def fingerprint(name: str) -> str:
    """Twelve hex digits of the SHA-256 over a template and all that it takes in, by their names."""
    total = hashlib.sha256()
    for each in sorted(parts(name)):
        total.update(f"{each}\0{hashlib.sha256((ROOT / each).read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()[:12]


def parts(name: str) -> set[str]:
    """A template and those that it takes in, whatever the depth."""
    found: set[str] = set()
    todo = [name]
    while todo:
        each = todo.pop()
        if each not in found:
            found.add(each)
            todo += _INCLUDED.findall((ROOT / each).read_text(encoding="utf-8"))
    return found
