"""The prompts of this wing: Jinja files beside the benches, or else in komainu/eval."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from komainu import prompts

ROOT = Path(__file__).parents[1]  # where templates are looked for that a bench's own folder has not


def render(name: str, /, folder: Path = ROOT, **values: Any) -> str:
    return prompts.render(name, (folder, ROOT), **values)


def fingerprint(name: str, folder: Path = ROOT) -> str:
    return prompts.fingerprint(name, (folder, ROOT))


def parts(name: str, folder: Path = ROOT) -> dict[str, Path]:
    return prompts.parts(name, (folder, ROOT))
