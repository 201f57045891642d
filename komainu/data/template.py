"""The prompts of this wing: Jinja files in `prompts/`, one a language, hashed into what asks with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from komainu import prompts

ROOT = Path(__file__).parent / "prompts"
Lang = Literal["ja", "en"]
LANGUAGES: tuple[Lang, ...] = ("ja", "en")


def render(name: str, lang: str, /, **values: Any) -> str:
    """The prompt `name` in a language, filled in."""
    return prompts.render(f"{name}.{lang}.jinja", (ROOT,), **values)


def fingerprint(name: str) -> str:
    """The hash of a prompt in all its languages. Raises UsageError where one is lacking."""
    return "-".join(prompts.fingerprint(f"{name}.{lang}.jinja", (ROOT,)) for lang in LANGUAGES)
