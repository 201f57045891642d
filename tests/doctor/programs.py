"""Programs that stand in for those of a machine: a shell script each, in a folder that PATH names alone."""

from __future__ import annotations

from pathlib import Path


def program(folder: Path, name: str, says: str = "", code: int = 0, complains: str = "") -> Path:
    """An executable that prints `says`, complains on stderr, and ends with `code`."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n/bin/cat <<'END'\n{says}\nEND\necho '{complains}' >&2\nexit {code}\n")
    file.chmod(0o755)
    return file
