"""The prompts of this wing: Jinja files beside the benches, hashed into the identity of what asks with them."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from komainu.errors import UsageError

if TYPE_CHECKING:
    from jinja2 import Environment

ROOT = Path(__file__).parents[1]  # where templates are looked for that a bench's own folder has not
_INCLUDED = re.compile(r"""\{%-?\s*(?:include|import|from|extends)\s+["']([^"']+)["']""")


def render(name: str, /, folder: Path = ROOT, **values: Any) -> str:
    """A template of `folder` or of komainu/eval filled in, without space at its ends; what it names and `values` lacks
    is an error.

    Values are text, never templates: braces in an answer stay braces.
    """
    return environment(folder).get_template(name).render(**values).strip()


@cache
def environment(folder: Path) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader([folder, ROOT]),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def fingerprint(name: str, folder: Path = ROOT) -> str:
    """Twelve hex digits of the SHA-256 over a template and all that it takes in, by their names."""
    total = hashlib.sha256()
    for each, file in sorted(parts(name, folder).items()):
        total.update(f"{each}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()[:12]


def parts(name: str, folder: Path = ROOT) -> dict[str, Path]:
    """A template and those that it takes in, whatever the depth, by their names. Raises UsageError for one that is
    nowhere."""
    found: dict[str, Path] = {}
    todo = [name]
    while todo:
        each = todo.pop()
        if each not in found:
            file = folder / each if (folder / each).is_file() else ROOT / each
            if not file.is_file():
                raise UsageError(f"there is no prompt {each} in {folder}; a judged bench needs its Jinja file there")
            found[each] = file
            todo += _INCLUDED.findall(file.read_text(encoding="utf-8"))
    return found
