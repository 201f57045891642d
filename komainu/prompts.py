"""Prompts as Jinja files, hashed into the identity of what asks with them."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from komainu.errors import UsageError

if TYPE_CHECKING:
    from jinja2 import Environment

Folders = tuple[Path, ...]  # where templates are looked for, the first that has one
_INCLUDED = re.compile(r"""\{%-?\s*(?:include|import|from|extends)\s+["']([^"']+)["']""")


def render(name: str, folders: Folders, /, **values: Any) -> str:
    """A template filled in, without space at its ends; what it names and `values` lacks is an error.

    Values are text, never templates: braces in an answer stay braces.
    """
    return environment(folders).get_template(name).render(**values).strip()


@cache
def environment(folders: Folders) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def fingerprint(name: str, folders: Folders) -> str:
    """Twelve hex digits of the SHA-256 over a template and all that it takes in, by their names."""
    total = hashlib.sha256()
    for each, file in sorted(parts(name, folders).items()):
        total.update(f"{each}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()[:12]


def parts(name: str, folders: Folders) -> dict[str, Path]:
    """A template and those that it takes in, whatever the depth, by their names. Raises UsageError for one that is
    nowhere."""
    found: dict[str, Path] = {}
    todo = [name]
    while todo:
        each = todo.pop()
        if each not in found:
            there = [file for folder in folders if (file := folder / each).is_file()]
            if not there:
                raise UsageError(
                    f"there is no prompt {each} in {folders[0]}; what asks with it needs its Jinja file there"
                )
            found[each] = there[0]
            todo += _INCLUDED.findall(there[0].read_text(encoding="utf-8"))
    return found
