"""What stands in for a machine: programs, a shell script each, in the only folder of PATH; packages by version."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest


def program(folder: Path, name: str, says: str = "", code: int = 0, complains: str = "") -> Path:
    """An executable that prints `says`, complains on stderr, and ends with `code`."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n/bin/cat <<'END'\n{says}\nEND\necho '{complains}' >&2\nexit {code}\n")
    file.chmod(0o755)
    return file


def install(patch: pytest.MonkeyPatch, there: dict[str, str]) -> dict[str, str]:
    """These packages are installed, and no others; what is changed later holds."""

    def version(name: str) -> str:
        if name not in there:
            raise metadata.PackageNotFoundError(name)
        return there[name]

    patch.setattr(metadata, "version", version)
    return there
